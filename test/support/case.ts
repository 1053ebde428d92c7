import type { Access, Area, Arguments } from '../../src/catalog/declaration.ts';
import type { Received } from './upstream.ts';

/**
 * What the tests know of one tool, typed by hand: the suites that walk over all tools hold its declaration against it.
 * Everything but `opens` has a default, which does for a plain endpoint of the official OpenAPI file.
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
  /** Arguments that a write grant alone sets, each with the reason why none makes an agent somebody else. */
  readonly plain?: Readonly<Record<string, string>>;
  /** No tool tells what it did, although it may not be repeated after an unclear outcome. */
  readonly untold?: true;
  /** Calls that WorkOS would take, which together fill every argument. Else one, of the official file's own samples. */
  readonly calls?: readonly Arguments[];
  /** What WorkOS answers. Else the official file's own sample. */
  readonly answer?: unknown;
  /** In what its arguments differ from the official file, as `ARGUMENT: KIND`, each with the reason why that is right. */
  readonly differs?: Readonly<Record<string, string>>;
  /** Arguments, or listed values as `ARGUMENT=VALUE`, that only the newest official file has. */
  readonly newer?: readonly string[];
  /** Its call in the sandbox, or that the sandbox does not serve the route. Else the required arguments, as it has them. */
  readonly sandbox?: SandboxCall | 'absent';
  /** The calls on its page. Else that in the sandbox. */
  readonly examples?: readonly Example[];
};

/** The cases of an area: an area whose tools do not all have one does not compile, nor does a case without a tool. */
export type Cases<A extends Area> = Readonly<Record<A['tools'][number]['name'], Case>>;

export type SandboxCall = {
  readonly args: Arguments;
  /** What leaves for WorkOS, `none` for a tool that answers by itself. Else what the official file makes of the arguments. */
  readonly sends?: Partial<Received> | 'none';
  /** Else one that the official file has. */
  readonly status?: number;
  /** Else what the sandbox says. */
  readonly answers?: Readonly<Record<string, unknown>>;
};

/** One call of a tool, as its page shows it. Each sees what those before it did. */
export type Example = {
  /** What it is for; without, the tool's plainest call. */
  readonly says?: string;
  readonly args: Arguments;
  /** Repeats the call with the confirm_token of the answer. */
  readonly confirmed?: true;
  /** What the person types whom the client asks to confirm the call. */
  readonly typed?: string;
};
