import { byName } from '../memo.ts';
import { type Fields, UNKNOWN } from './entry.ts';

/** A call as a sentence tells it. */
export type Told = {
  readonly agent: string;
  readonly tool: { readonly name: string };
  readonly ids: Readonly<Record<string, string>>;
  readonly environment: string;
};

/** It was done; somebody asked for it; it was tried, without the success that "done" would claim. */
export type Form = 'done' | 'asked' | 'tried';

type Decision = Extract<Fields, { kind: 'decision' }>;
type Outcome = Extract<Fields, { kind: 'outcome' }>;

type Verb = {
  readonly do: string;
  readonly done: string;
  /** It works on an object that exists, which an argument names. */
  readonly on?: true;
};

/** By the first word of a tool's name. */
const VERBS: Readonly<Record<string, Verb>> = {
  get: { do: 'read', done: 'read', on: true },
  list: { do: 'list', done: 'listed' },
  create: { do: 'create', done: 'created' },
  update: { do: 'update', done: 'updated', on: true },
  delete: { do: 'delete', done: 'deleted', on: true },
  // What WorkOS finds is in its answer, which is content.
  verify: { do: 'check', done: 'checked', on: true },
  enroll: { do: 'enroll', done: 'enrolled' },
  challenge: { do: 'challenge', done: 'challenged', on: true },
  authenticate: { do: 'sign in', done: 'signed in' },
};

/** Arguments whose IDs say where a page begins, or belong to somebody else's system: no part of what was done. */
const ASIDE: ReadonlySet<string> = new Set(['before', 'after', 'external_id', 'idp_id']);

/** Objects that a sentence names beside its own. */
const MENTIONS = 2;

/** "support-bot read user user_01E4ZCR3C56J083X43JQXF3JK5 in staging". */
export function toSentence({ agent, tool, ids, environment }: Told, form: Form): string {
  const { name } = tool;
  const { verb, noun, any, isList } = partsOf(name);
  const where = environment === 'sandbox' ? 'in the sandbox' : `in ${environment}`;
  const say = (what: Verb) => (form === 'done' ? what.done : `${form} to ${what.do}`);
  if (verb === undefined) {
    const called = name === UNKNOWN ? 'a tool that does not exist' : name;
    return `${agent} ${say({ do: 'call', done: 'called' })} ${called} ${where}`;
  }

  const named = Object.entries(ids).filter(([argument]) => !ASIDE.has(argument));
  const isOwn = ([argument]: readonly [string, string]) => verb.on === true && toKind(argument) === noun;
  const own = named.find(isOwn)?.[1];
  const others = named
    .filter((pair) => !isOwn(pair))
    .slice(0, MENTIONS)
    .map(([argument, id]) => `${toKind(argument)} ${id}`);
  const object = own === undefined ? any : `${noun} ${own}`;
  const beside = others.length === 0 ? [] : [`${isList ? 'of' : 'for'} ${others.join(' and ')}`];
  return [agent, say(verb), object, ...beside, where].join(' ');
}

/** The sentence of a decision: what was asked for and, where it is not simply done, why. */
export function decisionSentence(call: Told, { decision, rule }: Pick<Decision, 'decision' | 'rule'>): string {
  const sentence = toSentence(call, 'asked');
  if (decision === 'allowed') return sentence;
  return `${sentence}: ${decision === 'refused' ? 'refused' : 'needs confirmation'}${rule === '' ? '' : `, ${rule}`}`;
}

/** The sentence of an outcome. Only what succeeded is told as done. */
export function outcomeSentence(
  call: Told,
  { outcome, status, rule }: Pick<Outcome, 'outcome' | 'status' | 'rule'>,
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

/** Words of a name as they are written elsewhere: `sso_authorization_url` as "SSO authorization URL". */
const toWords = (name: string): string =>
  name
    .replaceAll('_', ' ')
    .replace(/\bmagic auth\b/, 'Magic Auth code')
    .replace(/\bauth\b/, 'authentication')
    .replace(/\b(sso|url|mfa)\b/g, (word) => word.toUpperCase());

/** What a tool's name says that it does, and to what. */
const partsOf = byName((name) => {
  const [first = '', ...rest] = name.split('_');
  const verb = Object.hasOwn(VERBS, first) && rest.length > 0 ? VERBS[first] : undefined;
  const noun = toWords(rest.join('_'));
  const isList = first === 'list';
  return { verb, noun, any: isList ? noun : withArticle(noun), isList };
});

/** What kind of object an argument names: `organization_id` and `organization` an "organization". */
const toKind = byName((argument) => toWords(argument.replace(/_id$/, '')));

/** By sound: a user, a URL, an event, an SSO profile. */
function withArticle(noun: string): string {
  const vowel = /^[A-Z]{2}/.test(noun) ? /^[AEFHILMNORSX]/ : /^(?!u(?:ser|ni))[aeiou]/;
  return `${vowel.test(noun) ? 'an' : 'a'} ${noun}`;
}
