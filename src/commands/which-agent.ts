import type { Agent } from '../access/overview.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { StartError } from '../errors.ts';
import { DEFAULT_ENVIRONMENT } from '../settings/agents-config.ts';
import { OPTIONS } from '../settings/options.ts';
import { requireOwnConfirm, toAgent, toFileAgent } from '../start/agent.ts';
import type { Host, Loaded } from '../start/host.ts';
import { connectAll, type Labels, labelsOf, labelsWithoutKeys, toAnonymous, validate } from '../start/http-settings.ts';
import { withKey } from '../start/open-host.ts';
import { didYouMean } from '../wording.ts';

export type ReportedAgent = Agent & { readonly statusTool: boolean };

/** Whether a start with these settings would serve HTTP. */
export const isHttp = ({ config, agents }: Loaded): boolean =>
  config.isHttp || agents.agents.length + agents.templates.length > 0;

/** The agents of a server over HTTP, and its templates as far as they may go. */
export function agentsOf({ config, agents }: Loaded, labels: Labels, catalog: Catalog): readonly ReportedAgent[] {
  return [
    ...(config.http.anonymous ? [toAnonymous(config)] : []),
    ...agents.agents,
    ...agents.templates.map((template) => ({
      ...template,
      name: `${template.name} (template, at most)`,
      allow: template.ceiling,
    })),
  ].map((agent) => toFileAgent(catalog, config, agent, labels.get(agent.environment) ?? 'production'));
}

/** What the file calls an agent or template. Behind the name of a template, reports say what it is. */
export const nameInFile = ({ name }: Pick<Agent, 'name'>): string => name.split(' ')[0] ?? name;

/** Those of them that `--agent` names, or all. @throws StartError where there is none of that name */
export function named(all: readonly ReportedAgent[], name: string): readonly ReportedAgent[] {
  if (name === OPTIONS.agent.unless) return all;
  const found = all.filter((agent) => nameInFile(agent) === name);
  if (found.length > 0) return found;
  const names = all.map((agent) => agent.name);
  throw new StartError(`The file has no agent "${name}".${didYouMean(name, names)} It has ${names.join(', ')}.`);
}

/**
 * The one agent that a question is about: that of the flat settings, or the one of the file that `--agent` names.
 * @throws StartError where the file has several, or none of that name, or for a confirmation mode of agents of a file alone
 */
export async function agentOf(loaded: Loaded, catalog: Catalog, host: Host): Promise<ReportedAgent> {
  const { config, agents } = loaded;
  if (agents.agents.length + agents.templates.length === 0) {
    if (!config.isHttp) requireOwnConfirm(config);
    const agent = config.keyless
      ? toAgent(config, labelsWithoutKeys(loaded).get(DEFAULT_ENVIRONMENT))
      : toAgent(withKey(config, host));
    return { ...agent, statusTool: config.statusTool };
  }
  const labels = config.keyless ? labelsWithoutKeys(loaded) : labelsOf(await connectAll(loaded, host));
  validate(loaded, labels, catalog);
  const [agent, ...others] = named(agentsOf(loaded, labels, catalog), config.agent);
  if (agent === undefined || others.length > 0) {
    const names = agentsOf(loaded, labels, catalog).map(({ name }) => name);
    throw new StartError(`The file has the agents ${names.join(', ')}: choose one with --agent NAME.`);
  }
  return agent;
}
