import { toConfirm } from '../access/confirmation.ts';
import type { Agent } from '../access/overview.ts';
import { policyOf, toGrants } from '../agents/agent-policy.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { StartError } from '../errors.ts';
import { OPTIONS } from '../settings/options.ts';
import { toAgent } from '../start/agent.ts';
import type { Host, Loaded } from '../start/host.ts';
import { connectAll, validate } from '../start/http-settings.ts';
import { withKey } from '../start/open-host.ts';
import { didYouMean } from '../wording.ts';

type ReportedAgent = Agent & { readonly statusTool: boolean };

/**
 * The agents of the configuration file, and its templates as far as they may go.
 * @throws StartError for settings that a start would stop at
 */
export async function agentsOf(loaded: Loaded, catalog: Catalog, host: Host): Promise<readonly ReportedAgent[]> {
  const { config, agents } = loaded;
  const connections = await connectAll(loaded, host);
  validate(loaded, connections, catalog);
  const record = config.auditLog ?? 'stderr';
  return [
    ...agents.agents.map((agent) => ({ agent, name: agent.name, allow: agent.allow })),
    ...agents.templates.map((template) => ({
      agent: template,
      name: `${template.name} (template, at most)`,
      allow: template.ceiling,
    })),
  ].map(({ agent, name, allow }) => {
    const environment = connections.get(agent.environment)?.environment.label ?? 'production';
    const confirm = toConfirm(agent.confirm ?? config.confirm, environment);
    const policy = policyOf(catalog, { ...agent, allow }, environment, config.grants);
    const grants = toGrants({ ...agent, allow }, environment, config.grants);
    return { name, environment, grants, policy, confirm, dryRun: config.dryRun, record, statusTool: agent.statusTool };
  });
}

/**
 * The one agent that a question is about: that of the flat settings, or the one of the file that `--agent` names.
 * @throws StartError where the file has several, or none of that name
 */
export async function agentOf(loaded: Loaded, catalog: Catalog, host: Host): Promise<Agent> {
  const { config, agents } = loaded;
  if (agents.agents.length + agents.templates.length === 0) return toAgent(withKey(config, host));
  const all = await agentsOf(loaded, catalog, host);
  const isNamed = config.agent !== OPTIONS.agent.unless;
  const [agent, ...others] = all.filter(({ name }) => !isNamed || name.split(' ')[0] === config.agent);
  const names = all.map(({ name }) => name);
  if (agent === undefined)
    throw new StartError(
      `The file has no agent "${config.agent}".${didYouMean(config.agent, names)} It has ${names.join(', ')}.`,
    );
  if (others.length > 0)
    throw new StartError(`The file has the agents ${names.join(', ')}: choose one with --agent NAME.`);
  return agent;
}
