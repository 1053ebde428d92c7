import { createPolicy } from '../access/policy.ts';
import type { TokenCounts } from '../access/token-cost.ts';
import { checkAuditFile } from '../audit/file-sink.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { parseAddress, toEnvironment } from '../settings/environment.ts';
import { warnings } from '../settings/warnings.ts';
import { toAgent } from '../start/agent.ts';
import type { Host, Loaded } from '../start/host.ts';
import { httpWarnings, readDeploymentKey, readRedisUrl } from '../start/http-secrets.ts';
import { requireRecord } from '../start/open-record.ts';
import { limitsOf, toLimitSettings } from '../workos/limits/slots.ts';
import { proxyFor } from '../workos/proxy.ts';
import { checkReport } from './access-report.ts';
import { agentsOf } from './which-agent.ts';

export type CheckCommandDeps = {
  readonly catalog: Catalog;
  readonly host: Host;
  readonly tokens: TokenCounts;
  readonly colour: boolean;
};

/** Validates all that a start would, and shows what each agent may do. Throws StartError for what a start would stop at. */
export async function check(loaded: Loaded, { catalog, host, tokens, colour }: CheckCommandDeps): Promise<string> {
  const { config, agents } = loaded;
  toLimitSettings(config.limits, limitsOf(catalog));
  const { baseUrl } = parseAddress(config);
  readRedisUrl(config.http, host);
  readDeploymentKey(config.http, host);
  if (config.auditLog !== undefined && config.auditLog !== 'stderr') checkAuditFile(config.auditLog);
  const told = (sentences: readonly string[]) =>
    config.json ? '' : sentences.map((sentence) => `warning: ${sentence}\n`).join('');
  const report = { catalog, tokens, colour, json: config.json };
  if (agents.agents.length + agents.templates.length === 0) {
    if (!config.sandbox) proxyFor(baseUrl, host.variable);
    const hasKey = config.apiKey !== undefined || config.apiKeyFile !== undefined;
    const readKeyFile = (path: string) => host.readFile(path, 'WORKOS_API_KEY_FILE');
    // Access can be looked at before there is a key.
    const environment = hasKey ? toEnvironment(config, readKeyFile).label : undefined;
    const agent = toAgent(config, config.sandbox ? 'sandbox' : environment);
    requireRecord(config, catalog, agent.environment, createPolicy(catalog, agent.grants));
    return `${checkReport({ ...report, agents: [agent], statusTool: config.statusTool })}${told(httpWarnings(config.http))}`;
  }
  const members = await agentsOf(loaded, catalog, host);
  const said = told([...httpWarnings(config.http), ...warnings(agents, Date.now())]);
  return `${checkReport({ ...report, agents: members })}${said}`;
}
