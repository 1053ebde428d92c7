import type { PendingStore } from '../call/confirm/pending.ts';
import { DEFAULT_ENVIRONMENT } from '../settings/agents-config.ts';
import type { KeyedEnvironment } from '../workos/environment.ts';
import type { Transport } from '../workos/transport.ts';
import { type ComposeDeps, type Composed, compose } from './compose.ts';
import type { EnvironmentConnection } from './connection.ts';

/** A WorkOS environment with everything needed to call it. */
export type OpenEnvironment = Composed & { readonly environment: KeyedEnvironment };

export type Environments = {
  /**
   * Opens the environments of a configuration, by name. One whose key, address and Client ID have not changed is
   * reused, with its rate limits and connections.
   */
  readonly open: (connections: ReadonlyMap<string, EnvironmentConnection>) => ReadonlyMap<string, OpenEnvironment>;
  /** Closes the connections of all. */
  readonly close: () => Promise<void>;
};

export type EnvironmentsDeps = Omit<
  ComposeDeps,
  'environment' | 'name' | 'environmentName' | 'send' | 'shared' | 'pending'
> & {
  readonly sharedOf: (environment: KeyedEnvironment) => ComposeDeps['shared'];
  readonly pendingOf: (environment: KeyedEnvironment) => PendingStore;
};

export function createEnvironments({ sharedOf, pendingOf, ...deps }: EnvironmentsDeps): Environments {
  const opened = new Map<string, { opened: OpenEnvironment; transport: Transport }>();
  const keyOf = (name: string, { apiKey, baseUrl, clientId }: KeyedEnvironment) =>
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
            environmentName: name,
            send: transport.send,
            shared: sharedOf(environment),
            pending: pendingOf(environment),
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

/** The name of an environment in the record: there may be several of one kind. */
const nameOf = (name: string, { label }: KeyedEnvironment): string =>
  name === label || name === DEFAULT_ENVIRONMENT ? label : `${name} (${label})`;
