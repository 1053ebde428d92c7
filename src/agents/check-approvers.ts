import { allowOnly } from '../access/grants.ts';
import { createPolicy, type Policy } from '../access/policy.ts';
import { confirmationOf } from '../access/tool-access.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Environment } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import { StartError } from '../errors.ts';
import type { AgentAccess, AgentsConfig, ApproverConfig, IssuerConfig } from '../settings/agents-config.ts';
import { EVERY_AGENT } from '../settings/approvers-config.ts';
import { signsInUsersOf } from '../settings/issuer-environment.ts';
import { type OperatorLimits, policyOf } from './agent-policy.ts';
import { decidesSignIn, isRequestedBy, toApproverPolicy } from './approvers.ts';

/** What approvers are judged by, besides the file. */
export type ApproverSetting = {
  /** The kind of an environment's key. */
  readonly labelOf: (environment: string) => Environment['label'];
  readonly forbidden: OperatorLimits;
  /** The mode of agents without one of their own. */
  readonly confirm: AgentAccess['confirm'];
  readonly hasConsole: boolean;
};

/** An agent or template. */
type Member = AgentAccess & { readonly name: string; readonly where: string; readonly owner?: string | undefined } & {
  readonly allow: readonly string[];
};

const membersOf = ({ agents, templates }: AgentsConfig): readonly Member[] => [
  ...agents.map((agent) => ({ ...agent, where: `agents.${agent.name}` })),
  ...templates.map((template) => ({ ...template, where: `templates.${template.name}`, allow: template.ceiling })),
];

/**
 * Checks that agents which wait for approvers have some, and that no agent could make itself one.
 * @throws StartError for what a start is refused with
 */
export function checkApprovers(catalog: Catalog, config: AgentsConfig, setting: ApproverSetting): void {
  for (const { name, allow } of config.approvers) {
    try {
      createPolicy(catalog, { ...allowOnly(allow), inFile: true });
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      throw new StartError(`approvers.${name}: ${error.message}`);
    }
  }
  if (setting.hasConsole && config.approvers.length === 0) {
    throw new StartError(
      '--console-port needs approvers: name the people who may answer in the approvers section of the --config file.',
    );
  }
  for (const member of membersOf(config)) {
    const fault = askingFault(config, member, setting) ?? reachFault(catalog, config, member, setting);
    if (fault !== undefined) throw new StartError(`${member.where}: ${fault}`);
  }
}

const waitsForPerson = ({ confirm }: Member, setting: ApproverSetting): boolean =>
  (confirm ?? setting.confirm) === 'person';

/** What is wrong with how an agent's calls are confirmed. */
function askingFault(config: AgentsConfig, member: Member, setting: ApproverSetting): string | undefined {
  const { name, clientAsks, samePerson, owner } = member;
  if (!waitsForPerson(member, setting)) {
    const idle = clientAsks !== undefined ? 'client-asks' : samePerson === 'refuse' ? 'same-person' : undefined;
    return idle && `${idle} has no effect without confirm: person.`;
  }
  if (clientAsks === 'trusted') return undefined;
  if (!setting.hasConsole)
    return 'confirm: person needs --console-port, where approvers answer. Or set client-asks: trusted, where an answer from the client is enough.';
  const approvers = approversOf(config, name);
  if (approvers.length === 0)
    return `confirm: person needs an approver: no entry of the approvers section names ${name}.`;
  return approvers.every(isRequesterOf(config, member))
    ? `same-person: refuse needs an approver besides its owner ${owner}.`
    : undefined;
}

/** Tells an approver who may answer none of the calls that an agent makes with its static tokens. */
const isRequesterOf =
  (config: AgentsConfig, { owner, samePerson }: Member) =>
  (approver: ApproverConfig): boolean =>
    owner !== undefined && samePerson === 'refuse' && isRequestedBy(config, approver, { requester: { owner } });

/** The approvers of an agent or template of the file. */
export const approversOf = ({ approvers }: AgentsConfig, agent: string) =>
  approvers.filter(({ agents }) => agents.includes(agent) || agents.includes(EVERY_AGENT));

/** What is wrong with an agent that could act as an approver. */
function reachFault(catalog: Catalog, config: AgentsConfig, member: Member, setting: ApproverSetting) {
  if (member.affectsApprovers === 'accepted') return undefined;
  const [issuer] = approverIssuersOf(config, member, setting);
  const policy = policyOf(catalog, member, setting.labelOf(member.environment), setting.forbidden);
  if (issuer === undefined || !holdsCredentials(catalog, policy)) return undefined;
  const remedy = issuer.isKnown
    ? ''
    : `, set issuers.${issuer.name}.environment to the environment whose users it signs in (or "other")`;
  return `${actsAs(member, issuer)} Take those grants away${remedy}, or accept it with affects-approvers: accepted.`;
}

const actsAs = ({ environment }: Member, issuer: ApproverIssuer): string =>
  `its credentials grants hold in ${environment}, where ${signsIn(issuer)} approvers in: the agent could act as one of them.`;

const signsIn = ({ name, isKnown }: ApproverIssuer): string => `${name} ${isKnown ? 'signs' : 'may sign'}`;

