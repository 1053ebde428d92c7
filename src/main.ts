#!/usr/bin/env node
import { readFileSync, writeSync } from 'node:fs';
import { declarations } from '../tools/index.ts';
import type { TokenCounts } from './access.ts';
import { createInProcessTransport } from './api/in-process.ts';
import { systemClock } from './api/limit.ts';
import { createTransport } from './api/transport.ts';
import { createCatalog } from './catalog.ts';
import { type Config, configFileOf, parseConfig } from './config.ts';
import { parseConfigFile } from './config-file.ts';
import { toEnvironment } from './environment.ts';
import type { Connection } from './environments.ts';
import { StartError } from './errors.ts';
import type { Host, Loaded } from './host.ts';
import { startStdio, toAgent } from './start-stdio.ts';

/** Filled in by the build: from package.json, and by counting what each tool costs a model. */
declare const VERSION: string;
declare const TOKENS: TokenCounts;

const argv = process.argv.slice(2);

async function main(): Promise<void> {
  const [first, ...rest] = argv;
  const catalog = createCatalog(declarations);
  if (first === 'audit') {
    const { runAudit } = await import('./audit/command.ts');
    process.exitCode = await runAudit(rest, { write: print, now: () => new Date() });
    return;
  }
  if (first === 'agent') {
    const { runAgent } = await import('./agents/command.ts');
    return runAgent(rest, catalog, print);
  }
  const loaded = await load();
  const { config } = loaded;
  switch (config.command) {
    case 'help':
      return print((await import('./report.ts')).helpText());
    case 'version':
      return print(`${VERSION}\n`);
    case 'tools': {
      const { toolsReport } = await import('./report.ts');
      return print(toolsReport(catalog, toAgent(withKey(config)).grants, config.json, isColourful()));
    }
    case 'check': {
      const { check } = await import('./check.ts');
      return print(await check(loaded, { catalog, host, tokens: TOKENS, colour: isColourful() }));
    }
    case 'explain': {
      const { explainTool } = await import('./explain.ts');
      return print(explainTool(catalog, toAgent(withKey(config)), config.subject, isColourful()));
    }
    case 'audit':
    case 'agent':
      throw new StartError(`The command "${config.command}" comes first: workos-mcp ${config.command} …`);
    case 'http': {
      const { startHttp } = await import('./start-http.ts');
      await startHttp(catalog, host, VERSION);
      return exit();
    }
    case 'serve':
      if (loaded.agents.agents.length + loaded.agents.templates.length > 0) {
        throw new StartError('The --config file has agents, who are served over HTTP: workos-mcp http --config FILE.');
      }
      await startStdio(config, catalog, host, VERSION);
      return exit();
  }
}

const NO_AGENTS: Loaded['agents'] = { environments: [], issuers: [], agents: [], templates: [] };

async function load(): Promise<Loaded> {
  const path = configFileOf(argv, process.env);
  if (path === undefined) return { config: parseConfig(argv, process.env), agents: NO_AGENTS };
  const text = readFile(path, '--config');
  const config = parseConfig(argv, process.env, await parseConfigFile(text, path));
  const { parseAgents } = await import('./agents/config.ts');
  return { config, agents: await parseAgents(text, path) };
}

const host: Host = {
  load,
  connect,
  variable: (name) => process.env[name],
  readFile,
  stdin: process.stdin,
  stdout: process.stdout,
  writeToStderr: (bytes) => writeSync(2, bytes),
  onSignal: (signal, listener) => void process.on(signal, listener),
};

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

async function connect(config: Config): Promise<Connection> {
  if (!config.sandbox) {
    const environment = toEnvironment(config, readKeyFile);
    return { environment, transport: createTransport(environment.baseUrl, { ...config, now: systemClock.now }) };
  }
  const { openSandbox } = await import('./sandbox/index.ts');
  const sandbox = openSandbox();
  const baseUrl = 'https://sandbox.workos.test';
  return {
    environment: { label: 'sandbox', baseUrl, apiKey: sandbox.apiKey, clientId: sandbox.clientId },
    transport: createInProcessTransport(baseUrl, sandbox.fetch),
  };
}

function isColourful(): boolean {
  const { NO_COLOR = '', FORCE_COLOR = '' } = process.env;
  return FORCE_COLOR === '' ? process.stdout.isTTY && NO_COLOR === '' : FORCE_COLOR !== '0';
}

function print(text: string): void {
  // A pipe that is read no further, as by `head`.
  if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => {});
  process.stdout.write(text);
}

/** Milliseconds that a client gets to read its last answers. */
const FLUSH = 1_000;

/** A client that still holds stdin open must not hold up the exit, nor one that does not read what was answered. */
function exit(): void {
  process.stdout.write('', () => process.exit());
  setTimeout(() => process.exit(), FLUSH).unref();
}

/** A key that was given in the wrong place must not show in what is said about it. */
const withoutKeys = (text: string) => text.replace(/\bsk_\w{6,}/g, 'sk_…');

main().catch((error: unknown) => {
  // By name: what is bundled apart has a class of its own.
  if (!(error instanceof Error && error.name === 'StartError')) throw error;
  process.stderr.write(`workos-mcp: ${withoutKeys(error.message)}\n`);
  process.exitCode = 2;
});
