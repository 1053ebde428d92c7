import type { Readable, Writable } from 'node:stream';
import type { AgentsConfig } from './agents/config.ts';
import type { Config } from './config.ts';
import type { Connection } from './environments.ts';

/** Settings and agents as the configuration file has them now. */
export type Loaded = { readonly config: Config; readonly agents: AgentsConfig };

/** What the process lends to what runs in it. */
export type Host = {
  /** Reads the configuration anew. Throws StartError where it is broken. */
  readonly load: () => Promise<Loaded>;
  /** The environment that the flat settings name. Throws StartError for a missing or malformed key. */
  readonly connect: (config: Config) => Promise<Connection>;
  readonly variable: (name: string) => string | undefined;
  /** Throws StartError where it cannot. */
  readonly readFile: (path: string, what: string) => string;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Writes bytes at once and returns how many went out. */
  readonly writeToStderr: (bytes: Uint8Array) => number;
  readonly onSignal: (signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', listener: () => void) => void;
};
