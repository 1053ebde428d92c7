import type * as z from 'zod';
import type { Verb } from '../verbs.ts';
import type { LookFirst, Pace, PreviewPlan } from './asking.ts';

/** What a tool does to WorkOS, as grants see it: reads, creates or updates, deletes. */
export type Access = 'read' | 'write' | 'delete';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Method and path template as the WorkOS reference writes them: `GET /organizations/{organization_id}`. */
export type Route = `${Method} /${string}`;

export type Input = Readonly<Record<string, z.ZodType>>;

/** The body of an answer: an object, or an array of objects. */
export type Output = z.ZodObject | z.ZodArray<z.ZodObject>;

export type Arguments = Readonly<Record<string, unknown>>;

/** A documented rate limit: at most so many requests in any window of so many seconds. */
export type Limit = {
  /** What `--limit NAME=REQUESTS/SECONDS` calls it. */
  readonly name: string;
  readonly requests: number;
  readonly seconds: number;
  /** Arguments whose every value has a window of its own; the first one given counts. Without: one window for all. */
  readonly by?: readonly string[];
  /**
   * Arguments that name an object within such a window: answers carry the window's value in `member`. Where no answer
   * has told yet, the request counts in every window.
   */
  readonly within?: { readonly arguments: readonly string[]; readonly member: string };
};

/** Types of events about one kind of object. */
export type EventKind = {
  /** The area that the object belongs to. This server may have no tool of it. */
  readonly area: string;
  /** The tool that reads the object. An agent is shown these types only where it has that tool. */
  readonly reader: string;
  readonly types: readonly string[];
  /**
   * Members of the payload that belong to it, besides those that the reader's answer declares: what they hold is shown.
   * Dotted paths name members that are shown although they are called like secrets.
   */
  readonly own?: readonly string[];
  /** Members that are secrets, besides those that the reader's answer declares: other tools of the area show them. */
  readonly secrets?: readonly string[];
  /** Other objects within the payload, by the member that holds them, with the tool that reads them. */
  readonly parts?: Readonly<Record<string, string>>;
};

/** The server's own tool that waits for the events that another tool lists. Prompts may name it. */
export const WAIT_TOOL = 'wait_for_events';

/** One WorkOS environment as a declaration may know it: without what opens it. */
export type Environment = {
  readonly label: 'sandbox' | 'staging' | 'production';
  readonly baseUrl: string;
};

type Placeholder<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;

/** `verb_noun`. The verb is one of which the record can make a sentence. */
export type ToolName = `${Verb}_${string}`;

type Parsed<I extends Input> = z.infer<z.ZodObject<I>>;

/** Where an argument goes that the rule would place otherwise. `preview`: it is never sent, and only helps to find the object. */
export type DeclaredPlace = 'query' | 'body' | 'preview';

/**
 * One endpoint. Arguments are placed by rule: those named in the route go into the path; of the rest, GET and DELETE
 * send the query, other methods a JSON body. Everything optional is an exception to a rule.
 */
