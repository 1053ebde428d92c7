#!/usr/bin/env node
import { readFileSync, writeSync } from 'node:fs';
import { declarations } from '../tools/index.ts';
import type { Agent, TokenCounts } from './access.ts';
import { createInProcessTransport } from './api/in-process.ts';
import { systemClock } from './api/limit.ts';
import { createTransport, type Transport } from './api/transport.ts';
import { toHeadText } from './audit/chain.ts';
import type { Fields } from './audit/entry.ts';
import { openAuditFile } from './audit/file.ts';
import { type AuditRecord, configDigest, createAuditRecord, newRun, RecordError } from './audit/record.ts';
import { createStderrSink } from './audit/stderr.ts';
import { type Catalog, createCatalog } from './catalog.ts';
import { compose } from './compose.ts';
import { type Config, configFileOf, parseConfig } from './config.ts';
import { parseConfigFile } from './config-file.ts';
import type { ConfirmMode } from './confirm/gate.ts';
import { createPendingStore } from './confirm/pending.ts';
import { environmentOf, toEnvironment, toGrants } from './environment.ts';
import { StartError } from './errors.ts';
import { explainTool } from './explain.ts';
import { limitsOf, toLimitSettings } from './limits.ts';
import { createLog, type Log } from './log.ts';
import { createOffer } from './offer.ts';
import { createPolicy } from './policy.ts';
import { checkReport, helpText, toolsReport } from './report.ts';
import { serveOverStdio } from './serve/stdio.ts';
import { createServer } from './server.ts';
import { createStatusTool } from './status.ts';
import type { Environment } from './tool.ts';

/** Filled in by the build: from package.json, and by counting what each tool costs a model. */
declare const VERSION: string;
declare const TOKENS: TokenCounts;

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv[0] === 'audit') {
    const { runAudit } = await import('./audit/command.ts');
    process.exitCode = await runAudit(argv.slice(1), { write: print, now: () => new Date() });
    return;
  }
  const path = configFileOf(argv, process.env);
  const config = parseConfig(
    argv,
    process.env,
    path === undefined ? {} : await parseConfigFile(readFile(path, '--config'), path),
  );
  const catalog = createCatalog(declarations);
  const { NO_COLOR = '', FORCE_COLOR = '' } = process.env;
  const colour = FORCE_COLOR === '' ? process.stdout.isTTY && NO_COLOR === '' : FORCE_COLOR !== '0';
  switch (config.command) {
    case 'help':
      return print(helpText());
    case 'version':
      return print(`${VERSION}\n`);
    case 'tools':
      return print(toolsReport(catalog, toAgent(withKey(config)).grants, config.json, colour));
    case 'check':
      return print(check(config, catalog, colour));
    case 'explain':
      return print(explainTool(catalog, toAgent(withKey(config)), config.subject, colour));
    case 'audit':
      throw new StartError('The command "audit" comes first: workos-mcp audit …');
    case 'serve':
      return serve(config, catalog);
  }
}

function readFile(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new StartError(`${what}: ${path} cannot be read${reason}.`);
  }
}

const readKeyFile = (path: string) => readFile(path, 'WORKOS_API_KEY_FILE');

/** The settings with the key that a file holds: what may be done depends on its kind. */
function withKey(config: Config): Config {
  const { apiKey, apiKeyFile } = config;
  if (apiKey !== undefined || apiKeyFile === undefined) return config;
  return { ...config, apiKey: readKeyFile(apiKeyFile) };
}

/** What the settings make of the agent, as far as they say which environment it is in. */
function toAgent(config: Config, environment = environmentOf(config)): Agent {
  return {
    name: config.agent,
    environment,
    grants: toGrants(config, environment),
    confirm: environment === undefined ? config.confirm : toConfirm(config, environment),
    record: config.auditLog ?? 'stderr',
  };
}

/** Validates all that a start would, but for a key that is not there yet, and shows what the settings give access to. */
function check(given: Config, catalog: Catalog, colour: boolean): string {
  const config = withKey(given);
  const agent = toAgent(config);
  createPolicy(catalog, agent.grants);
  toLimitSettings(config.limits, limitsOf(catalog));
  if (given.apiKey !== undefined || given.apiKeyFile !== undefined) toEnvironment(given, readKeyFile);
  requireRecord(config, catalog, agent);
  return checkReport({
    catalog,
    agents: [agent],
    tokens: TOKENS,
    json: config.json,
    colour,
    statusTool: config.statusTool,
  });
}

