import { StartError } from '../errors.ts';
import type { EnvironmentConfig } from '../settings/agents-config.ts';
import type { Config } from '../settings/config.ts';
import { toEnvironment } from '../settings/environment.ts';
import type { KeyedEnvironment } from '../workos/environment.ts';
import { proxyFor, type Variable } from '../workos/proxy.ts';
import { createTransport, type Transport } from '../workos/transport.ts';

/** An environment and the transport of its requests. */
export type EnvironmentConnection = { readonly environment: KeyedEnvironment; readonly transport: Transport };

export type ConnectDeps = {
  readonly config: Config;
  readonly variable: Variable;
  readonly readKeyFile: (path: string) => string;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
};

/** Connects on first use. @throws StartError for a proxy that cannot be used */
export function toTransport(
  { baseUrl }: KeyedEnvironment,
  { config, variable, now }: Pick<ConnectDeps, 'config' | 'variable' | 'now'>,
): Transport {
  return createTransport(baseUrl, { ...config, now, proxy: proxyFor(baseUrl, variable) });
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
  const environment = toEnvironment(opening, readKeyFile, {
    apiKey: apiKeyEnv ?? `environments.${name}.api-key-env`,
    apiKeyFile: `environments.${name}.api-key-file`,
    clientId: `environments.${name}.client-id`,
    baseUrl: `environments.${name}.base-url`,
  });
  return { environment, transport: toTransport(environment, deps) };
}
