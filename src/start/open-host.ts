import { systemClock } from '../clock.ts';
import { StartError } from '../errors.ts';
import { whyUnsafe } from '../files/file-owner.ts';
import { createBytePool } from '../memory/byte-pool.ts';
import { type Config, configFileOf, toConfig } from '../settings/config.ts';
import { toEnvironment } from '../settings/environment.ts';
import { readSources } from '../settings/sources.ts';
import { createInProcessTransport } from '../workos/in-process.ts';
import { type EnvironmentConnection, toTransport } from './connection.ts';
import type { Host, Loaded, Shell } from './host.ts';

const NO_AGENTS: Loaded['agents'] = { environments: [], issuers: [], agents: [], templates: [], approvers: [] };

/** Bytes of all large answers of WorkOS that are read at a time. */
const ANSWERS_BYTES = 16_777_216;

/** Why a file cannot be read, behind its name. */
function whyUnreadable(code: unknown): string {
  switch (code) {
    case 'ENOENT':
      return 'does not exist.';
    case 'EISDIR':
      return 'is a folder.';
    case 'EACCES':
      return 'may not be read by this user.';
    default:
      return `cannot be read (${String(code ?? 'unknown')}).`;
  }
}

/** @param reader loads the reader of configuration files; called only if there is a file */
export function openHost(shell: Shell, reader: () => Promise<typeof import('../settings/read-file.ts')>): Host {
  const { argv, env, user, isDirect, listBudget, readText, stdin, isTyped, stdout, writeToStderr, onSignal } = shell;
  const readFile = (path: string, what: string) => {
    try {
      const reason = whyUnsafe(path, user);
      if (reason !== undefined) throw new StartError(`${what}: ${path}: ${reason}.`);
      return readText(path);
    } catch (error) {
      if (error instanceof StartError) throw error;
      throw new StartError(`${what}: ${path} ${whyUnreadable(Object(error).code)}`);
    }
  };
  const readKeyFile = (path: string) => readFile(path, 'WORKOS_API_KEY_FILE');
  const variable = (name: string) => env[name];
  const answers = createBytePool(ANSWERS_BYTES);

  const load = async (): Promise<Loaded> => {
    const sources = readSources(argv, env);
    const path = configFileOf(sources);
    if (path === undefined) return { config: toConfig(sources), agents: NO_AGENTS };
    const text = readFile(path, '--config');
    const { readSettingsFile, toAgents, toGiven } = await reader();
    const file = await readSettingsFile(text, path);
    return { config: toConfig(sources, toGiven(file)), agents: toAgents(file) };
  };

  const connect = async (config: Config): Promise<EnvironmentConnection> => {
    if (!config.sandbox) {
      const environment = toEnvironment(config, readKeyFile);
      return { environment, transport: toTransport(environment, { config, variable, answers, now: systemClock.now }) };
    }
    const { openSandbox } = await import('../../sandbox/index.ts');
    const sandbox = openSandbox();
    const baseUrl = 'https://sandbox.workos.test';
    return {
      environment: { label: 'sandbox', baseUrl, apiKey: sandbox.apiKey, clientId: sandbox.clientId },
      transport: createInProcessTransport(baseUrl, sandbox.fetch),
    };
  };

  return {
    load,
    connect,
    answers,
    variable,
    readFile,
    user,
    isDirect,
    listBudget,
    stdin,
    isTyped,
    stdout,
    writeToStderr,
    onSignal,
  };
}

/** The settings with the key from its file: the kind of the key decides what is allowed. */
export function withKey(config: Config, host: Host): Config {
  const { apiKey, apiKeyFile } = config;
  if (apiKey !== undefined || apiKeyFile === undefined) return config;
  return { ...config, apiKey: host.readFile(apiKeyFile, 'WORKOS_API_KEY_FILE') };
}
