import { memoizeByName } from '../memo.ts';
import { VERBS, type Verb, type VerbForms } from '../verbs.ts';
import { type EntryFields, UNKNOWN } from './entry.ts';

/** The parts of a call that its sentence names. */
export type CallSubject = {
  readonly agent: string;
  readonly tool: { readonly name: string };
  readonly ids: Readonly<Record<string, string>>;
  readonly environment: string;
};

/** `done` succeeded, `asked` was requested by the agent, `tried` was sent without success. */
export type Form = 'done' | 'asked' | 'tried';

type DecisionFields = Extract<EntryFields, { kind: 'decision' }>;
type OutcomeFields = Extract<EntryFields, { kind: 'outcome' }>;

/** Arguments that a sentence leaves out: cursors, and IDs of systems other than WorkOS. */
const NOT_MENTIONED: ReadonlySet<string> = new Set(['before', 'after', 'external_id', 'idp_id']);

/** Number of related objects that a sentence names. */
const MAX_MENTIONED = 2;

/** "support-bot read user user_01E4ZCR3C56J083X43JQXF3JK5 in staging". */
export function toSentence({ agent, tool, ids, environment }: CallSubject, form: Form): string {
  const { name } = tool;
  const { verb, noun, any } = partsOf(name);
  const where = environment === 'sandbox' ? 'in the sandbox' : `in ${environment}`;
  const say = (what: VerbForms) => (form === 'done' ? what.done : `${form} to ${what.do}`);
  if (verb === undefined) {
    const called = name === UNKNOWN ? 'a tool that does not exist' : name;
    return `${agent} ${say({ do: 'call', done: 'called' })} ${called} ${where}`;
  }

  const named = Object.entries(ids).filter(([argument]) => !NOT_MENTIONED.has(argument));
  const isOwn = ([argument]: readonly [string, string]) => verb.on === true && toKind(argument) === noun;
  const own = named.find(isOwn)?.[1];
  const others = named
    .filter((pair) => !isOwn(pair))
    .slice(0, MAX_MENTIONED)
    .map(([argument, id]) => `${toKind(argument)} ${id}`);
  const object = own === undefined ? any : `${noun} ${own}`;
  const related = others.length === 0 ? [] : [`${verb.many ? 'of' : 'for'} ${others.join(' and ')}`];
  return [agent, say(verb), object, ...related, where].join(' ');
}

/** The sentence of a decision: what the agent asked for and, unless it is allowed, the rule. */
export function decisionSentence(
  call: CallSubject,
  { decision, rule }: Pick<DecisionFields, 'decision' | 'rule'>,
): string {
  const sentence = toSentence(call, 'asked');
  if (decision === 'allowed') return sentence;
  return `${sentence}: ${decision === 'refused' ? 'refused' : 'needs confirmation'}${rule === '' ? '' : `, ${rule}`}`;
}

/** The sentence of an outcome. Only a successful call is described as done. */
export function outcomeSentence(
  call: CallSubject,
  { outcome, status, rule }: Pick<OutcomeFields, 'outcome' | 'status' | 'rule'>,
): string {
  switch (outcome) {
    case 'ok':
      return toSentence(call, 'done');
    case 'error':
      return `${toSentence(call, 'tried')}: ${status === undefined ? 'failed' : `WorkOS answered ${status}`}`;
    case 'unknown':
      return `${toSentence(call, 'tried')}: outcome unknown`;
    case 'cancelled':
      return `${toSentence(call, 'asked')}: cancelled`;
    case 'asked':
      return `${toSentence(call, 'asked')}: confirmation requested`;
    case 'not sent':
      return `${toSentence(call, 'asked')}: not sent${rule === undefined ? '' : `, ${rule}`}`;
    case 'dry run':
      return `${toSentence(call, 'asked')}: dry run, nothing sent`;
  }
}

/** Turns a name into English words: `sso_authorization_url` into "SSO authorization URL". */
const toWords = (name: string): string =>
  name
    .replaceAll('_', ' ')
    .replace(/\bmagic auth\b/, 'Magic Auth code')
    .replace(/\bauth\b/, 'authentication')
    .replace(/\b(api|idp|it|jwt|mfa|sso|totp|uri|url)\b/g, (word) => word.toUpperCase());

/** A record may name tools of another version, with verbs that this one does not know. */
const isVerb = (word: string): word is Verb => Object.hasOwn(VERBS, word);

/** The verb and the object in a tool's name. */
const partsOf = memoizeByName((name) => {
  const [first = '', ...rest] = name.split('_');
  const verb: VerbForms | undefined = isVerb(first) && rest.length > 0 ? VERBS[first] : undefined;
  // The verb has it already: wait_for_events.
  const noun = toWords((rest[0] === 'for' ? rest.slice(1) : rest).join('_'));
  return { verb, noun, any: verb?.many ? noun : withArticle(noun) };
});

/** The kind of object that an argument names: "organization" for `organization_id` and `organization`. */
const toKind = memoizeByName((argument) => toWords(argument.replace(/_id$/, '')));

/** Chooses the article by sound: a user, a URL, an event, an SSO profile. */
function withArticle(noun: string): string {
  const vowel = /^[A-Z]{2}/.test(noun) ? /^[AEFHILMNORSX]/ : /^(?!u(?:ser|ni))[aeiou]/;
  return `${vowel.test(noun) ? 'an' : 'a'} ${noun}`;
}
