import { allowOnly } from '../access/grants.ts';
import { decide, type Policy } from '../access/policy.ts';
import type { Approval, SignedInBy } from '../call/confirm/approvals.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Tool } from '../catalog/tool.ts';
import { isId } from '../ids.ts';
import { type AgentsConfig, type ApproverConfig, DEFAULT_ENVIRONMENT } from '../settings/agents-config.ts';
import { EVERY_AGENT } from '../settings/approvers-config.ts';
import { signsInUsersOf } from '../settings/issuer-environment.ts';

/** Who may say yes to what, by one configuration. */
export type ApproverRules = {
  /** The approver that a sign-in stands for now. A link names its approver; an issuer's subject belongs to one at most. */
  readonly find: (by: SignedInBy, name?: string) => ApproverConfig | undefined;
  /** Whether an approver sees an agent, by the name that a call or the record has. */
  readonly sees: (approver: ApproverConfig, agent: string) => boolean;
  /** Why an approver may not answer a call, or `undefined` where they may: a clause for people, in which `it` is the call. */
  readonly whyNot: (approver: ApproverConfig, approval: Approval) => string | undefined;
  /** Whether there is an approver who may answer a call. */
  readonly hasApprover: (approval: Approval) => boolean;
  /** Whether an approver is the person for whom a call was made. */
  readonly isRequester: (approver: ApproverConfig, approval: Approval) => boolean;
};

export function createApproverRules(catalog: Catalog, config: AgentsConfig): ApproverRules {
  const policies = new Map<ApproverConfig, Policy>();
  const policyOf = (approver: ApproverConfig): Policy => {
    const policy = policies.get(approver) ?? toApproverPolicy(catalog, approver);
    policies.set(approver, policy);
    return policy;
  };

  const isRequester: ApproverRules['isRequester'] = (approver, approval) => isRequestedBy(config, approver, approval);

  const whyNot: ApproverRules['whyNot'] = (approver, approval) => {
    if (!seesAgent(approver, approval.caller)) return `the agent ${approval.caller} is not among yours`;
    if (!isInFile(config, approval.caller)) return `the agent ${approval.caller} is not in the settings any more`;
    if (!isEnvironmentInFile(config, approval.environment))
      return `the environment ${approval.environment} is not in the settings any more`;
    const tool = catalog.tools.find(({ name }) => name === approval.tool);
    if (tool === undefined) return `this server has no tool ${approval.tool} any more`;
    return (
      whyNotGranted(policyOf(approver), tool, approval) ??
      whyOwnSignIn(catalog, config, approver, tool, approval) ??
      whySamePerson(approval, isRequester(approver, approval))
    );
  };
  return {
    find: (by, name) =>
      config.approvers.find((approver) =>
        by === 'link'
          ? approver.person === undefined && approver.name === name
          : approver.person?.issuer === by.issuer && approver.person.sub === by.sub,
      ),
    sees: seesAgent,
    whyNot,
    hasApprover: (approval) => config.approvers.some((approver) => whyNot(approver, approval) === undefined),
    isRequester,
  };
}

/**
 * The rules of the configuration that holds now, made once for each.
 * @param current the agents of that configuration
 */
export function keepApproverRules(catalog: Catalog, current: () => AgentsConfig): () => ApproverRules {
  let kept: { readonly config: AgentsConfig; readonly rules: ApproverRules } | undefined;
  return () => {
    const config = current();
    if (kept?.config !== config) kept = { config, rules: createApproverRules(catalog, config) };
    return kept.rules;
  };
}

/**
 * What an approver may say yes to.
 * @throws StartError for a grant that is misspelt
 */
export const toApproverPolicy = (catalog: Catalog, { allow }: Pick<ApproverConfig, 'allow'>): Policy =>
  decide(catalog, { ...allowOnly(allow), inFile: true });

/** Agents of templates are called by the template's name, a dot and their own. Names in the file have no dots. */
const isOf = (name: string, agent: string): boolean => name === agent || agent.startsWith(`${name}.`);