async function serve(config: Config, catalog: Catalog): Promise<void> {
  createPolicy(catalog, config.grants); // a mistake in the grants is told before one in the key
  const { environment, transport } = await openEnvironment(config);
  const agent = toAgent(config, environment.label);
  const policy = createPolicy(catalog, agent.grants);
  requireRecord(config, catalog, agent);
  const confirm = toConfirm(config, environment.label);
  const log = createLog(config.logLevel);
  const record = await openRecord(config);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort(signal));

  const { call, journal } = compose({
    catalog,
    environment,
    send: transport.send,
    settings: config,
    record,
    pending: createPendingStore(systemClock.now),
    log,
    version: VERSION,
  });
  const statusTool = config.statusTool ? createStatusTool(catalog, agent) : undefined;
  const offer = createOffer({
    agent: agent.name,
    catalog,
    policy,
    environment: environment.label,
    confirm,
    statusTool,
  });

  const on = catalog.tools.filter((tool) => offer.tools.has(tool.name));
  await recordStart(record, {
    version: VERSION,
    environment: environment.label,
    agent: agent.name,
    config: configDigest({ ...config, apiKey: undefined }),
    tools: on.length,
    confirm,
    transport: 'stdio',
  });
  const tellHead = createHeadTeller(record, log);
  const heads = setInterval(tellHead, HEAD_INTERVAL).unref();
  log.info(
    { version: VERSION, environment: environment.label, baseUrl: environment.baseUrl, tools: on.length },
    'serving stdio',
  );
  const clientless = environment.clientId === undefined ? on.filter((tool) => tool.needsClientId) : [];
  if (clientless.length > 0) {
    log.warn({ tools: clientless.map((tool) => tool.name) }, 'these tools need WORKOS_CLIENT_ID, which is not set');
  }

  await serveOverStdio({
    factory: () => createServer(offer, call, VERSION),
    stdin: process.stdin,
    stdout: process.stdout,
    stop: stop.signal,
    onRefused: (name, args) => {
      const isThere = offer.tools.has(String(name));
      void journal.refuse(
        name,
        args,
        agent.name,
        isThere ? 'the request is malformed' : 'there is no such tool for the agent',
      );
    },
    onerror: (error) => log.warn({ error: error.message }, 'protocol error'),
  });
  await transport.close();
  clearInterval(heads);
  try {
    await record.append({ kind: 'stop', reason: stop.signal.aborted ? String(stop.signal.reason) : 'the client left' });
    await record.close();
  } catch (error) {
    log.error({ error: error instanceof Error ? error.message : '' }, 'the record is not whole');
  }
  tellHead();
  log.info({}, 'stopped');
  // A client that still holds stdin open must not hold up the exit, nor one that does not read what was answered.
  process.stdout.write('', () => process.exit());
  globalThis.setTimeout(() => process.exit(), FLUSH).unref();
}

/** Where nobody is asked twice whether it was recorded: a production key that may write needs a file, or a word. */
function requireRecord({ auditLog }: Config, catalog: Catalog, { environment, grants }: Agent): void {
  if (environment !== 'production' || auditLog !== undefined) return;
  const policy = createPolicy(catalog, grants);
  if (catalog.tools.some((tool) => tool.access !== 'read' && policy.whyOff(tool) === undefined)) {
    throw new StartError(
      'A production key that may write needs a record of its calls: --audit-log FILE, or --audit-log stderr where your host keeps that.',
    );
  }
}

async function openRecord({ auditLog, auditLogMaxBytes }: Config): Promise<AuditRecord> {
  const run = newRun();
  const now = () => new Date();
  const sink =
    auditLog === undefined || auditLog === 'stderr'
      ? createStderrSink((bytes) => writeSync(2, bytes))
      : await openAuditFile(auditLog, { maxBytes: auditLogMaxBytes, run, now });
  return createAuditRecord({ sink, run, now });
}

/** Writes the first entry: a server that cannot record refuses every call, and is better not started. */
async function recordStart(
  record: AuditRecord,
  start: Omit<Extract<Fields, { kind: 'start' }>, 'kind'>,
): Promise<void> {
  try {
    await record.append({ kind: 'start', ...start });
  } catch (error) {
    if (error instanceof RecordError) throw new StartError(error.message);
    throw error;
  }
}

/** Milliseconds between lines of the log that say how far the record has come, so that nobody can cut its end unseen. */
const HEAD_INTERVAL = 60_000;

function createHeadTeller(record: AuditRecord, log: Log): () => void {
  let told = 0;
  return () => {
    const head = record.head();
    if (head.seq === told) return;
    told = head.seq;
    log.info({ head: toHeadText(head) }, 'record');
  };
}

/** A person's yes is worth more where the customers are. */
function toConfirm({ confirm }: Config, environment: Environment['label']): ConfirmMode {
  return (confirm as ConfirmMode | undefined) ?? (environment === 'production' ? 'strict' : 'auto'); // a choice, checked where it was read
}

async function openEnvironment(config: Config): Promise<{ environment: Environment; transport: Transport }> {
  if (!config.sandbox) {
    const environment = toEnvironment(config, readKeyFile);
    return { environment, transport: createTransport(environment.baseUrl, { ...config, now: systemClock.now }) };
  }
  if (config.expect !== undefined)
    throw new StartError(`--expect ${config.expect} is about a key, and --sandbox has none.`);
  const { openSandbox } = await import('./sandbox/index.ts');
  const sandbox = openSandbox();
  const baseUrl = 'https://sandbox.workos.test';
  return {
    environment: { label: 'sandbox', baseUrl, apiKey: sandbox.apiKey, clientId: sandbox.clientId },
    transport: createInProcessTransport(baseUrl, sandbox.fetch),
  };
}

/** Milliseconds that a client gets to read its last answers. */
const FLUSH = 1_000;

function print(text: string): void {
  if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => {}); // a pipe that is read no further, as by `head`
  process.stdout.write(text);
}

/** A key that was given in the wrong place must not show in what is said about it. */
const withoutKeys = (text: string) => text.replace(/\bsk_\w{6,}/g, 'sk_…');

main().catch((error: unknown) => {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`workos-mcp: ${withoutKeys(error.message)}\n`);
  process.exitCode = 2;
});
