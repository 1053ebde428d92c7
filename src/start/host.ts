import type { Readable, Writable } from 'node:stream';
import type { AgentsConfig } from '../settings/agents-config.ts';
import type { Config } from '../settings/config.ts';
import type { Env } from '../settings/sources.ts';
import type { EnvironmentConnection } from './connection.ts';

/** Settings and agents as the configuration file has them now. */
export type Loaded = { readonly config: Config; readonly agents: AgentsConfig };

/** The process, as far as anything in it gets hold of that. */
export type Shell = {
  /** What stands behind the name of the program. */
  readonly argv: readonly string[];
  readonly env: Env;
  /** The absolute paths of Node and of this program's `main.js`. */
  readonly program: { readonly node: string; readonly main: string };
  /** Of this program, and of Node. */
  readonly version: string;
  readonly node: string;
  /**
   * Whether serve/direct/ answers past the SDK what it can. The lines that ask for this are all that there is to remove
   * with that folder, and what changes then is speed alone.
   */
  readonly isDirect: boolean;
  readonly readText: (path: string) => string;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** Prints for people, or for the program behind a pipe. */
  readonly print: (text: string) => void;
  readonly isColourful: () => boolean;
  /** Writes bytes at once and returns how many were written. Throws EAGAIN where the reader is behind. */
  readonly writeToStderr: (bytes: Uint8Array) => number;
  readonly onSignal: (signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', listener: () => void) => void;
};

/** What a part of the program runs as: resolves to the exit code. Throws StartError. */
export type Part = (shell: Shell) => Promise<number>;

/** What the process lends to what runs in it. */
export type Host = Pick<Shell, 'isDirect' | 'stdin' | 'stdout' | 'writeToStderr' | 'onSignal'> & {
  /** Reads the configuration anew. Throws StartError where it is broken. */
  readonly load: () => Promise<Loaded>;
  /** The environment that the flat settings name. Throws StartError for a missing or malformed key. */
  readonly connect: (config: Config) => Promise<EnvironmentConnection>;
  readonly variable: (name: string) => string | undefined;
  /** Throws StartError where it cannot. */
  readonly readFile: (path: string, what: string) => string;
};
