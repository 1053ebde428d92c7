#!/usr/bin/env node
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { declarations } from '../tools/index.ts';
import { createInProcessTransport } from './api/in-process.ts';
import { limit, systemClock } from './api/limit.ts';
import { authorize } from './api/pipeline.ts';
import { retry } from './api/retry.ts';
import { createTransport, type Transport } from './api/transport.ts';
import { createCall } from './call.ts';
import { type Catalog, createCatalog } from './catalog.ts';
import { type Config, configFileOf, parseConfig } from './config.ts';
import { parseConfigFile } from './config-file.ts';
import { toEnvironment, toGrants } from './environment.ts';
import { StartError } from './errors.ts';
import { toLimitSettings } from './limits.ts';
import { createLog } from './log.ts';
import { createPolicy } from './policy.ts';
import { helpText, toolsReport } from './report.ts';
import { serveOverStdio } from './serve/stdio.ts';
import { createServerFactory } from './server.ts';
import type { Environment } from './tool.ts';

/** Filled in by the build from package.json. */
declare const VERSION: string;

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  const path = configFileOf(argv, process.env);
  const config = parseConfig(
    argv,
    process.env,
    path === undefined ? {} : await parseConfigFile(readFile(path, '--config'), path),
  );
  const catalog = createCatalog(declarations);
  switch (config.command) {
    case 'help':
      return print(helpText());
    case 'version':
      return print(`${VERSION}\n`);
    case 'tools':
      return print(toolsReport(catalog, toGrants(withKey(config)), config.json));
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

/** The settings with the key that a file holds: what may be done depends on its kind. */
function withKey(config: Config): Config {
  const { apiKey, apiKeyFile } = config;
  if (apiKey !== undefined || apiKeyFile === undefined) return config;
  return { ...config, apiKey: readFile(apiKeyFile, 'WORKOS_API_KEY_FILE') };
}

async function serve(config: Config, catalog: Catalog): Promise<void> {
  createPolicy(catalog, config.grants); // a mistake in the grants is told before one in the key
  const { environment, transport } = await openEnvironment(config);
  const policy = createPolicy(catalog, toGrants(config, environment.label));
  const log = createLog(config.logLevel);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

  const send = retry({ ...systemClock, random: Math.random, sleep })(
    limit(systemClock)(authorize(environment.apiKey, `workos-mcp/${VERSION}`)(transport.send)),
  );
  const limits = toLimitSettings(config.limits, [catalog.general, ...catalog.tools.flatMap((tool) => tool.allLimits)]);
  const call = createCall({
    environment,
    settings: { ...config, limits },
    general: catalog.general,
    send,
    log,
    newKey: randomUUID,
    now: systemClock.now,
  });
  const factory = createServerFactory({ catalog, policy, call, environment, version: VERSION });

  const on = catalog.tools.filter((tool) => policy.whyOff(tool) === undefined);
  log.info(
    { version: VERSION, environment: environment.label, baseUrl: environment.baseUrl, tools: on.length },
    'serving stdio',
  );
  const clientless = environment.clientId === undefined ? on.filter((tool) => tool.needsClientId) : [];
  if (clientless.length > 0) {
    log.warn({ tools: clientless.map((tool) => tool.name) }, 'these tools need WORKOS_CLIENT_ID, which is not set');
  }

  await serveOverStdio({
    factory,
    stdin: process.stdin,
    stdout: process.stdout,
    stop: stop.signal,
    onerror: (error) => log.warn({ error: error.message }, 'protocol error'),
  });
  await transport.close();
  log.info({}, 'stopped');
  // A client that still holds stdin open must not hold up the exit, nor one that does not read what was answered.
  process.stdout.write('', () => process.exit());
  globalThis.setTimeout(() => process.exit(), FLUSH).unref();
}

async function openEnvironment(config: Config): Promise<{ environment: Environment; transport: Transport }> {
  if (!config.sandbox) {
    const environment = toEnvironment(config, (path) => readFile(path, 'WORKOS_API_KEY_FILE'));
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

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => {});
}

function print(text: string): void {
  process.stdout.on('error', () => {}); // a pipe that is read no further, as by `head`
  process.stdout.write(text);
}

/** A key that was given in the wrong place must not show in what is said about it. */
const withoutKeys = (text: string) => text.replace(/\bsk_\w{6,}/g, 'sk_…');

main().catch((error: unknown) => {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`workos-mcp: ${withoutKeys(error.message)}\n`);
  process.exitCode = 2;
});
