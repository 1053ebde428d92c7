import type { TokenCounts } from '../access/token-cost.ts';
import { createBudgets } from '../agents/budgets.ts';
import { metadataPath, protectedResourceMetadata } from '../agents/challenge.ts';
import { createOutsideWaits } from '../call/outside-waits.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { systemClock } from '../clock.ts';
import type { OpenConsole } from '../console/console.ts';
import { createLog } from '../log.ts';
import { openShared } from '../redis/stores.ts';
import { HTTP_LIMITS, serveOverHttp } from '../serve/http/serve-http.ts';
import type { Config } from '../settings/config.ts';
import { openStderr } from '../stderr.ts';
import { type Certificate, certificateWarning, readCertificate } from './certificate.ts';
import { createEnvironments, type OpenEnvironment } from './environments.ts';
import type { Host, Loaded } from './host.ts';
import { openHttpMetrics } from './http-metrics.ts';
import { openSessions, readDeploymentKey, readRedisUrl } from './http-secrets.ts';
import { type Connections, proxyOf, toAllowedHosts, toAnonymous, toLabels, toPublicUrl } from './http-settings.ts';
import { openIssuerKeys } from './issuer-keys.ts';
import { judgeHttp } from './judge-http.ts';
import { openPending } from './kept-declines.ts';
import { createLastCalls, observeCalls } from './last-calls.ts';
import { toMcpOverHttp } from './mcp-over-http.ts';
import { openApprovals } from './open-approvals.ts';
import { openConsoleAt } from './open-console.ts';
import { beginRecord, openRecord } from './open-record.ts';
import { openTracing } from './open-tracing.ts';
import { toChecks } from './readiness.ts';
import { createRejectionCounter } from './rejections.ts';
import { createReloader } from './reloader.ts';
import { createServedAgents, type ServedAgent, type ServedAgents } from './served-agents.ts';
import { digestOf, shortDigestOf } from './settings-digest.ts';
import { listenToSignals } from './signals.ts';
import { startWarnings } from './start-warnings.ts';

type ProgramDeps = {
  readonly catalog: Catalog;
  /** What each tool costs a model. */
  readonly tokens: TokenCounts;
  readonly host: Host;
  readonly version: string;
};

/** Serves many agents over HTTP until the process is asked to stop. */
export async function startHttp(first: Loaded, { host, ...deps }: ProgramDeps): Promise<void> {
  const signals = listenToSignals(host);
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const { stop } = await open(first, { ...deps, host, signals, closing });
    const reason = await signals.stopped;
    stop(reason);
  } finally {
    // In reverse order of opening, also if a start fails halfway.
    for (const close of closing.toReversed()) await close();
  }
}

type OpenDeps = ProgramDeps & {
  readonly signals: ReturnType<typeof listenToSignals>;
  /** Collects the function that closes each opened resource. */
  readonly closing: (() => Promise<unknown>)[];
};

