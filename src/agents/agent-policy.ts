import { allowOnly, type Grants } from '../access/grants.ts';
import { createPolicy, decide, narrow, type Policy } from '../access/policy.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Environment } from '../catalog/declaration.ts';
import { StartError } from '../errors.ts';
import type { AgentAccess, AgentsConfig } from '../settings/agents-config.ts';

/** The grants of an agent: from the file, or from its token's claim within its template's ceiling. */
export type AgentGrants = Pick<AgentAccess, 'environment' | 'deny' | 'readOnly' | 'productionWrites'> & {
  readonly allow: readonly string[];
  /** The settings are flags, so every client that connects is this agent. */
  readonly flat?: true;
  /** The upper bound of grants that come from a claim. */
  readonly within?: { readonly template: string; readonly ceiling: readonly string[] } | undefined;
};

/** What the server's settings deny to every agent, in addition to each agent's own settings. */
export type OperatorLimits = Pick<Grants, 'deny' | 'readOnly'>;

const NOTHING: OperatorLimits = { deny: [], readOnly: false };

/**
 * The policy of an agent with a staging, production or sandbox key.
 * @throws StartError if a grant is misspelt
 */
export function policyOf(
  catalog: Catalog,
  agent: AgentGrants,
  label: Environment['label'],
  forbidden: OperatorLimits = NOTHING,
): Policy {
  const policy = decide(catalog, toGrants(agent, label, forbidden));
  if (agent.within === undefined) return policy;
  const { template, ceiling } = agent.within;
  return narrow(policy, decide(catalog, allowOnly(ceiling)), `the ceiling of ${template} keeps it off`);
}

/** Combines an agent's grants with the kind of its key and with what the server denies to every agent. */
export function toGrants(agent: AgentGrants, label: Environment['label'], forbidden: OperatorLimits): Grants {
  return {
    allow: agent.allow,
    deny: [...agent.deny, ...forbidden.deny],
    readOnly: agent.readOnly || forbidden.readOnly,
    productionGuard: label === 'production' && !agent.productionWrites,
    inFile: !agent.flat,
  };
}

/**
 * Checks the grants of all agents and the ceilings of all templates against the catalogue.
 * @param labelOf the kind of an environment's key
 * @throws StartError if a grant is misspelt or opens nothing, or if an agent has no tool left
 */
export function checkAgents(
  catalog: Catalog,
  config: AgentsConfig,
  labelOf: (environment: string) => Environment['label'],
  forbidden: OperatorLimits = NOTHING,
): void {
  const members = [
    ...config.agents.map((agent) => ({ where: `agents.${agent.name}`, agent })),
    ...config.templates.map((template) => ({
      where: `templates.${template.name}`,
      agent: { ...template, allow: template.ceiling },
    })),
  ];
  for (const { where, agent } of members) {
    try {
      createPolicy(catalog, toGrants(agent, labelOf(agent.environment), forbidden));
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      throw new StartError(`${where}: ${error.message}`);
    }
  }
}
