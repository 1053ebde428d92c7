import type { Readable, Writable } from 'node:stream';
import type { ProcessUser } from '../files/file-owner.ts';
import type { BytePool } from '../memory/byte-pool.ts';
import type { AgentsConfig } from '../settings/agents-config.ts';
import type { Config } from '../settings/config.ts';
import type { Env } from '../settings/sources.ts';
import type { EnvironmentConnection } from './connection.ts';

/** The current settings and agents of the configuration file. */
export type Loaded = { readonly config: Config; readonly agents: AgentsConfig };

/** The parts of the process that the program may use. */
export type Shell = {
  /** The command-line arguments, without Node and the program. */
  readonly argv: readonly string[];
  readonly env: Env;
  /** The absolute paths of Node and of this program's `main.js`. */
  readonly program: { readonly node: string; readonly main: string };
  /** Of this program, and of Node. */
  readonly version: string;
  readonly node: string;
  /**
   * Whether serve/direct/ answers what it can without the SDK. To remove that folder, remove the lines that read this:
   * only speed changes.
   */
  readonly isDirect: boolean;
  /** Tokens that tools may cost before --list auto lists a core only. */
  readonly listBudget: number;
  readonly readText: (path: string) => string;
  readonly user: ProcessUser;
  readonly stdin: Readable;
  /** Whether stdin is a terminal: a person has started the program, and no client. */
  readonly isTyped: boolean;
  readonly stdout: Writable;
  /** Writes to stdout, for people or for a program in a pipe. */
  readonly print: (text: string) => void;
  readonly isColourful: () => boolean;
  /** Characters in a line of the terminal that stdout is, if it is one. */
  readonly columns: () => number | undefined;
  /** Writes bytes synchronously and returns how many were written. Throws EAGAIN if the pipe is full. */
  readonly writeToStderr: (bytes: Uint8Array) => number;
  readonly onSignal: (signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', listener: () => void) => void;
};

/** Runs a part of the program and resolves to the exit code. Throws StartError. */
export type Part = (shell: Shell) => Promise<number>;

/** The process and its configuration, for a server that runs in it. */
export type Host = Pick<
  Shell,
  'user' | 'isDirect' | 'listBudget' | 'stdin' | 'isTyped' | 'stdout' | 'writeToStderr' | 'onSignal'
> & {
  /** Reads the configuration again. Throws StartError if it is not valid. */
  readonly load: () => Promise<Loaded>;
  /** The environment that the flat settings name. Throws StartError for a missing or malformed key. */
  readonly connect: (config: Config) => Promise<EnvironmentConnection>;
  /** Where the answers of WorkOS find room, those of all environments. */
  readonly answers: BytePool;
  readonly variable: (name: string) => string | undefined;
  /** Throws StartError if the file cannot be read, or if other users could change it. */
  readonly readFile: (path: string, what: string) => string;
};
