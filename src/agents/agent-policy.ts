import { allowOnly, type Grants } from '../access/grants.ts';
import { createPolicy, decide, narrow, type Policy } from '../access/policy.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Environment } from '../catalog/declaration.ts';
import { StartError } from '../errors.ts';
import type { AgentAccess, AgentsConfig } from '../settings/agents-config.ts';

/** What an agent was granted: by the file, or by its token's claim within its template's ceiling. */
export type Granted = Pick<AgentAccess, 'environment' | 'deny' | 'readOnly' | 'productionWrites'> & {
  readonly allow: readonly string[];
  /** Its settings are flags: it is whoever connects. */
  readonly flat?: true;
  /** What the claim may give at most, where a claim gave it. */
  readonly within?: { readonly template: string; readonly ceiling: readonly string[] } | undefined;
};

/** What the server's own settings forbid everybody; it adds up with what an agent's forbid. */
export type Forbidden = Pick<Grants, 'deny' | 'readOnly'>;

const NOTHING: Forbidden = { deny: [], readOnly: false };

/**
 * What an agent may do with a key of a kind.
 * @throws StartError for a grant that is misspelt
 */
export function policyOf(
  catalog: Catalog,
  agent: Granted,
  label: Environment['label'],
  forbidden: Forbidden = NOTHING,
): Policy {
  const policy = decide(catalog, toGrants(agent, label, forbidden));
  if (agent.within === undefined) return policy;
  const { template, ceiling } = agent.within;
  return narrow(policy, decide(catalog, allowOnly(ceiling)), `the ceiling of ${template} keeps it off`);
}

/** An agent's grants with a key of a kind, and what everybody is forbidden. */
export function toGrants(agent: Granted, label: Environment['label'], forbidden: Forbidden): Grants {
  return {
    allow: agent.allow,
    deny: [...agent.deny, ...forbidden.deny],
    readOnly: agent.readOnly || forbidden.readOnly,
    productionGuard: label === 'production' && !agent.productionWrites,
    inFile: !agent.flat,
  };
}

/**
 * Holds the grants of all agents, and the ceilings of all templates, against the tools.
 * @param labelOf the kind of an environment's key
 * @throws StartError for a grant that is misspelt or opens nothing, and for an agent that is left without any tool
 */
export function checkAgents(
  catalog: Catalog,
  config: AgentsConfig,
  labelOf: (environment: string) => Environment['label'],
  forbidden: Forbidden = NOTHING,
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
