import { toConfirm } from '../access/confirmation.ts';
import type { Agent } from '../access/overview.ts';
import { type AgentGrants, policyOf, toGrants as toAgentGrants } from '../agents/agent-policy.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Environment } from '../catalog/declaration.ts';
import { StartError } from '../errors.ts';
import type { AgentAccess } from '../settings/agents-config.ts';
import type { Config } from '../settings/config.ts';
import { environmentOf, toGrants } from '../settings/environment.ts';

/** The agent of the flat settings, as far as its environment is known. */
export function toAgent(config: Config, environment = environmentOf(config)): Agent {
  return {
    name: config.agent,
    environment,
    grants: toGrants(config, environment),
    confirm: environment === undefined ? config.confirm : toConfirm(config.confirm, environment),
    dryRun: config.dryRun,
    list: config.list,
    record: config.auditLog ?? 'stderr',
  };
}

/** @throws StartError for a confirmation mode that a server over stdio does not have */
export function requireOwnConfirm({ confirm }: Pick<Config, 'confirm'>): void {
  if (confirm !== 'person') return;
  throw new StartError(
    '--confirm person works over HTTP alone (workos-mcp http), where approvers answer in a console. Use --confirm strict: a person answers in the client then, or the call is refused.',
  );
}

/**
 * An agent of the settings file, or a template with the grants of its ceiling.
 * @param label the kind of its environment's key
 * @throws StartError if a grant is misspelt
 */
export function toFileAgent(
  catalog: Catalog,
  config: Config,
  agent: AgentAccess & AgentGrants & { readonly name: string },
  label: Environment['label'],
): Agent & { readonly statusTool: boolean } {
  return {
    name: agent.name,
    environment: label,
    grants: toAgentGrants(agent, label, config.grants),
    policy: policyOf(catalog, agent, label, config.grants),
    confirm: toConfirm(agent.confirm ?? config.confirm, label),
    clientAsks: agent.clientAsks,
    samePerson: agent.samePerson,
    dryRun: config.dryRun,
    record: config.auditLog ?? 'stderr',
    statusTool: agent.statusTool,
    list: agent.list ?? config.list,
  };
}
