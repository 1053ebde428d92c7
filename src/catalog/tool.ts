import * as z from 'zod';
import type { Declared } from '../secrets.ts';
import { toJsonSchema } from './json-schema.ts';
import { listItem, membersIn, omittedFromLists, secretsIn, toOutputSchema } from './output.ts';
import { converted, type JsonSchema } from './prebuilt.ts';
import { CONFIRM_TOKEN, FIELDS, MAX_ITEMS, OWN } from './server-arguments.ts';

/** What a tool does to WorkOS, as grants see it: reads, creates or updates, deletes. */
export type Access = 'read' | 'write' | 'delete';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Method and path template as the WorkOS reference writes them: `GET /organizations/{organization_id}`. */
export type Route = `${Method} /${string}`;

/** Where an argument travels in the HTTP request, or that it is the server's own. */
export type Place = 'path' | 'query' | 'body' | 'header' | 'server';

export type Input = Readonly<Record<string, z.ZodType>>;
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

/** One WorkOS environment: the key that opens it and where it is served. */
export type Environment = {
  readonly label: 'sandbox' | 'staging' | 'production';
  readonly baseUrl: string;
  readonly apiKey: string;
  /** The environment's Client ID (`client_…`); only sign-in tools need it. */
  readonly clientId: string | undefined;
};

type Placeholder<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;

type Parsed<I extends Input> = z.infer<z.ZodObject<I>>;

/**
 * One endpoint. Arguments are placed by rule: those named in the route go into the path; of the rest, GET and DELETE
 * send the query, other methods a JSON body. Everything optional is an exception to a rule.
 */
export type Declaration<R extends Route = Route, I extends Input = Input> = {
  /** `verb_noun`, snake_case, at most 40 characters (limits of Claude Desktop and Cursor). */
  readonly name: string;
  readonly route: R;
  readonly access: Access;
  readonly description: string;
  /** Every argument by its wire name; each placeholder of the route must be among them. */
  readonly input: I & Readonly<Record<Placeholder<R>, z.ZodType>>;
  /** What WorkOS answers with on success; absent where the answer has no body. */
  readonly output?: z.ZodObject;
  /**
   * Arguments by which an agent could become somebody else or vouch for who somebody is: secrets, and such as decide
   * about identity. Without its area's credentials grant they do not exist; where one is required, nor does the tool.
   */
  readonly credentials?: {
    readonly secrets?: readonly (keyof I & string)[];
    readonly identity?: readonly (keyof I & string)[];
    /** What stands in for such an argument without the grant, in place of nothing. */
    readonly narrowed?: Input;
  };
  /** Body members that the server sends itself; never arguments. A local tool gets them beside its arguments. */
  readonly constants?: Readonly<Record<string, string | typeof CLIENT_ID | typeof API_KEY>>;
  /** Documented limits tighter than the area's. */
  readonly limits?: readonly Limit[];
  /** Spends something with its first attempt, such as a one-time code: never sent twice, whatever the answer. */
  readonly once?: true;
  /** The argument sent as `Idempotency-Key`; made up when absent, so that repeating an attempt is safe. */
  readonly idempotencyKey?: keyof I & string;
  /** Rules across arguments: a sentence that names the fields for each one broken, `false` for each one kept. */
  readonly check?: (args: Parsed<I>) => readonly (string | false)[];
  /** What a person is shown before a call goes out that deletes, or that carries one of the arguments above. */
  readonly preview?: {
    /** The tool that reads the object by the arguments in the route. */
    readonly object: string;
    /** The member that names it to people. */
    readonly named: string;
    /** What hangs on it: tools that list, by the argument that takes its ID. */
    readonly dependents?: Readonly<Record<string, string>>;
  };
  /** The read that tells whether a call whose answer was lost took effect. */
  readonly toldBy?: string;
  /** What to do next about an error code of WorkOS's that belongs to this endpoint. */
  readonly nextSteps?: Readonly<Record<string, string>>;
  /** Answers from the arguments and constants alone, without a request to WorkOS. */
  readonly local?: (args: Parsed<I>, environment: Environment) => Record<string, unknown>;
};