export type Declaration<R extends Route = Route, I extends Input = Input, Name extends ToolName = ToolName> = {
  /** Snake_case, at most 40 characters (limits of Claude Desktop and Cursor). */
  readonly name: Name;
  readonly route: R;
  readonly access: Access;
  /**
   * What it does, of no argument that some agents lack. What reads show of their answers is added: the meaning of
   * `explained` members, and what a list leaves out.
   */
  readonly description: string;
  /** Every argument by its wire name; each placeholder of the route must be among them. */
  readonly input: I & Readonly<Record<Placeholder<R>, z.ZodType>>;
  /** Arguments that go elsewhere than the rule says. */
  readonly in?: { readonly [Argument in keyof I & string]?: DeclaredPlace };
  /** What WorkOS calls an argument whose name here is another: a placeholder and a body member may share a name there. */
  readonly wire?: { readonly [Argument in keyof I & string]?: string };
  /**
   * What a call does where the method does not tell: a POST that changes nothing (`none`), or that ends or takes away
   * something (`ends`). Hints, dry runs and the record follow it.
   */
  readonly effect?: 'none' | 'ends';
  /**
   * What WorkOS answers with on success; absent where the answer has no body. A tool's result has to be an object: an
   * array reaches agents as lists do, `{ object: 'list', data: [...] }`, and is treated as they are.
   */
  readonly output?: Output;
  /**
   * Arguments with which an agent could act as another user or vouch for a user's identity: secrets, and arguments that
   * decide identity. Without the area's credentials grant they do not exist, nor does a tool that requires one.
   */
  readonly credentials?: {
    /** Why the whole tool needs the grant, though none of its required arguments does: a clause after "because". */
    readonly whole?: string;
    readonly secrets?: readonly (keyof I & string)[];
    readonly identity?: readonly (keyof I & string)[];
    /** Replaces such an argument without the grant, instead of removing it. */
    readonly narrowed?: Input;
    /** Sentences that end the description with the grant: what is said of such arguments. */
    readonly description?: string;
  };
  /** Body members that the server sends itself; never arguments. A local tool gets them beside its arguments. */
  readonly constants?: Readonly<Record<string, string | typeof CLIENT_ID | typeof API_KEY>>;
  /** Documented limits tighter than the area's. */
  readonly limits?: readonly Limit[];
  /** The first attempt spends something, such as a one-time code: never retried, not even after a 429. */
  readonly once?: true;
  /** WorkOS documents that a second time changes nothing, though the method does not say so. */
  readonly repeats?: 'documented';
  /** The argument sent as `Idempotency-Key`; generated if absent, so that a retry is safe. */
  readonly idempotencyKey?: keyof I & string;
  /** Arguments of which WorkOS demands exactly one, or at least one. An empty value of one of them is an error. */
  readonly exactlyOne?: readonly (keyof I & string)[];
  readonly atLeastOne?: readonly (keyof I & string)[];
  /** Arguments of which WorkOS takes at most one, group by group. */
  readonly exclusive?: readonly (readonly (keyof I & string)[])[];
  /** Filters that WorkOS compares letter by letter: an empty list for one with capitals says so. */
  readonly caseSensitive?: readonly (keyof I & string)[];
  /** Other rules across arguments: a sentence that names the fields for each one broken, `false` for each one kept. */
  readonly check?: (args: Parsed<I>) => readonly (string | false)[];
  /** The preview that a person is shown before a delete, or before another call that waits for a confirmation. */
  readonly preview?: PreviewPlan<keyof I & string>;
  /**
   * Calls that wait for a confirmation besides deletes and those with one of the arguments above: all, or those of an
   * agent that has made many.
   */
  readonly confirm?: 'always' | { readonly beyond: Pace };
  /** What is read first, and decides whether a call waits for a confirmation, needs the credentials grant, or is refused. */
  readonly before?: LookFirst;
  /** Its items are events: what they may be about, and who is shown them. */
  readonly events?: readonly EventKind[];
  /** The read that tells whether a call whose answer was lost took effect. */
  readonly toldBy?: string;
  /** What people call it beside its name and description, for `find_tools` alone. */
  readonly words?: string;
  /** Shown by tools/list where not all tools are: one of those that most tasks begin with. Never a delete. */
  readonly listed?: true;
  /** What to do next about an error code of WorkOS's that belongs to this endpoint, or about a status. */
  readonly nextSteps?: Readonly<Record<string, string>>;
  /** Answers from the arguments and constants alone, without a request to WorkOS. */
  readonly local?: (
    args: Parsed<I>,
    environment: Environment,
  ) => Record<string, unknown> | Promise<Record<string, unknown>>;
};

export type Area<Name extends ToolName = ToolName> = {
  readonly name: string;
  readonly title: string;
  /** What its objects are, with the prefixes of their IDs and what they belong to: one clause, for models. */
  readonly meaning: string;
  /**
   * What its tools change decides how people sign in who are not named in the call: all of an organization or a domain,
   * say. An approver whom the same environment signs in may not say yes to that.
   */
  readonly signIn?: true;
  /** Documented limits that the area's GETs, and its other requests, share. */
  readonly limits?: { readonly get: Limit; readonly other: Limit };
  readonly tools: readonly Declaration<Route, Input, Name>[];
};

export const CLIENT_ID = Symbol('WORKOS_CLIENT_ID');

export const API_KEY = Symbol('WORKOS_API_KEY');

/** What a declaration that answers locally may say of constants: the key is for WorkOS alone. */
type WithoutKey = { readonly constants?: Readonly<Record<string, string | typeof CLIENT_ID>> };

/**
 * The identity function that types `check`, `local` and `credentials` by the tool's own input. Of the type only the name
 * is kept, by which tests demand a case of each tool.
 */
export function tool<R extends Route, I extends Input, const Name extends ToolName>(
  declaration: Declaration<R, I, Name> & (WithoutKey | { readonly local?: never }),
): Declaration<Route, Input, Name> {
  // The parameters of `check` and `local`, and the names of arguments, are narrower than Declaration's; callers hand them
  // what `schema` has parsed.
  return declaration as unknown as Declaration<Route, Input, Name>;
}

/** Groups the declarations of one area; its name is the left side of its grants. */
export function area<const Name extends ToolName>(declaration: Area<Name>): Area<Name> {
  return declaration;
}