const seesAgent: ApproverRules['sees'] = ({ agents }, agent) =>
  agents.some((name) => name === EVERY_AGENT || isOf(name, agent));

/** A call may wait for longer than its agent is in the file. */
const isInFile = ({ agents, templates }: AgentsConfig, agent: string): boolean =>
  [...agents, ...templates].some(({ name }) => isOf(name, agent));

/** Without it there is no server that could record an answer. */
const isEnvironmentInFile = ({ environments }: AgentsConfig, environment: string): boolean =>
  environments.length === 0
    ? environment === DEFAULT_ENVIRONMENT
    : environments.some(({ name }) => name === environment);

/** Of an owner whose entry the file does not have any more, the name alone is known. */
export function isRequestedBy(
  { approvers }: AgentsConfig,
  { name, person }: ApproverConfig,
  { requester }: Pick<Approval, 'requester'>,
): boolean {
  if (requester === undefined) return false;
  if (!('owner' in requester)) return isSamePerson(person, requester);
  const owner = approvers.find((approver) => approver.name === requester.owner);
  return requester.owner === name || isSamePerson(person, owner?.person);
}

/** An environment may have two issuers, by its own domain and by that of AuthKit. IDs of WorkOS are the same at both. */
const isSamePerson = (one: ApproverConfig['person'], other: ApproverConfig['person']): boolean =>
  one !== undefined && one.sub === other?.sub && (one.issuer === other.issuer || isId(one.sub));

function whyNotGranted(policy: Policy, tool: Tool, { takesCredentials }: Approval): string | undefined {
  const why = policy.whyOff(tool) ?? (takesCredentials ? policy.whyRestricted(tool) : undefined);
  return why && `it ${why}, which your entry does not have`;
}

const ANOTHER = 'so an approver who signs in by other means has to answer';

/** With a yes to their own sign-in, an approver could make another approver of themselves, or of the agent. */
function whyOwnSignIn(
  catalog: Catalog,
  config: AgentsConfig,
  { person }: ApproverConfig,
  tool: Tool,
  { about, environment, takesCredentials }: Approval,
): string | undefined {
  if (person === undefined) return undefined;
  if (about.includes(person.sub)) return 'it is about your own user, so another approver has to answer';
  const issuer = config.issuers.find(({ name }) => name === person.issuer);
  // The file is refused without it: what is not known must not open anything.
  if (issuer?.signIn === undefined) return `your issuer ${person.issuer} is not in the settings any more`;
  if (about.includes(issuer.signIn.clientId)) return `it is about the application that signs you in, ${ANOTHER}`;
  const isOwn = signsInUsersOf(config, environment, issuer);
  if (isOwn === 'no') return undefined;
  const own = `the environment ${environment} ${isOwn === 'yes' ? 'signs' : 'may sign'} you in`;
  if (decidesSignIn(catalog, tool)) return `it may change how people sign in, and ${own}, ${ANOTHER}`;
  if (takesCredentials && !namesUser(about))
    return `it takes credentials without naming a user, and ${own}, ${ANOTHER}`;
  return undefined;
}

/**
 * Whether a call names the user whom it is for. An invitation is for an email, whose user the server may not find: what
 * else it names, an agent may have chosen, such as who invites.
 */
const namesUser = ([object = '', ...others]: Approval['about']): boolean =>
  !object.includes('@') &&
  !object.startsWith('invitation_') &&
  [object, ...others].some((id) => id.startsWith('user_'));

/** Whether calls of a tool decide how people sign in whom the call does not name. */
export const decidesSignIn = ({ areas }: Catalog, { area }: Tool): boolean =>
  areas.some(({ name, signIn }) => name === area && signIn === true);

function whySamePerson({ samePerson, requester }: Approval, isRequester: boolean): string | undefined {
  if (samePerson === 'allow') return undefined;
  if (requester === undefined) return 'it is not known for whom the agent makes it';
  return isRequester ? 'the agent makes it for you, so another approver has to answer' : undefined;
}
