import type { Environment } from '../catalog/declaration.ts';

/** A WorkOS environment with what opens it. Only what sends requests, or hides the key, has a use for it. */
export type KeyedEnvironment = Environment & {
  readonly apiKey: string;
  /** The environment's Client ID (`client_…`); only sign-in tools need it. */
  readonly clientId: string | undefined;
};
