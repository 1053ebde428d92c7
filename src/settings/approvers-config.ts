import { didYouMean } from '../wording.ts';
import type { AgentSection, ApproverSection, SignInSection, TemplateSection } from './agents-schema.ts';

export type SignInConfig = {
  readonly clientId: string;
  /** Where the client secret is; at most one of the two is set, and neither for a public client. */
  readonly clientSecretEnv: string | undefined;
  readonly clientSecretFile: string | undefined;
};

/** Who may say yes in the console, and to what. */
export type ApproverConfig = {
  readonly name: string;
  /** The issuer by its name in this file, and the subject. Without them the approver signs in by a link. */
  readonly person: { readonly issuer: string; readonly sub: string } | undefined;
  /** The names of agents and templates, or EVERY_AGENT for all. */
  readonly agents: readonly string[];
  /** The grants that a call may take that the approver says yes to. */
  readonly allow: readonly string[];
};

/** Stands for all agents and templates, those that the file gets later included. */
export const EVERY_AGENT = '*';

/** Throws StartError with file and line of a path. */
export type Refuse = (path: readonly string[], message: string) => never;

/** What is said of a name that the file does not have, after the path where it stands. */
export function unknownName(given: string, known: readonly string[]): string {
  return `is "${given}".${didYouMean(given, known)} ${namesOf(known)}`;
}

export const namesOf = (known: readonly string[]): string =>
  known.length === 0 ? 'This file has none.' : `There are ${known.join(', ')}.`;

export function toSignIn(path: readonly string[], given: SignInSection, refuse: Refuse): SignInConfig {
  const { 'client-id': clientId, 'client-secret-env': clientSecretEnv, 'client-secret-file': clientSecretFile } = given;
  if (clientSecretEnv !== undefined && clientSecretFile !== undefined)
    refuse(path, 'has two sources for its client secret: keep client-secret-env (a variable) or client-secret-file.');
  return { clientId, clientSecretEnv, clientSecretFile };
}

type Section<T> = Readonly<Record<string, T>>;

/** The parts of the file that approvers and agents name each other in, as written. */
type ApproverSections = {
  readonly agents?: Section<AgentSection> | undefined;
  readonly templates?: Section<TemplateSection> | undefined;
  readonly approvers?: Section<ApproverSection> | undefined;
};

type Issuers = readonly {
  readonly name: string;
  readonly m2mAudience: string | undefined;
  readonly signIn: SignInConfig | undefined;
}[];

/** The approvers of a file. What its agents and templates say about them is checked with them. */
export function toApprovers(given: ApproverSections, issuers: Issuers, refuse: Refuse): readonly ApproverConfig[] {
  const { agents = {}, templates = {} } = given;
  const approvers = Object.entries(given.approvers ?? {}).map(([name, { issuer, sub, ...may }]): ApproverConfig => {
    const path = ['approvers', name];
    for (const [index, agent] of may.agents.entries())
      checkAgentName([...path, 'agents', String(index)], agent, { agents, templates }, refuse);
    return { name, person: toPerson(path, { issuer, sub }, issuers, refuse), ...may };
  });
  refuseTwins(approvers, refuse);
  const names = approvers.map(({ name }) => name);
  for (const [name, agent] of Object.entries(agents)) checkAgent(['agents', name], agent, names, issuers, refuse);
  for (const [name, template] of Object.entries(templates)) checkAsking(['templates', name], template, refuse);
  return approvers;
}

/** Checks a name that an approver gives for an agent or template. */
function checkAgentName(
  path: readonly string[],
  given: string,
  { agents, templates }: { readonly agents: object; readonly templates: object },
  refuse: Refuse,
): void {
  const known = [...Object.keys(agents), ...Object.keys(templates)];
  if (given !== EVERY_AGENT && !known.includes(given)) refuse(path, unknownName(given, known));
  if (Object.hasOwn(agents, given) && Object.hasOwn(templates, given))
    refuse(path, `is "${given}", the name of an agent and of a template: rename one of them.`);
}

/** Refuses two approvers who are the same person. */
function refuseTwins(approvers: readonly ApproverConfig[], refuse: Refuse): void {
  for (const [index, { name, person }] of approvers.entries()) {
    const isSame = (other: ApproverConfig) =>
      person !== undefined && other.person?.issuer === person.issuer && other.person.sub === person.sub;
    const twin = approvers.slice(0, index).find(isSame);
    if (twin !== undefined)
      refuse(['approvers', name], `has the same issuer and sub as ${twin.name}: keep one of the two.`);
  }
}

function toPerson(
  path: readonly string[],
  { issuer, sub }: Pick<ApproverSection, 'issuer' | 'sub'>,
  issuers: Issuers,
  refuse: Refuse,
): ApproverConfig['person'] {
  if (issuer === undefined && sub === undefined) return undefined;
  if (issuer === undefined || sub === undefined) {
    const [has, lacks] = issuer === undefined ? ['sub', 'issuer'] : ['issuer', 'sub'];
    const rule = 'an approver is known by both, or signs in by a link and has neither.';
    return refuse(path, `has ${has} without ${lacks}: ${rule}`);
  }
  const found = issuers.find(({ name }) => name === issuer);
  const names = issuers.map(({ name }) => name);
  if (found === undefined) return refuse([...path, 'issuer'], unknownName(issuer, names));
  if (found.signIn === undefined)
    refuse([...path, 'issuer'], `is "${issuer}", which needs a sign-in section with a client-id for the console.`);
  return { issuer, sub };
}

/** What an agent says of its owner. Whether the server's own settings say `confirm: person` is not known here. */
function checkAgent(
  path: readonly string[],
  agent: AgentSection,
  approvers: readonly string[],
  issuers: Issuers,
  refuse: Refuse,
): void {
  checkAsking(path, agent, refuse);
  const { owner, tokens, jwt } = agent;
  const hasTokens = tokens !== undefined && tokens.length > 0;
  const isMachine = isMachineAgent(jwt, issuers);
  if (owner !== undefined) {
    if (!approvers.includes(owner)) refuse([...path, 'owner'], unknownName(owner, approvers));
    if (jwt !== undefined && !hasTokens && !isMachine)
      refuse([...path, 'owner'], 'has no effect: the access tokens of this agent say for whom it calls.');
  }
  if (agent['same-person'] === 'refuse' && owner === undefined && (hasTokens || isMachine)) {
    const which = hasTokens ? 'its tokens do' : 'machine-to-machine tokens do';
    refuse([...path, 'same-person'], `needs an owner: ${which} not say for whom it calls. Name one of the approvers.`);
  }
}

/** Whether machine-to-machine tokens identify an agent: its section names applications alone, as `identify` wants it. */
function isMachineAgent(jwt: AgentSection['jwt'], issuers: Issuers): boolean {
  if (jwt === undefined || jwt.sub !== undefined || jwt['org-id'] !== undefined || jwt.permission !== undefined)
    return false;
  const issuer = issuers.find(({ name }) => name === (jwt.issuer ?? issuers[0]?.name));
  return issuer?.m2mAudience !== undefined;
}

function checkAsking(path: readonly string[], given: AgentSection | TemplateSection, refuse: Refuse): void {
  const { confirm = 'person', 'same-person': samePerson, 'client-asks': clientAsks } = given;
  for (const name of ['client-asks', 'same-person'] as const) {
    if (given[name] !== undefined && confirm !== 'person')
      refuse([...path, name], `has no effect with confirm: ${confirm}.`);
  }
  if (samePerson === 'refuse' && clientAsks === 'trusted')
    refuse([...path, 'same-person'], 'contradicts client-asks: trusted, where the person at the client answers.');
}
