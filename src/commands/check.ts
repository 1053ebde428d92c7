import { createPolicy } from '../access/policy.ts';
import type { TokenCounts } from '../access/token-cost.ts';
import { approversOf } from '../agents/check-approvers.ts';
import { checkAuditFile } from '../audit/file-sink.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Environment } from '../catalog/declaration.ts';
import { StartError } from '../errors.ts';
import { DEFAULT_ENVIRONMENT } from '../settings/agents-config.ts';
import { parseAddress, toEnvironment } from '../settings/environment.ts';
import { requireOwnConfirm, toAgent } from '../start/agent.ts';
import { toConsoleUrl } from '../start/console-settings.ts';
import type { Host, Loaded } from '../start/host.ts';
import { httpWarnings } from '../start/http-secrets.ts';
import { type Labels, labelsOf, labelsWithoutKeys } from '../start/http-settings.ts';
import { judgeHttp, judgeHttpWithoutKeys } from '../start/judge-http.ts';
import { requireRecord } from '../start/open-record.ts';
import { readTracing } from '../start/open-tracing.ts';
import { shortDigestOf } from '../start/settings-digest.ts';
import { agentWarnings } from '../start/start-warnings.ts';
import { limitsOf, toLimitSettings } from '../workos/limits/slots.ts';
import { proxyFor } from '../workos/proxy.ts';
import { checkReport } from './access-report.ts';
import { approversReport, toReviewedApprovers } from './approvers-report.ts';
import type { Look } from './table.ts';
import { agentsOf, isHttp, named, nameInFile, type ReportedAgent } from './which-agent.ts';

export type CheckCommandDeps = {
  readonly catalog: Catalog;
  readonly host: Host;
  readonly tokens: TokenCounts;
  readonly look: Look;
};

export type Checked = {
  readonly report: string;
  /** Why a start would stop although there is something to report: access can be looked at before there is a key. */
  readonly stop: string | undefined;
};

/** What `--no-keys` leaves open, which a reader of the report has to know. */
const WITHOUT_KEYS =
  'Judged without keys: each environment is what "expect" says it is, else production. Not judged: keys, TLS files, the folder of the record, and whether anything can be reached.\n';

/** Validates all that a start would, and shows what each agent may do. Throws StartError for what a start would stop at. */
export async function check(loaded: Loaded, { catalog, host, tokens, look }: CheckCommandDeps): Promise<Checked> {
  const { config, agents } = loaded;
  const { auditLog, json, keyless } = config;
  toLimitSettings(config.limits, limitsOf(catalog));
  if (auditLog !== undefined && auditLog !== 'stderr' && !keyless) checkAuditFile(auditLog, host.user);
  const overHttp = isHttp(loaded);
  const { members, stop, told } = overHttp
    ? { ...(await ofHttp(loaded, catalog, host)), stop: undefined }
    : { ...ofStdio(loaded, catalog, host), told: [] };
  const said = [...httpWarnings(config.http), ...told].map((warning) => `warning: ${warning}\n`);
  const approvers = members.flatMap((member) => approversOf(agents, nameInFile(member)));
  const shown = agents.approvers.filter((approver) => approvers.includes(approver));
  const report = checkReport({
    catalog,
    tokens,
    look,
    json,
    agents: members,
    approvers: toReviewedApprovers(shown),
  });
  const url = config.http.consolePort === undefined ? undefined : toConsoleUrl(config);
  const answering = overHttp ? approversReport(shown, url, look) : '';
  const digest = overHttp ? [`Settings ${shortDigestOf(loaded)}, as the record names them.\n`] : [];
  return {
    report: json ? report : [report, answering, ...digest, ...said, ...(keyless ? [WITHOUT_KEYS] : [])].join(''),
    stop,
  };
}

async function ofHttp(loaded: Loaded, catalog: Catalog, host: Host) {
  const labels: Labels = loaded.config.keyless
    ? judgeHttpWithoutKeys(loaded, catalog, host)
    : labelsOf(await judgeHttp(loaded, catalog, host));
  const all = agentsOf(loaded, labels, catalog);
  const members: readonly ReportedAgent[] = named(all, loaded.config.http.anonymous ? 'local' : loaded.config.agent);
  return { members, told: agentWarnings(loaded, labels, catalog, Date.now()) };
}

function ofStdio(loaded: Loaded, catalog: Catalog, host: Host) {
  const { config } = loaded;
  const { baseUrl } = parseAddress(config);
  requireOwnConfirm(config);
  if (!config.sandbox && !config.keyless) proxyFor(baseUrl, host.variable);
  if (!config.keyless) readTracing(host.variable);
  const { label, stop } = labelOf(loaded, host);
  const agent = { ...toAgent(config, label), statusTool: config.statusTool };
  requireRecord(config, catalog, agent.environment, createPolicy(catalog, agent.grants));
  return { members: [agent], stop };
}

/** The kind of the key, or why a start would stop where there is none. Throws StartError for one that is not valid. */
function labelOf(loaded: Loaded, host: Host): { label?: Environment['label'] | undefined; stop?: string } {
  const { config } = loaded;
  if (config.keyless || config.sandbox) return { label: labelsWithoutKeys(loaded).get(DEFAULT_ENVIRONMENT) };
  try {
    return { label: toEnvironment(config, (path) => host.readFile(path, 'WORKOS_API_KEY_FILE')).label };
  } catch (error) {
    if (!(error instanceof StartError) || config.apiKey !== undefined || config.apiKeyFile !== undefined) throw error;
    return { stop: error.message };
  }
}