export type Area = {
  readonly name: string;
  readonly title: string;
  /** What its objects are, with the prefixes of their IDs and what they belong to: one clause, for models. */
  readonly meaning: string;
  /** Documented limits that the area's GETs, and its other requests, share. */
  readonly limits?: { readonly get: Limit; readonly other: Limit };
  readonly tools: readonly Declaration[];
};

/** A declaration with everything that follows from it. */
export type Tool = Declaration & {
  readonly area: string;
  readonly title: string;
  readonly method: Method;
  readonly path: string;
  /** Reads arguments. Made on first use and kept, as are the schemas of arguments and answer as clients see them. */
  readonly schema: () => z.ZodObject;
  readonly jsonSchema: () => JsonSchema;
  readonly outputJsonSchema: () => JsonSchema | undefined;
  /** What tells its arguments from those of all other tools, and of other forms of it. */
  readonly form: string;
  readonly annotations: {
    readonly title: string;
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  /**
   * Whether a request may be sent again: never, only where it took no effect for sure, or also after an unknown
   * outcome. Follows from HTTP, never from `access`.
   */
  readonly repeat: 'never' | 'refused' | 'unknown';
  /** The documented limits that a call counts in, the most specific one last. */
  readonly allLimits: readonly Limit[];
  /** Whether the server can follow its cursors. */
  readonly paginated: boolean;
  readonly needsCredentials: boolean;
  /** What the answer's declaration says of secrets. */
  readonly declared: () => Declared;
  /** Members that the answer's list items leave out unless asked for, as dotted paths. */
  readonly omittedMembers: () => ReadonlySet<string>;
  /** Whether the credentials grant makes any difference to it, in arguments or answers. */
  readonly handlesCredentials: boolean;
  readonly needsClientId: boolean;
  /** The tool as agents without its area's credentials grant have it, where that makes a difference to its arguments. */
  readonly restricted?: Tool;
  /** The tool as clients have it that may be unable to ask a person, where some of its calls wait for a confirmation. */
  readonly confirmed?: Tool;
  /** The arguments that such a tool lacks, and those of which it takes fewer values. */
  readonly lacking: readonly string[];
  readonly narrowed: readonly string[];
  /** Whether some of its calls wait for a confirmation. */
  readonly confirmable: boolean;
};

export const CLIENT_ID = Symbol('WORKOS_CLIENT_ID');
export const API_KEY = Symbol('WORKOS_API_KEY');

/** The identity function that types `check`, `local` and `credentials` by the tool's own input. */
export function tool<R extends Route, I extends Input>(declaration: Declaration<R, I>): Declaration {
  // The parameter of `check` and `local` is narrower than Declaration's; callers hand them what `schema` has parsed.
  return declaration as unknown as Declaration;
}

/** Groups the declarations of one area; its name is the left side of its grants. */
export function area(declaration: Area): Area {
  return declaration;
}

export function toTool(area: Omit<Area, 'tools' | 'meaning'>, declaration: Declaration): Tool {
  const { secrets = [], identity = [], narrowed = {} } = declaration.credentials ?? {};
  const guarded = [...secrets, ...identity];
  const needsCredentials = guarded.some(
    (name) => !Object.hasOwn(narrowed, name) && !isOptional(declaration.input[name]),
  );
  const { output } = declaration;
  const secretMembers = new Set(output && converted(`${declaration.name}, secrets`, () => [...secretsIn(output)]));
  let shown: ReadonlySet<string> | undefined;
  const derived = derive(area, declaration);
  const tool = {
    ...derived,
    needsCredentials,
    handlesCredentials: guarded.length > 0 || secretMembers.size > 0,
    declared: () => {
      shown ??= output === undefined ? new Set() : membersIn(output);
      return { secrets: secretMembers, shown };
    },
  };
  if (guarded.length === 0 || needsCredentials) return withConfirmed(tool);
  const open = Object.entries(derived.input).filter(([name]) => !guarded.includes(name));
  const restricted = {
    ...withInput(tool, { ...Object.fromEntries(open), ...narrowed }, 'restricted'),
    lacking: guarded.filter((name) => !Object.hasOwn(narrowed, name)),
    narrowed: Object.keys(narrowed),
    confirmable: tool.confirmable && declaration.access === 'delete',
  };
  return { ...withConfirmed(tool), restricted: withConfirmed(restricted) };
}

const withConfirmed = (tool: Tool): Tool =>
  tool.confirmable ? { ...tool, confirmed: withInput(tool, { ...tool.input, ...CONFIRM_TOKEN }, 'confirmed') } : tool;

/** The tool with other arguments; `form` says how they differ. */
function withInput(tool: Tool, input: Input, form: string): Tool {
  return { ...tool, input, ...toSchemas(input, `${tool.form}, ${form}`) };
}

/** What follows from a declaration whoever is to have the tool. */
function derive(
  area: Omit<Area, 'tools' | 'meaning'>,
  declaration: Declaration,
): Omit<Tool, 'needsCredentials' | 'handlesCredentials' | 'declared'> {
  const [method, path] = declaration.route.split(' ') as [Method, string]; // Route's type guarantees one space
  const { access, output } = declaration;
  const paginated = Object.hasOwn(declaration.input, 'after');
  const input: Input = {
    ...declaration.input,
    ...(paginated && MAX_ITEMS),
    ...(method === 'GET' && output && !declaration.local && FIELDS),
  };
  const title = toTitle(declaration.name);
  const constants = Object.values(declaration.constants ?? {});
  const safe = method !== 'POST' && method !== 'PATCH';
  let outputJson: JsonSchema | undefined;
  let omitted: ReadonlySet<string> | undefined;
  return {
    ...declaration,
    input,
    area: area.name,
    title,
    method,
    path,
    ...toSchemas(input, declaration.name),
    outputJsonSchema: () => {
      outputJson ??= output && converted(`${declaration.name}, answer`, () => toOutputSchema(output));
      return outputJson;
    },
    omittedMembers: () => {
      const item = output && listItem(output);
      omitted ??= item === undefined ? new Set() : omittedFromLists(item);
      return omitted;
    },
    annotations: {
      title,
      readOnlyHint: access === 'read' && method === 'GET',
      destructiveHint: method !== 'GET' && method !== 'POST',
      idempotentHint: safe,
      openWorldHint: declaration.local === undefined,
    },
    repeat: declaration.once ? 'never' : safe || declaration.idempotencyKey !== undefined ? 'unknown' : 'refused',
    allLimits: [area.limits?.[method === 'GET' ? 'get' : 'other'] ?? [], declaration.limits ?? []].flat(),
    paginated,
    lacking: [],
    narrowed: [],
    confirmable: declaration.preview !== undefined,
    needsClientId: constants.includes(CLIENT_ID),
  };
}

function toSchemas(input: Input, form: string): Pick<Tool, 'schema' | 'jsonSchema' | 'form'> {
  let made: z.ZodObject | undefined;
  let json: JsonSchema | undefined;
  const schema = () => {
    made ??= z.strictObject(input);
    return made;
  };
  return {
    form,
    schema,
    jsonSchema: () => {
      json ??= converted(form, () => toJsonSchema(schema()));
      return json;
    },
  };
}

/** The argument's place in the HTTP request, by the placement rule. */
export function placeOf(tool: Tool, argument: string): Place {
  if (tool.path.includes(`{${argument}}`)) return 'path';
  if (Object.hasOwn(OWN, argument)) return 'server';
  if (tool.idempotencyKey === argument) return 'header';
  return tool.method === 'GET' || tool.method === 'DELETE' ? 'query' : 'body';
}

const ACRONYMS: ReadonlySet<string> = new Set(['sso', 'url', 'mfa', 'id']);

function toTitle(name: string): string {
  const words = name.split('_').map((word) => (ACRONYMS.has(word) ? word.toUpperCase() : word));
  const [first = '', ...rest] = words;
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(' ');
}

function isOptional(schema: z.ZodType | undefined): boolean {
  return schema === undefined || schema instanceof z.ZodOptional;
}
