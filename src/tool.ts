import * as z from 'zod';

/** What a tool does to WorkOS, as grants see it: reads, creates or updates, deletes. */
export type Access = 'read' | 'write' | 'delete';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Method and path template as the WorkOS reference writes them: `GET /organizations/{organization_id}`. */
export type Route = `${Method} /${string}`;

/** Where an argument travels in the HTTP request. */
export type Place = 'path' | 'query' | 'body' | 'header';

export type Input = Readonly<Record<string, z.ZodType>>;
export type Arguments = Readonly<Record<string, unknown>>;

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
  /** Arguments by which an agent can become somebody else. Where one is required, the tool needs the credentials grant. */
  readonly credentials?: readonly (keyof I & string)[];
  /** Body or query members that the server sends itself; never arguments. */
  readonly constants?: Readonly<Record<string, string | typeof CLIENT_ID | typeof API_KEY>>;
  /** The argument sent as `Idempotency-Key`; made up when absent, so that repeating an attempt is safe. */
  readonly idempotencyKey?: keyof I & string;
  /** Rules across arguments: a sentence that names the fields for each one broken, `false` for each one kept. */
  readonly check?: (args: Parsed<I>) => readonly (string | false)[];
  /** What to do next about an error code of WorkOS's that belongs to this endpoint. */
  readonly nextSteps?: Readonly<Record<string, string>>;
  /** Answers from the arguments and constants alone, without a request to WorkOS. */
  readonly local?: (args: Parsed<I>, environment: Environment) => Record<string, unknown>;
};

export type Area = {
  readonly name: string;
  readonly title: string;
  readonly tools: readonly Declaration[];
};

/** A declaration with everything that follows from it. */
export type Tool = Declaration & {
  readonly area: string;
  readonly title: string;
  readonly method: Method;
  readonly path: string;
  readonly schema: z.ZodObject;
  /** The input schema as clients see it, made on first use and kept. */
  readonly jsonSchema: () => Readonly<Record<string, unknown>>;
  readonly annotations: {
    readonly title: string;
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  /** Whether an attempt with unknown outcome may be sent again: follows from HTTP, never from `access`. */
  readonly repeatable: boolean;
  readonly needsCredentials: boolean;
  readonly needsClientId: boolean;
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

export function toTool(area: string, declaration: Declaration): Tool {
  const [method, path] = declaration.route.split(' ') as [Method, string]; // Route's type guarantees one space
  const { access, input } = declaration;
  const title = toTitle(declaration.name);
  const constants = Object.values(declaration.constants ?? {});
  const schema = z.strictObject(input);
  let jsonSchema: Readonly<Record<string, unknown>> | undefined;
  return {
    ...declaration,
    area,
    title,
    method,
    path,
    schema,
    jsonSchema: () => {
      jsonSchema ??= Object.freeze(toJsonSchema(schema));
      return jsonSchema;
    },
    annotations: {
      title,
      readOnlyHint: access === 'read' && method === 'GET',
      destructiveHint: method !== 'GET' && method !== 'POST',
      idempotentHint: method !== 'POST' && method !== 'PATCH',
      openWorldHint: declaration.local === undefined,
    },
    repeatable: (method !== 'POST' && method !== 'PATCH') || declaration.idempotencyKey !== undefined,
    needsCredentials: declaration.credentials?.some((name) => !isOptional(input[name])) ?? false,
    needsClientId: constants.includes(CLIENT_ID),
  };
}

/** The argument's place in the HTTP request, by the placement rule. */
export function placeOf(tool: Tool, argument: string): Place {
  if (tool.path.includes(`{${argument}}`)) return 'path';
  if (tool.idempotencyKey === argument) return 'header';
  return tool.method === 'GET' || tool.method === 'DELETE' ? 'query' : 'body';
}

/**
 * The subset of JSON Schema that every client and model API takes. What is left out here (patterns, lengths, closed
 * objects) still holds when arguments are parsed.
 */
function toJsonSchema(schema: z.ZodObject): Record<string, unknown> {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input' });
  port(json);
  return json;
}

/**
 * Gemini refuses `const`, `propertyNames` and type arrays, OpenAI most formats; patterns cost tokens and help no model.
 * It runs on zod's finished schema: zod turns unions into type arrays only after its own `override` hook.
 */
function port(json: z.core.JSONSchema.BaseSchema): void {
  for (const keyword of ['pattern', 'format', 'minLength', 'maxLength', 'propertyNames', 'minItems'] as const) {
    delete json[keyword];
  }
  if (json.additionalProperties === false) delete json.additionalProperties;
  if (Array.isArray(json.type)) {
    json.anyOf = json.type.map((type) => ({ type }));
    delete json.type;
  }
  // z.int() states the safe integers as bounds.
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
  const inner = [...Object.values(json.properties ?? {}), json.items, json.additionalProperties, ...(json.anyOf ?? [])];
  for (const schema of inner.flat()) if (typeof schema === 'object' && schema !== null) port(schema);
}

const ACRONYMS: ReadonlySet<string> = new Set(['sso', 'url', 'mfa', 'id']);

function toTitle(name: string): string {
  const words = name.split('_').map((word) => (ACRONYMS.has(word) ? word.toUpperCase() : word));
  const [first = '', ...rest] = words;
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(' ');
}

function isOptional(schema: z.ZodType | undefined): boolean {
  return schema?.safeParse(undefined).success ?? true;
}
