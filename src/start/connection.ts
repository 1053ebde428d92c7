import { StartError } from '../errors.ts';
import type { BytePool } from '../memory/byte-pool.ts';
import type { EnvironmentConfig } from '../settings/agents-config.ts';
import type { Config } from '../settings/config.ts';
import { type EnvironmentSettingNames, toEnvironment } from '../settings/environment.ts';
import type { KeyedEnvironment } from '../workos/environment.ts';
import { proxyFor, type Variable } from '../workos/proxy.ts';
import { createTransport, type Transport } from '../workos/transport.ts';

/** An environment and the transport of its requests. */
export type EnvironmentConnection = { readonly environment: KeyedEnvironment; readonly transport: Transport };

export type ConnectDeps = {
  readonly config: Config;
  readonly variable: Variable;
  readonly readKeyFile: (path: string) => string;
  readonly answers: BytePool;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
};

/** Connects on first use. @throws StartError for a proxy that cannot be used */
export function toTransport(
  { baseUrl }: KeyedEnvironment,
  { config, variable, answers, now }: Omit<ConnectDeps, 'readKeyFile'>,
): Transport {
  return createTransport(baseUrl, { ...config, answers, now, proxy: proxyFor(baseUrl, variable) });
}

/**
 * The connection to an environment of the file, made on first use.
 * @throws StartError for a key that is missing or malformed, or a proxy that cannot be used
 */
export function toConnection(given: EnvironmentConfig, deps: ConnectDeps): EnvironmentConnection {
  const { config, variable, readKeyFile } = deps;
  const { name, apiKeyEnv, apiKeyFile, clientId, expect } = given;
  const apiKey = apiKeyEnv === undefined ? undefined : variable(apiKeyEnv);
  if (apiKeyEnv !== undefined && (apiKey ?? '') === '') {
    throw new StartError(`environments.${name}: the variable ${apiKeyEnv}, which should hold its key, is not set.`);
  }
  const opening = { apiKey, apiKeyFile, clientId, baseUrl: given.baseUrl ?? config.baseUrl, expect };
  const names = namesIn(name);
  const environment = toEnvironment(opening, readKeyFile, { ...names, apiKey: apiKeyEnv ?? names.apiKey });
  return { environment, transport: toTransport(environment, deps) };
}

/** What the settings of an environment are called in the file. */
export const namesIn = (environment: string): EnvironmentSettingNames => ({
  apiKey: `environments.${environment}.api-key-env`,
  apiKeyFile: `environments.${environment}.api-key-file`,
  clientId: `environments.${environment}.client-id`,
  baseUrl: `environments.${environment}.base-url`,
});
