import { metadataPath, parsePublicUrl, protectedResourceMetadata } from './agents/challenge.ts';
import { type AgentsConfig, DEFAULT_ENVIRONMENT } from './agents/config.ts';
import type { ResolvedAgent } from './agents/identify.ts';
import { checkAgents, type Forbidden } from './agents/policy.ts';
import { warnings } from './agents/warnings.ts';
import { systemClock } from './api/limit.ts';
import { canonicalJson } from './audit/chain.ts';
import { type AuditRecord, configDigest } from './audit/record.ts';
import type { Catalog } from './catalog.ts';
import type { Config } from './config.ts';
import { createPendingStore } from './confirm/pending.ts';
import { type Connection, createEnvironments, type Opened, toConnection } from './environments.ts';
import { StartError } from './errors.ts';
import { createFleet, type Fleet, type Member } from './fleet.ts';
import type { Host, Loaded } from './host.ts';
import { createLog } from './log.ts';
import { createPolicy } from './policy.ts';
import { beginRecord, openRecord } from './recording.ts';
import { createBudgets } from './redis/budgets.ts';
import { createMetrics, serveMetrics } from './serve/http/metrics.ts';
import { HTTP_LIMITS, isLoopback, serveOverHttp } from './serve/http.ts';
import { createServer } from './server.ts';
import { openShared } from './shared.ts';

export { warnings } from './agents/warnings.ts';

type Connections = ReadonlyMap<string, Connection>;

/** Serves many agents over HTTP until the process is asked to stop. */
export async function startHttp(catalog: Catalog, host: Host, version: string): Promise<void> {
  const first = await host.load();
  const { config } = first;
  const { http } = config;
  const publicUrl = toPublicUrl(config);
  const tls = toTls(config, host);
  const firstConnections = await connectAll(first, host);
  validate(first, firstConnections, catalog);

  const log = createLog(config.logLevel);
  const record = await openRecord(config, host.writeToStderr);
  const shared = await openShared(http, publicUrl, log);
  const metrics =
    http.metricsPort === undefined ? undefined : await createMetrics(catalog.tools.map(({ name }) => name));
  const environments = createEnvironments({
    catalog,
    settings: config,
    record,
    pending: shared?.pending ?? createPendingStore(systemClock.now),
    log,
    version,
    sharedOf: (environment) => shared?.windowsOf(environment),
    observer: metrics,
  });
  const budgets = shared?.budgets ?? createBudgets(systemClock.now);
  const turnedAway = createTurnedAway(record);

  const toFleet = ({ config, agents }: Loaded, opened: ReadonlyMap<string, Opened>): Fleet =>
    createFleet({
      catalog,
      config: agents,
      environments: opened,
      anonymous: http.anonymous ? toAnonymous(config) : undefined,
      forbidden: config.grants,
      confirm: config.confirm,
      dryRun: config.dryRun,
      publicUrl,
      budgets,
      now: Date.now,
      onRefusal: turnedAway.count,
    });
  let opened = environments.open(firstConnections);
  let fleet = toFleet(first, opened);
  let current = first;

  const endRecord = await beginRecord(record, log, {
    version,
    environment: toLabels(firstConnections),
    config: digestOf(first),
    tools: catalog.tools.length,
    confirm: `${config.confirm ?? 'by key'}${config.dryRun ? ', dry run' : ''}`,
    transport: 'http',
  });
  for (const warning of warnings(first.agents, Date.now())) log.warn({}, warning);

  const metadata = protectedResourceMetadata(publicUrl, first.agents.issuers);
  const server = await serveOverHttp<Member>({
    host: http.host,
    port: http.port,
    path: new URL(publicUrl).pathname,
    // Clients reach it by the name that they know it under.
    allowedHosts: [...http.allowedHosts, ...(http.publicUrl === undefined ? [] : [new URL(publicUrl).host])],
    allowedOrigins: http.allowedOrigins,
    trustProxy: http.trustProxy,
    tls,
    identify: ({ authorization, headers }) => fleet.identify(authorization, headers),
    keyOf: ({ agent }) => agent.name,
    factory: ({ offer, opened, spendDelete }, { traceparent }) =>
      createServer(offer, opened.call, version, { trace: traceparent, spendDelete }),
    onRefused: ({ offer, opened }, name, { args, traceparent }) => {
      const { tool, rule } = offer.whyRefused(name);
      metrics?.countCall(tool?.name ?? 'unknown', 'refused', 0);
      void opened.journal.refuse(tool, args, offer.agent, rule, traceparent);
    },
    limits: HTTP_LIMITS,
    metadata: metadata && { path: metadataPath(publicUrl), json: JSON.stringify(metadata) },
    checks: {
      workos: async () => void (await Promise.all([...opened.values()].map(({ probe }) => probe()))),
      record: async () => {
        if (record.isFailing()) throw new Error('the record cannot be written');
      },
      ...(shared && { redis: shared.check }),
    },
    now: systemClock.now,
    // Its message may quote what a client has sent.
    onerror: (error) => log.warn({ error: error.name }, 'protocol error'),
  });
  const metricsServer =
    metrics && http.metricsPort !== undefined
      ? await serveMetrics({ host: http.metricsHost, port: http.metricsPort, metrics })
      : undefined;
  log.info(
    { version, url: server.url, publicUrl, metrics: metricsServer?.url, agents: first.agents.agents.length },
    'serving http',
  );

  const reload = async () => {
    try {
      const next = await host.load();
      const connections = await connectAll(next, host);
      validate(next, connections, catalog);
      opened = environments.open(connections);
      fleet = toFleet(next, opened);
      if (settingsOf(next) !== settingsOf(current)) log.warn({}, 'settings besides agents hold after a restart');
      current = next;
      await record.append({ kind: 'note', text: `configuration reloaded, settings ${digestOf(next).slice(0, 12)}` });
      log.info({ agents: next.agents.agents.length }, 'configuration reloaded');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.error({ error: reason }, 'the configuration was not reloaded, what was there before holds');
    }
  };
  // One after the other: the last one read is the one that holds.
  let reloading = Promise.resolve();
  host.onSignal('SIGHUP', () => {
    reloading = reloading.then(reload);
  });

  const reason = await new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) host.onSignal(signal, () => resolve(signal));
  });
  log.info({ reason }, 'stopping');
  await server.close();
  await metricsServer?.close();
  await environments.close();
  turnedAway.tell();
  await shared?.close();
  await endRecord(reason);
  log.info({}, 'stopped');
}

