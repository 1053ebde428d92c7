import type { Catalog } from '../catalog/catalog.ts';
import { createMetrics, serveMetrics } from '../serve/http/metrics.ts';
import type { HttpConfig } from '../settings/config.ts';
import type { Loaded } from './host.ts';
import { type GaugeSources, toGauges } from './http-gauges.ts';
import { toAnonymous } from './http-settings.ts';

/**
 * The metrics, if the settings name a port for them.
 * @param current the configuration that holds
 */
export async function openHttpMetrics(
  { metricsPort: port, metricsHost: host, metricsAgents }: HttpConfig,
  catalog: Catalog,
  current: () => Loaded,
) {
  if (port === undefined) return undefined;
  const tools = catalog.tools.map(({ name }) => name);
  const metrics = await createMetrics({
    tools,
    toAgentLabel: metricsAgents ? (agent) => toAgentLabel(agent, current()) : undefined,
  });
  return {
    ...metrics,
    /** @throws StartError if the port cannot be used */
    serve: (sources: GaugeSources) => {
      for (const gauge of toGauges(sources)) metrics.addGauge(gauge);
      return serveMetrics({ host, port, metrics });
    },
  };
}

/** The name in the file: of a template's agent that of the template, so that no person becomes a label. */
export function toAgentLabel(agent: string, { config, agents }: Loaded): string {
  const [name = ''] = agent.split('.', 1);
  const members = [...agents.agents, ...agents.templates, ...(config.http.anonymous ? [toAnonymous(config)] : [])];
  return members.some((member) => member.name === name) ? name : 'unknown';
}
