import { createPolicy, type Policy } from '../../access/policy.ts';
import { policyOf } from '../../agents/agent-policy.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { Environment } from '../../catalog/declaration.ts';
import type { Tool } from '../../catalog/tool.ts';
import type { AgentsConfig } from '../../settings/agents-config.ts';
import type { Config } from '../../settings/config.ts';
import { requireOwnConfirm, toAgent } from '../../start/agent.ts';
import type { EnvironmentConnection } from '../../start/connection.ts';
import { labelsOf, validate } from '../../start/http-settings.ts';
import { agentWarnings } from '../../start/start-warnings.ts';
import { signInWords } from '../approvers-report.ts';
import { type Finding, isStartError, ok, toFailure, warn } from './finding.ts';

const GRANTS = "Set the grants right; --allow '*:read' is a good start, and workos-mcp check shows what they give.";

/** The server stops without them, but those that a client starts it with are not known here. */
const NONE =
  "Give doctor the flags that the server is started with; if there are no grants among them, begin with --allow '*:read'.";

/** What the grants of the flat settings switch on, and whether a Client ID is missing for it. */
export function checkGrants(
  config: Config,
  catalog: Catalog,
  label: Environment['label'] | undefined,
): readonly Finding[] {
  try {
    if (!config.http.anonymous) requireOwnConfirm(config);
  } catch (error) {
    return [toFailure('confirmation', error, 'Choose another mode for --confirm.')];
  }
  const agent = toAgent(config, label);
  if (agent.grants.allow.length === 0) return [warn('grants', 'None are given here.', NONE)];
  let policy: Policy;
  try {
    policy = createPolicy(catalog, agent.grants);
  } catch (error) {
    return [toFailure('grants', error, GRANTS)];
  }
  const on = toolsOn(catalog, policy);
  const more = agent.grants.productionGuard
    ? toolsOn(catalog, createPolicy(catalog, { ...agent.grants, productionGuard: false })).length - on.length
    : 0;
  const guarded = more === 0 ? '' : `, ${more} more with --production-writes`;
  return [
    ok('grants', `${on.length} of ${catalog.tools.length} tools are on${guarded}`),
    ...(config.sandbox || config.clientId !== undefined
      ? []
      : [lackOfClientId('client ID', on, undefined) ?? ok('client ID', 'none, and no tool that is on needs it')]),
  ];
}

/** Nothing where it is there or nothing needs it. */
function lackOfClientId(check: string, on: readonly Tool[], clientId: string | undefined): Finding | undefined {
  const needy = on.filter((tool) => tool.needsClientId).map(({ name }) => name);
  const [first, ...rest] = needy;
  if (clientId !== undefined || first === undefined) return undefined;
  const names = rest.length === 0 ? `${first} needs` : `${first} and ${rest.length} more need`;
  const fix = 'Set it to the Client ID from https://dashboard.workos.com/api-keys, or leave these tools off.';
  return warn(check, `${names} the Client ID, which is not set.`, fix);
}

const toolsOn = ({ tools }: Catalog, policy: Policy): readonly Tool[] =>
  tools.filter((tool) => policy.whyOff(tool) === undefined);

/** What the agents of the file may do, and what is seldom meant. */
export async function checkAgents(
  config: Config,
  agents: AgentsConfig,
  catalog: Catalog,
  connections: ReadonlyMap<string, EnvironmentConnection>,
  now: number,
): Promise<readonly Finding[]> {
  try {
    validate({ config, agents }, labelsOf(connections), catalog);
  } catch (error) {
    if (!isStartError(error)) throw error;
    return [
      toFailure('agents', error, 'Set it right in the --config file; workos-mcp check shows what agents may do.'),
    ];
  }
  const members = [
    ...agents.agents.map((agent) => ({ ...agent, kind: 'agent' })),
    ...agents.templates.map((template) => ({ ...template, allow: template.ceiling, kind: 'template' })),
  ];
  return [
    ...members.flatMap((member) => {
      const { label = 'production', clientId } = connections.get(member.environment)?.environment ?? {};
      const on = toolsOn(catalog, policyOf(catalog, member, label, config.grants));
      const check = `${member.kind} ${member.name}`;
      const lack = lackOfClientId(check, on, clientId);
      return [ok(check, `${on.length} of ${catalog.tools.length} tools are on, in ${label}`), ...(lack ? [lack] : [])];
    }),
    ...agents.approvers.map((approver) =>
      ok(`approver ${approver.name}`, `signs in ${signInWords(approver)}, for ${approver.agents.join(', ')}`),
    ),
    ...agentWarnings({ config, agents }, labelsOf(connections), catalog, now).map((said) =>
      warn('agents', said, 'Change that in the --config file, if it is not meant.'),
    ),
  ];
}