/** An issuer that signs approvers in, and whether it is known to sign in the users of an environment, or only may. */
type ApproverIssuer = { readonly name: string; readonly isKnown: boolean };

/** Those of an agent's environment. The known ones come first. */
function approverIssuersOf(
  config: AgentsConfig,
  { environment }: Member,
  { hasConsole }: ApproverSetting,
): readonly ApproverIssuer[] {
  if (!hasConsole) return [];
  const issuers = signingIn(config).flatMap((issuer) => {
    const isOwn = signsInUsersOf(config, environment, issuer);
    return isOwn === 'no' ? [] : [{ name: issuer.name, isKnown: isOwn === 'yes' }];
  });
  return issuers.toSorted((one, other) => Number(other.isKnown) - Number(one.isKnown));
}

const signingIn = ({ issuers, approvers }: AgentsConfig): readonly IssuerConfig[] =>
  issuers.filter(({ name }) => approvers.some(({ person }) => person?.issuer === name));

const toolsOn = ({ tools }: Catalog, policy: Policy): readonly Tool[] =>
  tools.filter((tool) => policy.whyOff(tool) === undefined);

const holdsCredentials = (catalog: Catalog, policy: Policy): boolean =>
  toolsOn(catalog, policy).some((tool) => tool.handlesCredentials && policy.whyRestricted(tool) === undefined);

/** What is allowed of approvers and console, but seldom meant: a sentence each. */
export function approverWarnings(catalog: Catalog, config: AgentsConfig, setting: ApproverSetting): readonly string[] {
  if (!setting.hasConsole)
    return config.approvers.length === 0 ? [] : ['The file has approvers, who cannot answer without --console-port.'];
  const unknown = signingIn(config).filter((issuer) => issuer.environment === undefined);
  return [
    ...unknown.flatMap((issuer) => {
      const places = [...new Set(membersOf(config).map(({ environment }) => environment))];
      const open = places.filter((place) => signsInUsersOf(config, place, issuer) === 'unknown');
      const own = `issuers.${issuer.name} signs approvers in, perhaps with users of ${open.join(', ')}`;
      return open.length === 0
        ? []
        : [
            `${own}, so they may not answer calls there that change how people sign in. Set issuers.${issuer.name}.environment to the environment whose users it signs in (or "other").`,
          ];
    }),
    ...membersOf(config).flatMap((member) => memberWarnings(catalog, config, member, setting)),
  ];
}

function memberWarnings(catalog: Catalog, config: AgentsConfig, member: Member, setting: ApproverSetting) {
  const policy = policyOf(catalog, member, setting.labelOf(member.environment), setting.forbidden);
  const [issuer] = approverIssuersOf(config, member, setting);
  return [
    issuer && reachWarning(catalog, member, policy, issuer),
    waitsForPerson(member, setting) ? answerWarning(catalog, config, member, policy) : undefined,
  ].flatMap((warning) => warning ?? []);
}

/** Of an agent that could act as an approver, or decide how approvers sign in. */
function reachWarning(catalog: Catalog, member: Member, policy: Policy, issuer: ApproverIssuer): string | undefined {
  if (holdsCredentials(catalog, policy)) return `${member.where}: ${actsAs(member, issuer)}`;
  const deciding = toolsOn(catalog, policy).filter((tool) => tool.access !== 'read' && decidesSignIn(catalog, tool));
  const areas = [...new Set(deciding.map(({ area }) => area))].join(', ');
  return areas === ''
    ? undefined
    : `${member.where} may change how people sign in to ${member.environment} (${areas}), where ${signsIn(issuer)} approvers in.`;
}

function answerWarning(catalog: Catalog, config: AgentsConfig, member: Member, policy: Policy): string | undefined {
  const left = unanswerable(catalog, config, member, policy);
  const [first, ...more] = left;
  const names = more.length > 2 ? `${first} and ${more.length} more` : left.join(', ');
  return first && `${member.where}: none of its approvers may answer calls of ${names}.`;
}

/** The tools of an agent whose waiting calls none of its approvers may answer. */
function unanswerable(catalog: Catalog, config: AgentsConfig, member: Member, policy: Policy): readonly string[] {
  const isRequester = isRequesterOf(config, member);
  const approvers = approversOf(config, member.name).flatMap((approver) => {
    if (isRequester(approver)) return [];
    const issuer = config.issuers.find(({ name }) => name === approver.person?.issuer);
    const isOwn = issuer !== undefined && signsInUsersOf(config, member.environment, issuer) !== 'no';
    return [{ isOwn, may: toApproverPolicy(catalog, approver) }];
  });
  return toolsOn(catalog, policy).flatMap((tool) => {
    const { confirmed, occasions } = confirmationOf({ confirm: 'person' }, policy, tool);
    const byArgument = typeof confirmed === 'object' && confirmed.length > 0;
    if (confirmed !== true && !byArgument && occasions.length === 0) return [];
    const isAnswered = approvers.some(
      ({ isOwn, may }) =>
        may.whyOff(tool) === undefined &&
        (!byArgument || may.whyRestricted(tool) === undefined) &&
        !(isOwn && decidesSignIn(catalog, tool)),
    );
    return isAnswered ? [] : [tool.name];
  });
}