async function open(first: Loaded, { catalog, tokens, host, version, signals, closing }: OpenDeps) {
  const { config } = first;
  const { http } = config;
  const firstConnections = await judgeHttp(first, catalog, host);
  const publicUrl = toPublicUrl(config);
  const firstCertificate = readCertificate(config, host);
  const redisUrl = readRedisUrl(http, host);
  const deploymentKey = readDeploymentKey(http, host);

  const stderr = openStderr(host.writeToStderr, () => new Date());
  const log = createLog(config.logLevel, stderr);
  const record = await openRecord(config, { log, stderr }, host.user);
  const endRecord = await beginRecord(
    record,
    { log, stderr },
    {
      version,
      environment: toLabels(firstConnections),
      config: digestOf(first),
      tools: catalog.tools.length,
      confirm: `${config.confirm ?? 'by key'}${config.dryRun ? ', dry run' : ''}`,
      transport: 'http',
    },
  );
  let reason = 'it could not start';
  closing.push(async () => {
    await endRecord(reason);
    log.info({}, 'stopped');
    await log.written();
  });
  const turnedAway = createRejectionCounter(record);
  closing.push(async () => turnedAway.close());
  const shared = await openShared(redisUrl, deploymentKey, http, publicUrl, log);
  if (shared !== undefined) closing.push(shared.close);
  const metrics = await openHttpMetrics(http, catalog, () => current.loaded);
  const tracer = await openTracing(host.variable, log, version);
  if (tracer !== undefined) closing.push(tracer.close);
  const pending = openPending(catalog, config.auditLog, systemClock, Date.now());
  const budgets = shared?.budgets ?? createBudgets(systemClock.now);
  const approvals = openApprovals(config, {
    catalog,
    shared,
    current: () => current.loaded,
    onAnswer: async (approval, answer) => current.opened.get(approval.environment)?.onAnswer(approval, answer),
    record,
  });
  if (approvals !== undefined) closing.push(approvals.close);
  const lastCalls = approvals && createLastCalls(Date.now);
  const observer = observeCalls(metrics, lastCalls);
  const environments = createEnvironments({
    catalog,
    settings: config,
    record,
    budgets,
    log,
    version,
    sharedOf: (environment) => shared?.windowsOf(environment),
    pendingOf: (environment) => shared?.pendingOf(environment) ?? pending,
    approvals,
    observer,
    tracer,
  });
  closing.push(environments.close);
  const sessions = openSessions(deploymentKey, publicUrl, shared !== undefined);
  const keySets = new Map();
  const issuerKeys = openIssuerKeys({ variable: host.variable, log, now: systemClock.now });
  closing.push(issuerKeys.close);

  const serveAgents = ({ config, agents }: Loaded, opened: ReadonlyMap<string, OpenEnvironment>): ServedAgents =>
    createServedAgents({
      catalog,
      config: agents,
      environments: opened,
      anonymous: http.anonymous ? toAnonymous(config) : undefined,
      forbidden: config.grants,
      confirm: config.confirm,
      dryRun: config.dryRun,
      list: { mode: config.list, tokens, budget: host.listBudget },
      keySets,
      fetchJwks: issuerKeys.fetchJwks,
      onFetched: issuerKeys.onFetched,
      publicUrl,
      budgets,
      now: Date.now,
      current: () => current.served,
      onPageRefused: turnedAway.count,
    });
  /** What holds at a time. It is replaced as a whole, so that what is told is what holds. */
  const toGeneration = (loaded: Loaded, connections: Connections, certificate: Certificate | undefined) => {
    const opened = environments.open(connections);
    return { loaded, opened, served: serveAgents(loaded, opened), certificate };
  };
  let current = toGeneration(first, firstConnections, firstCertificate);
  for (const warning of startWarnings(first, firstConnections, catalog, Date.now())) log.warn({}, warning);
  const warnOfCertificate = () => {
    const warning = current.certificate && certificateWarning(current.certificate, Date.now());
    if (warning !== undefined) log.warn({}, warning);
  };
  warnOfCertificate();
  const daily = setInterval(warnOfCertificate, DAY_MS).unref();
  closing.push(async () => clearInterval(daily));

  const waitOutside = createOutsideWaits();
  const reloader = createReloader({
    catalog,
    host,
    log,
    record,
    running: () => current,
    prepare: (loaded, connections, certificate) => {
      const generation = toGeneration(loaded, connections, certificate);
      return () => {
        current = generation;
        if (certificate !== undefined) {
          server?.setTls(certificate.tls);
          consoleServer?.setTls(certificate.tls);
        }
      };
    },
    now: Date.now,
  });
  let consoleServer: OpenConsole | undefined;
  let server: Awaited<ReturnType<typeof serveOverHttp<ServedAgent>>> | undefined;
  const metricsServer = await metrics?.serve({
    version,
    settings: () => shortDigestOf(current.loaded),
    load: () => server?.load() ?? { inFlight: 0, waiting: 0 },
    outsideWaits: waitOutside.count,
    isRedisUp: shared?.isUp,
    isRecordFailing: record.isFailing,
    reload: reloader.state,
    issuers: () =>
      current.loaded.agents.issuers.map((issuer) => ({ name: issuer.name, isUp: issuerKeys.isUp(issuer) })),
    certificateExpires: () => current.certificate?.expires,
  });
  if (metricsServer !== undefined) {
    closing.push(metricsServer.close);
    log.info({ url: metricsServer.url }, 'serving metrics');
  }
  server = await serveOverHttp<ServedAgent>({
    host: http.host,
    port: http.port,
    path: new URL(publicUrl).pathname,
    allowedHosts: toAllowedHosts(config),
    allowedOrigins: http.allowedOrigins,
    ownUrl: publicUrl,
    trustProxy: http.trustProxy,
    tls: firstCertificate?.tls,
    identify: ({ authorization, headersOf }, isAgain) => current.served.identify(authorization, headersOf, isAgain),
    generation: () => current.served,
    ...toMcpOverHttp({ version, isDirect: host.isDirect, waitOutside, sessions, observer }),
    relay: shared?.answers,
    limits: { ...HTTP_LIMITS, waitMs: config.timeout },
    onTurnedAway: turnedAway.count,
    onEnded:
      metrics === undefined && !isDebugged(config)
        ? undefined
        : (request) => {
            metrics?.countRequest(request.status, request.reason);
            log.debug(request, 'request');
          },
    metadata: {
      path: metadataPath(publicUrl),
      json: () => {
        const metadata = protectedResourceMetadata(publicUrl, current.loaded.agents.issuers);
        return metadata && JSON.stringify(metadata);
      },
    },
    checks: toChecks({ running: () => current, record, shared, issuerKeys, now: () => Date.now() }),
    clock: systemClock,
    // The message may quote a client's input.
    onerror: (error) => log.warn({ error: error.name }, 'protocol error'),
  });
  const { close } = server;
  // Both at once: one after the other they could take longer than Docker waits before it kills.
  closing.push(() => Promise.all([close(), consoleServer?.close()]));
  if (approvals !== undefined && lastCalls !== undefined && deploymentKey !== undefined) {
    const parts = { catalog, config, host, deploymentKey, approvals, record, log, budgets, lastCalls };
    consoleServer = await openConsoleAt({ ...parts, certificate: firstCertificate, current: () => current });
  }

  // Reloads run one after the other, so that the last one read takes effect.
  let reloading = Promise.resolve();
  signals.onReload(() => {
    reloading = reloading.then(reloader.reload);
  });
  const proxy = proxyOf(first, firstConnections, host);
  log.info({ version, url: server.url, publicUrl, proxy, agents: first.agents.agents.length }, 'serving http');
  return {
    stop: (signal: string) => {
      reason = signal;
      log.info({ reason }, 'stopping');
      approvals?.stop();
    },
  };
}

const DAY_MS = 86_400_000;

/** Whether lines at debug are logged. */
const isDebugged = ({ logLevel }: Config): boolean => logLevel === 'debug' || logLevel === 'trace';
