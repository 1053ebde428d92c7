import type { Environment } from '../catalog/tool.ts';
import { StartError } from '../errors.ts';
import { DEFAULT_ENVIRONMENT, type EnvironmentConfig } from '../settings/agents-config.ts';
import type { Config } from '../settings/config.ts';
import { toEnvironment } from '../settings/environment.ts';
import { createTransport, type Transport } from '../workos/transport.ts';
import { type ComposeDeps, type Composed, compose } from './compose.ts';

/** A WorkOS environment with all that is needed to call it. */
export type Opened = Composed & { readonly environment: Environment };

/** Where an environment's requests go. */
export type Connection = { readonly environment: Environment; readonly transport: Transport };

export type Environments = {
  /**
   * Those of a configuration, by name. One whose key and address have not changed stays as it was, with its rate limits
   * and connections.
   */
  readonly open: (connections: ReadonlyMap<string, Connection>) => ReadonlyMap<string, Opened>;
  /** Closes the connections of all. */
  readonly close: () => Promise<void>;
};

export type EnvironmentsDeps = Omit<ComposeDeps, 'environment' | 'name' | 'send' | 'shared'> & {
  readonly sharedOf: (environment: Environment) => ComposeDeps['shared'];
};

export function createEnvironments({ sharedOf, ...deps }: EnvironmentsDeps): Environments {
  const opened = new Map<string, { opened: Opened; transport: Transport }>();
  const keyOf = (name: string, { apiKey, baseUrl, clientId }: Environment) =>
    JSON.stringify([name, apiKey, baseUrl, clientId]);
  return {
    open: (connections) =>
      new Map(
        [...connections].map(([name, { environment, transport }]) => {
          const key = keyOf(name, environment);
          const known = opened.get(key);
          if (known !== undefined) return [name, known.opened];
          const composed = compose({
            ...deps,
            environment,
            name: nameOf(name, environment),
            send: transport.send,
            shared: sharedOf(environment),
          });
          const fresh = { ...composed, environment };
          opened.set(key, { opened: fresh, transport });
          return [name, fresh];
        }),
      ),
    close: async () => {
      await Promise.all([...opened.values()].map(({ transport }) => transport.close()));
    },
  };
}

/** What the record calls an environment: there may be several of a kind. */
const nameOf = (name: string, { label }: Environment): string =>
  name === label || name === DEFAULT_ENVIRONMENT ? label : `${name} (${label})`;

export type ConnectDeps = {
  readonly config: Config;
  readonly variable: (name: string) => string | undefined;
  readonly readKeyFile: (path: string) => string;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
};

/**
 * The connection to an environment of the file, made on first use.
 * @throws StartError for a key that is missing or malformed
 */
export function toConnection(
  given: EnvironmentConfig,
  { config, variable, readKeyFile, now }: ConnectDeps,
): Connection {
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
  return { environment, transport: createTransport(environment.baseUrl, { ...config, now }) };
}
