import type { Access, Area, Arguments } from '../../src/catalog/declaration.ts';
import type { Received } from './upstream.ts';

/**
 * What the tests know of one tool, typed by hand. The suites that walk over all tools check its declaration against it.
 * Everything except `opens` has a default, which suits a plain endpoint of the official OpenAPI file.
 */
export type Case = {
  /** The grant that opens it. */
  readonly opens: `${string}:${Access}`;
  /** Does not exist without its area's credentials. */
  readonly needsCredentials?: true;
  /** Arguments that do not exist without them. */
  readonly guarded?: readonly string[];
  /** Values, by the path in the schema, that do not exist without them. */
  readonly narrowed?: {
    readonly path: readonly string[];
    readonly with: readonly string[];
    readonly without: readonly string[];
  };
  /** Arguments that a write grant alone allows, each with the reason why it needs no credentials. */
  readonly plain?: Readonly<Record<string, string>>;
  /** It may not be repeated after an unclear outcome, and no tool tells what it did. */
  readonly untold?: true;
  /** Calls that WorkOS would accept; together they fill every argument. Default: one, of the official file's examples. */
  readonly calls?: readonly Arguments[];
  /** What WorkOS answers. Default: the official file's example. */
  readonly answer?: unknown;
  /** In what its arguments differ from the official file, as `ARGUMENT: KIND`, each with the reason why that is right. */
  readonly differs?: Readonly<Record<string, string>>;
  /** Arguments, or listed values as `ARGUMENT=VALUE`, that only the newest official file has. */
  readonly newer?: readonly string[];
  /** Arguments that only npm's official file has. */
  readonly gone?: readonly string[];
  /** Its call in the sandbox; `absent` if the sandbox lacks the route. Default: the required arguments, as seeded there. */
  readonly sandbox?: SandboxCall | 'absent';
  /** The calls on its page. Default: the call in the sandbox. */
  readonly examples?: readonly Example[];
};

/** The cases of an area: an area whose tools do not all have one does not compile, nor does a case without a tool. */
export type Cases<A extends Area> = Readonly<Record<A['tools'][number]['name'], Case>>;

export type SandboxCall = {
  readonly args: Arguments;
  /** What is sent to WorkOS; `none` for a tool that answers locally. Default: what the official file makes of `args`. */
  readonly sends?: Partial<Received> | 'none';
  /** Default: any success that the official file documents. */
  readonly status?: number;
  /** What the result has to contain. Default: nothing but what the sandbox answered. */
  readonly answers?: Readonly<Record<string, unknown>>;
};

/** One call of a tool, as its page shows it. Each call sees the effects of those before it. */
export type Example = {
  /** What it is for; absent for the plainest call. */
  readonly says?: string;
  readonly args: Arguments;
  /** Repeats the call with the confirm_token of the answer. */
  readonly confirmed?: true;
  /** What a person types when the client asks them to confirm the call. */
  readonly typed?: string;
};
