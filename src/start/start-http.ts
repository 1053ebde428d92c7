import type { TokenCounts } from '../access/token-cost.ts';
import { createBudgets } from '../agents/budgets.ts';
import { metadataPath, protectedResourceMetadata } from '../agents/challenge.ts';
import { createOutsideWaits } from '../call/outside-waits.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { systemClock } from '../clock.ts';
import { StartError, withoutKeys } from '../errors.ts';
import { createLog } from '../log.ts';
import type { ClientFeatures } from '../mcp/client-features.ts';
import { type CallerParts, createServer, mayAsk, toDirectTool, toRefusal } from '../mcp/server.ts';
import { openShared } from '../redis/stores.ts';
import { toDirectAnswers } from '../serve/direct/http-calls.ts';
import type { RequestOrigin } from '../serve/http/handler.ts';
import { outOfLine } from '../serve/http/in-flight.ts';
import { createMetrics, serveMetrics } from '../serve/http/metrics.ts';
import { HTTP_LIMITS, serveOverHttp } from '../serve/http/serve-http.ts';
import { warnings } from '../settings/warnings.ts';
import { openStderr } from '../stderr.ts';
import { proxyFor } from '../workos/proxy.ts';
import { createEnvironments, type OpenEnvironment } from './environments.ts';
import type { Host, Loaded } from './host.ts';
import { httpWarnings, openSessions, readDeploymentKey, readRedisUrl } from './http-secrets.ts';
import {
  type Connections,
  connectAll,
  digestOf,
  labelsOf,
  toAllowedHosts,
  toAnonymous,
  toLabels,
  toPublicUrl,
  toTls,
} from './http-settings.ts';
import { openIssuerKeys } from './issuer-keys.ts';
import { judgeHttp } from './judge-http.ts';
import { openPending } from './kept-declines.ts';
import { beginRecord, openRecord } from './open-record.ts';
import { createRejectionCounter } from './rejections.ts';
import { toReload, validateReload } from './reload.ts';
import { createServedAgents, type ServedAgent, type ServedAgents } from './served-agents.ts';

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