/** Everything that would keep agents from being served as the file says. Throws StartError. */
export function validate({ config, agents }: Loaded, connections: Connections, catalog: Catalog): void {
  const { http, grants, auditLog } = config;
  const labelOf = (name: string) => {
    const connection = connections.get(name);
    if (connection === undefined) throw new StartError(`There is no environment "${name}".`);
    return connection.environment.label;
  };
  if (http.anonymous) {
    const isSafe = isLoopback(http.host) && !http.trustProxy && labelOf(DEFAULT_ENVIRONMENT) !== 'production';
    if (!isSafe) throw new StartError('--anonymous is for loopback, with a test key and without --trust-proxy.');
    if (agents.agents.length + agents.templates.length > 0) {
      throw new StartError('--anonymous lets everybody in as one: leave it out, or the agents of the file.');
    }
    createPolicy(catalog, { ...grants, productionGuard: false });
    return;
  }
  if (agents.agents.length + agents.templates.length === 0) {
    throw new StartError(
      'No agent, no start: add one to the --config file with "workos-mcp agent add NAME --config FILE --allow GRANTS".',
    );
  }
  if (grants.allow.length > 0)
    throw new StartError('--allow grants nothing over HTTP: say it of each agent in the file.');
  if (config.productionWrites)
    throw new StartError(
      '--production-writes holds for nobody over HTTP: say production-writes of each agent in the file.',
    );
  const forbidden: Forbidden = grants;
  checkAgents(catalog, agents, labelOf, forbidden);
  if (auditLog === undefined && mayWriteInProduction(agents, labelOf)) {
    throw new StartError(
      'A production key that may write needs a record of its calls: --audit-log FILE, or --audit-log stderr where your host keeps that.',
    );
  }
}

function mayWriteInProduction({ agents, templates }: AgentsConfig, labelOf: (name: string) => string): boolean {
  return [...agents, ...templates].some(
    (agent) => agent.productionWrites && !agent.readOnly && labelOf(agent.environment) === 'production',
  );
}

/** The connections to all environments that the file names, or to the one of the flat settings where it names none. */
export async function connectAll({ config, agents }: Loaded, host: Host): Promise<Connections> {
  if (agents.environments.length === 0) return new Map([[DEFAULT_ENVIRONMENT, await host.connect(config)]]);
  const readKeyFile = (path: string) => host.readFile(path, 'api-key-file');
  const deps = { config, variable: host.variable, readKeyFile, now: systemClock.now };
  return new Map(agents.environments.map((environment) => [environment.name, toConnection(environment, deps)]));
}

/** Whoever connects, where nobody has to say who they are. */
function toAnonymous({ agent, grants, confirm, statusTool }: Config): ResolvedAgent {
  return {
    name: agent === 'local' ? 'anonymous' : agent,
    environment: DEFAULT_ENVIRONMENT,
    allow: grants.allow,
    deny: [],
    readOnly: false,
    productionWrites: false,
    confirm,
    statusTool,
    requestsPerMinute: 6_000,
    deletesPerHour: 20,
    expires: undefined,
  };
}

function toPublicUrl({ http }: Config): string {
  const scheme = http.tlsCert === undefined ? 'http' : 'https';
  const host = http.host.includes(':') && !http.host.startsWith('[') ? `[${http.host}]` : http.host;
  if (http.publicUrl === undefined && !isLoopback(http.host)) {
    throw new StartError(`${http.host} is no name that clients know the server under: set --public-url.`);
  }
  return parsePublicUrl(http.publicUrl ?? `${scheme}://${host}:${http.port}/mcp`);
}

function toTls({ http: { tlsCert, tlsKey } }: Config, { readFile }: Host) {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) throw new StartError('--tls-cert and --tls-key go together.');
  return { cert: readFile(tlsCert, '--tls-cert'), key: readFile(tlsKey, '--tls-key') };
}

const toLabels = (connections: Connections): string =>
  [...new Set([...connections.values()].map(({ environment }) => environment.label))].join(', ');

/** Of everything but secrets. */
const digestOf = ({ config, agents }: Loaded): string =>
  configDigest({ ...config, apiKey: undefined, http: { ...config.http, redisUrl: undefined }, agents });

/** What a reload cannot change. */
const settingsOf = ({ config: { grants: _, confirm: __, ...settings } }: Loaded): string => canonicalJson(settings);

const MINUTE = 60_000;

/** Counts who is not let in, for the record: a line a minute, however many knock. */
function createTurnedAway(record: AuditRecord) {
  const counts = new Map<string, number>();
  const tell = () => {
    if (counts.size === 0) return;
    const told = [...counts].map(([reason, count]) => `${count} ${reason}`).join(', ');
    counts.clear();
    // The record keeps what it cannot write.
    record.append({ kind: 'note', text: `requests that were not let in: ${told}` }).catch(() => {});
  };
  setInterval(tell, MINUTE).unref();
  return {
    tell,
    count: ({ reason }: { readonly reason: string }) => void counts.set(reason, (counts.get(reason) ?? 0) + 1),
  };
}
