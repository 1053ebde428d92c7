import type { Agent } from './access.ts';
import { systemClock } from './api/limit.ts';
import { configDigest } from './audit/record.ts';
import type { Catalog } from './catalog.ts';
import { compose } from './compose.ts';
import type { Config } from './config.ts';
import { createPendingStore } from './confirm/pending.ts';
import { environmentOf, toConfirm, toGrants } from './environment.ts';
import type { Host } from './host.ts';
import { createLog } from './log.ts';
import { createOffer } from './offer.ts';
import { createPolicy } from './policy.ts';
import { beginRecord, openRecord, requireRecord } from './recording.ts';
import { serveOverStdio } from './serve/stdio.ts';
import { createServer, toBareTool } from './server.ts';
import { createStatusTool } from './status.ts';

/** Serves the one agent of the flat settings until its client leaves or the process is asked to stop. */
export async function startStdio(config: Config, catalog: Catalog, host: Host, version: string): Promise<void> {
  createPolicy(catalog, config.grants); // a mistake in the grants is told before one in the key
  const { environment, transport } = await host.connect(config);
  const agent = toAgent(config, environment.label);
  const policy = createPolicy(catalog, agent.grants);
  requireRecord(config, catalog, environment.label, policy);
  const log = createLog(config.logLevel);
  const record = await openRecord(config, host.writeToStderr);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) host.onSignal(signal, () => stop.abort(signal));

  const { call, journal } = compose({
    catalog,
    environment,
    send: transport.send,
    settings: config,
    record,
    pending: createPendingStore(systemClock.now),
    log,
    version,
  });
  const confirm = toConfirm(config.confirm, environment.label);
  const offer = createOffer({
    agent: agent.name,
    catalog,
    policy,
    environment: environment.label,
    confirm,
    statusTool: config.statusTool ? createStatusTool(catalog, agent) : undefined,
  });

  const on = catalog.tools.filter((tool) => offer.tools.has(tool.name));
  const endRecord = await beginRecord(record, log, {
    version,
    environment: environment.label,
    agent: agent.name,
    config: configDigest({ ...config, apiKey: undefined }),
    tools: on.length,
    confirm: config.dryRun ? `${confirm}, dry run` : confirm,
    transport: 'stdio',
  });
  log.info(
    { version, environment: environment.label, baseUrl: environment.baseUrl, tools: on.length },
    'serving stdio',
  );
  const clientless = environment.clientId === undefined ? on.filter((tool) => tool.needsClientId) : [];
  if (clientless.length > 0) {
    log.warn({ tools: clientless.map((tool) => tool.name) }, 'these tools need WORKOS_CLIENT_ID, which is not set');
  }

  await serveOverStdio({
    factory: () => createServer(offer, call, version),
    findTool: (name, canAsk) => toBareTool(offer, name, call, { canAsk }),
    stdin: host.stdin,
    stdout: host.stdout,
    stop: stop.signal,
    onRefused: (name, args) => {
      const { tool, rule } = offer.whyRefused(name);
      void journal.refuse(tool, args, agent.name, rule);
    },
    // Its message may quote what a client has sent.
    onerror: (error) => log.warn({ error: error.name }, 'protocol error'),
  });
  await transport.close();
  await endRecord(stop.signal.aborted ? String(stop.signal.reason) : 'the client left');
  log.info({}, 'stopped');
  await log.written();
}

/** What the flat settings make of the agent, as far as they say which environment it is in. */
export function toAgent(config: Config, environment = environmentOf(config)): Agent {
  return {
    name: config.agent,
    environment,
    grants: toGrants(config, environment),
    confirm: environment === undefined ? config.confirm : toConfirm(config.confirm, environment),
    dryRun: config.dryRun,
    record: config.auditLog ?? 'stderr',
  };
}