/** Listens to signals from the start: one may arrive before the server can handle it. */
function listenToSignals({ onSignal }: Host) {
  let isReloadWanted = false;
  let reload = () => {
    isReloadWanted = true;
  };
  onSignal('SIGHUP', () => reload());
  const stopped = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) onSignal(signal, () => resolve(signal));
  });
  return {
    stopped,
    onReload: (listener: () => void) => {
      reload = listener;
      if (isReloadWanted) listener();
    },
  };
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
  const tls = toTls(config, host);
  const redisUrl = readRedisUrl(http, host);
  const deploymentKey = readDeploymentKey(http, host);

  const stderr = openStderr(host.writeToStderr, () => new Date());
  const log = createLog(config.logLevel, stderr);
  const record = await openRecord(config, stderr, host.user);
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
  const metrics =
    http.metricsPort === undefined ? undefined : await createMetrics(catalog.tools.map(({ name }) => name));
  const pending = openPending(catalog, config.auditLog, systemClock, Date.now());
  const budgets = shared?.budgets ?? createBudgets(systemClock.now);
  const environments = createEnvironments({
    catalog,
    settings: config,
    record,
    budgets,
    log,
    version,
    sharedOf: (environment) => shared?.windowsOf(environment),
    pendingOf: (environment) => shared?.pendingOf(environment) ?? pending,
    observer: metrics,
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
      publicUrl,
      budgets,
      now: Date.now,
      current: () => current.served,
      onRejection: turnedAway.count,
    });
  /** What holds at a time. It is replaced as a whole, so that what is told is what holds. */
  const toGeneration = (loaded: Loaded, connections: Connections) => {
    const opened = environments.open(connections);
    return { loaded, opened, served: serveAgents(loaded, opened) };
  };
  let current = toGeneration(first, firstConnections);
  for (const warning of [...httpWarnings(http), ...warnings(first.agents, Date.now())]) log.warn({}, warning);

  if (metrics && http.metricsPort !== undefined) {
    const metricsServer = await serveMetrics({ host: http.metricsHost, port: http.metricsPort, metrics });
    closing.push(metricsServer.close);
    log.info({ url: metricsServer.url }, 'serving metrics');
  }
  const waitOutside = createOutsideWaits();
  const toParts = (
    { agent, budget, stillAllowed }: ServedAgent,
    { traceparent, place }: RequestOrigin,
  ): CallerParts => ({
    trace: traceparent,
    waitedMs: place.waitedMs,
    waitOutside: (wait) => waitOutside(agent.name)(() => outOfLine(place, wait)),
    stillAllowed,
    ...budget,
  });
  const featuresOf = ({ session }: RequestOrigin): ClientFeatures | undefined =>
    session && { canAsk: session.form, canShow: session.apps && !session.form };
  const server = await serveOverHttp<ServedAgent>({
    host: http.host,
    port: http.port,
    path: new URL(publicUrl).pathname,
    allowedHosts: toAllowedHosts(config),
    allowedOrigins: http.allowedOrigins,
    ownUrl: publicUrl,
    trustProxy: http.trustProxy,
    tls,
    identify: ({ authorization, headers }, isAgain) => current.served.identify(authorization, headers, isAgain),
    generation: () => current.served,
    keyOf: ({ agent }) => agent.name,
    factory: (caller, from) =>
      createServer(caller.offer, caller.opened.call, version, toParts(caller, from), featuresOf(from)),
    answerDirectly: host.isDirect
      ? toDirectAnswers((caller, from) => {
          const calling = { canAsk: false, canShow: false, ...featuresOf(from), ...toParts(caller, from) };
          return toDirectTool(caller.offer, { name: from.tool, arguments: from.args }, caller.opened.call, calling);
        })
      : undefined,
    onRefused: ({ offer, opened }, name, { args: sent, traceparent }) => {
      const { tool, rule, args, via } = toRefusal(offer, name, sent);
      metrics?.countCall(tool?.name ?? 'unknown', 'refused', 0);
      void opened.journal.refuse(tool, args, rule, { agent: offer.agent, trace: traceparent, via });
    },
    issueSession: sessions && (({ agent }, params) => sessions.issue(agent.name, params)),
    readSession: ({ agent }, id) => sessions?.read(agent.name, id),
    mayAsk: ({ offer }, params) => mayAsk(offer, params),
    relay: shared?.answers,
    limits: { ...HTTP_LIMITS, waitMs: config.timeout },
    metadata: {
      path: metadataPath(publicUrl),
      json: () => {
        const metadata = protectedResourceMetadata(publicUrl, current.loaded.agents.issuers);
        return metadata && JSON.stringify(metadata);
      },
    },
    checks: {
      workos: async () => void (await Promise.all([...current.opened.values()].map(({ probe }) => probe()))),
      record: async () => {
        // Only an attempt to write shows whether the record can be written again.
        if (record.isFailing()) await record.append({ kind: 'note', text: 'the record can be written again' });
      },
      ...(shared && { redis: shared.check }),
    },
    clock: systemClock,
    // The message may quote a client's input.
    onerror: (error) => log.warn({ error: error.name }, 'protocol error'),
  });
  closing.push(server.close);

  const reload = async () => {
    try {
      const next = await host.load();
      if (next.config.http.anonymous !== http.anonymous)
        throw new StartError('--anonymous cannot change without a restart.');
      const reload = toReload(current.loaded, next);
      const { loaded, afterRestart } = reload;
      const connections = await connectAll(loaded, host);
      validateReload(next, reload, labelsOf(connections), catalog);
      const generation = toGeneration(loaded, connections);
      const text = `configuration reloaded, settings ${digestOf(loaded).slice(0, 12)}`;
      // Before it takes effect: what cannot be recorded is not done.
      await record.append({ kind: 'note', text }, { beforehand: true });
      current = generation;
      if (afterRestart.length > 0) log.warn({ settings: afterRestart }, 'these settings take effect after a restart');
      for (const warning of warnings(next.agents, Date.now())) log.warn({}, warning);
      log.info({ agents: next.agents.agents.length }, 'configuration reloaded');
    } catch (error) {
      const fault = withoutKeys(error instanceof Error ? error.message : String(error));
      log.error({ error: fault }, 'the configuration was not reloaded, the previous one stays in effect');
    }
  };
  // Reloads run one after the other, so that the last one read takes effect.
  let reloading = Promise.resolve();
  signals.onReload(() => {
    reloading = reloading.then(reload);
  });
  const proxy = proxyOf(first, firstConnections, host);
  log.info({ version, url: server.url, publicUrl, proxy, agents: first.agents.agents.length }, 'serving http');
  return {
    stop: (signal: string) => {
      reason = signal;
      log.info({ reason }, 'stopping');
    },
  };
}

/** The proxy, if any request uses one. There is only one HTTPS_PROXY. */
function proxyOf({ agents }: Loaded, connections: Connections, { variable }: Host): string | undefined {
  const ofEnvironments = [...connections.values()].map(({ transport }) => transport.proxy);
  const ofIssuers = agents.issuers.map(({ jwksUrl }) => proxyFor(jwksUrl, variable)?.address);
  return [...ofEnvironments, ...ofIssuers].find((address) => address !== undefined);
}
