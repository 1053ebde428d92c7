import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import * as z from 'zod';
import { type ArgumentPlace, placeOf, type Tool } from '../../src/catalog/tool.ts';

/** The part of JSON Schema that is looked into here or written in tests; the rest is Ajv's. */
export type Schema = {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxProperties?: number;
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
  readonly deprecated?: boolean;
  readonly const?: unknown;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
};

export type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
};

/** One operation with every `$ref` replaced by what it points to, so that its schemas stand alone. */
export type Operation = {
  /** As the specification writes it; its placeholders are named otherwise than ours. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  /** The body of a success; undefined where it has none. */
  readonly answer?: Schema | undefined;
};

export type Version = 'npm' | '0.61.0';

export type Specification = {
  readonly version: Version;
  /** The operation of a route, whatever the names of the placeholders. */
  readonly operation: (route: string) => Operation | undefined;
};

type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
};

type OperationObject = {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Partial<Content>>>;
};

type Content = { readonly content: { readonly 'application/json': { readonly schema: Schema } } };

const FILES: readonly [Version, string][] = [
  ['npm', createRequire(import.meta.url).resolve('@workos/openapi-spec/spec')],
  ['0.61.0', join(import.meta.dirname, '../../../shared/api/workos-openapi-0.61.0.yaml')],
];

/** The official OpenAPI files that are here: npm's copy always, the newer one where it lies beside the repository. */
export const specifications: readonly Specification[] = FILES.filter(([, file]) => existsSync(file)).map(
  ([version, file]) => {
    const document: Document = parse(readFileSync(file, 'utf8'));
    const paths = new Map(Object.keys(document.paths).map((path) => [withoutNames(path), path]));
    return {
      version,
      operation: (route) => {
        const [method = '', template = ''] = route.split(' ');
        const path = paths.get(withoutNames(template)) ?? '';
        const found = document.paths[path]?.[method.toLowerCase()];
        if (found === undefined) return undefined;
        const { parameters = [], requestBody, responses } = inline(document, found);
        const successes = Object.entries(responses).filter(([status]) => status.startsWith('2'));
        return {
          path,
          parameters,
          body: requestBody?.content['application/json'].schema,
          // A 202 of a DELETE has a body of which nothing is said.
          answer: successes
            .map(([, success]) => success.content?.['application/json'].schema ?? {})
            .find((schema) => membersOf(schema).properties.size > 0),
        };
      },
    };
  },
);

function withoutNames(path: string): string {
  return path.replace(/\{\w+\}/g, '{}');
}

function inline<T>(document: Document, node: T): T {
  return JSON.parse(JSON.stringify(node), (key, value) => {
    // The file repeats some names, which JSON Schema forbids.
    if (key === 'required' && Array.isArray(value)) return [...new Set(value)];
    if (typeof value?.$ref !== 'string') return value;
    const keys: string[] = value.$ref.split('/').slice(1);
    return inline(
      document,
      keys.reduce((inner, key) => Object(inner)[key], document),
    );
  });
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);

/** What a schema of the specification has against a value; empty when nothing. */
export function faults(schema: Schema, value: unknown): readonly string[] {
  return ajv.validate(schema, value)
    ? []
    : (ajv.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

export type Members = {
  readonly properties: ReadonlyMap<string, Schema>;
  /** Of alternatives, only what all of them require. */
  readonly required: ReadonlySet<string>;
};

/** The members of an object schema over all its parts and alternatives. */
export function membersOf(schema: Schema): Members {
  const parts: Members[] = (schema.allOf ?? []).map(membersOf);
  const properties = new Map<string, Schema[]>();
  const required = new Set(schema.required);
  for (const alternatives of [schema.oneOf ?? [], schema.anyOf ?? []]) {
    const members = alternatives.map(membersOf);
    const [first, ...others] = members.map((alternative) => alternative.required);
    const shared = [...(first ?? [])].filter((name) => others.every((names) => names.has(name)));
    for (const { properties } of members) parts.push({ properties, required: new Set(shared) });
  }
  parts.push({ properties: new Map(Object.entries(schema.properties ?? {})), required });
  for (const part of parts) {
    for (const [name, member] of part.properties) properties.set(name, [...(properties.get(name) ?? []), member]);
    for (const name of part.required) required.add(name);
  }
  return { properties: new Map([...properties].map(([name, members]) => [name, anyOf(members)])), required };
}

function anyOf(schemas: readonly Schema[]): Schema {
  const [first = {}, ...others] = new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values();
  return others.length === 0 ? first : { anyOf: [first, ...others] };
}

/**
 * - `route`: the specification has no such operation
 * - `unknown`: an argument of ours that the specification does not have where we send it
 * - `absent`: an argument of the specification that the tool does not have
 * - `optional`: the specification requires the argument, the tool does not
 * - `accepts`: the tool takes a value that the specification refuses
 * - `refuses`: the tool refuses a value that the specification lists
 */
export type Kind = 'route' | 'unknown' | 'absent' | 'optional' | 'accepts' | 'refuses';

/** `argument` is a dotted path, followed by `=value` where one listed value differs. */
export type Difference = { readonly argument: string; readonly kind: Kind; readonly value?: unknown };

type Side = { readonly ours: Readonly<Record<string, z.ZodType>>; readonly theirs: Members };

/** Everything in which a tool's declaration and the operation of the specification differ. */
export function differences(tool: Tool, operation: Operation | undefined): readonly Difference[] {
  if (operation === undefined) return [{ argument: tool.route, kind: 'route' }];
  const usual = tool.method === 'GET' || tool.method === 'DELETE' ? 'query' : 'body';
  const places: readonly ArgumentPlace[] = ['path', 'query', 'header', 'body'];
  return [
    ...places.flatMap((place) => {
      const side = { ours: oursIn(place, tool), theirs: theirsIn(place, tool, operation) };
      return compareMembers(side, place === 'query' && usual === 'body' ? 'query.' : '');
    }),
    ...constantsOfAlternatives(tool, operation),
  ];
}

/** The arguments that the tool sends in one place, by their names there; constants are arguments of a single value. */
function oursIn(place: ArgumentPlace, tool: Tool): Side['ours'] {
  const constants = Object.entries(tool.constants ?? {}).map(([name, value]): [string, z.ZodType] => [
    name,
    z.literal(typeof value === 'string' ? value : 'from the environment'),
  ]);
  const all = [...Object.entries(tool.input), ...constants].filter(([name]) => placeOf(tool, name) === place);
  return Object.fromEntries(
    all.map(([name, schema]) => [name === tool.idempotencyKey ? 'idempotency-key' : name, schema]),
  );
}

function theirsIn(place: ArgumentPlace, tool: Tool, operation: Operation): Members {
  if (place === 'body') return membersOf(operation.body ?? {});
  const names = (path: string) => path.match(/(?<=\{)\w+/g) ?? [];
  const ourNames = new Map(names(operation.path).map((name, index) => [name, names(tool.path)[index] ?? name]));
  const parameters = operation.parameters
    .filter((parameter) => parameter.in === place)
    .map(({ name, ...rest }) => ({ name: place === 'path' ? (ourNames.get(name) ?? name) : name, ...rest }));
  return {
    properties: new Map(parameters.map(({ name, schema }) => [name, schema])),
    required: new Set(parameters.filter(({ required }) => required).map(({ name }) => name)),
  };
}

function compareMembers({ ours, theirs }: Side, prefix: string): Difference[] {
  const mine = Object.entries(ours).flatMap(([name, schema]): Difference[] => {
    const argument = prefix + name;
    const counterpart = theirs.properties.get(name);
    if (counterpart === undefined) return [{ argument, kind: 'unknown' }];
    const isOptional = schema.safeParse(undefined).success;
    return [
      ...(theirs.required.has(name) && isOptional ? [{ argument, kind: 'optional' } as const] : []),
      ...compare(argument, schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema, counterpart),
    ];
  });
  const absent = [...theirs.properties.keys()].filter((name) => !(name in ours));
  return [...mine, ...absent.map((name): Difference => ({ argument: prefix + name, kind: 'absent' }))];
}

function compare(argument: string, ours: z.ZodType, theirs: Schema): Difference[] {
  const inner = ours instanceof z.ZodNullable ? ours.unwrap() : ours;
  const takes = (value: unknown) => ours.safeParse(value).success;
  const isOutside = (value: unknown) => takes(value) && faults(theirs, value).length > 0;
  const tooMuch = probes(theirs).find(isOutside);
  return [
    ...(tooMuch === undefined ? [] : [{ argument, kind: 'accepts', value: tooMuch } as const]),
    ...listed(z.toJSONSchema(ours, { io: 'input', unrepresentable: 'any' }) as Schema)
      .filter(isOutside)
      .map((value): Difference => ({ argument: `${argument}=${value}`, kind: 'accepts', value })),
    ...listed(theirs)
      .filter((value) => !takes(value))
      .map((value): Difference => ({ argument: `${argument}=${value}`, kind: 'refuses', value })),
    ...(inner instanceof z.ZodObject
      ? compareMembers({ ours: inner.shape, theirs: membersOf(theirs) }, `${argument}.`)
      : []),
    ...(inner instanceof z.ZodArray ? compare(`${argument}[]`, inner.element as z.ZodType, theirs.items ?? {}) : []),
  ];
}

/** The values that a schema lists one by one. */
function listed(schema: Schema): readonly unknown[] {
  const alternatives = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(listed);
  return [...(schema.enum ?? []), ...(schema.const === undefined ? [] : [schema.const]), ...alternatives];
}

/** Values of every type, and values one past each limit that the schema states anywhere. */
function probes(schema: Schema): readonly unknown[] {
  const limits = [...JSON.stringify(schema).matchAll(/"(?:min|max)\w+":(\d+)|\{\d+,(\d+)\}/g)];
  const past = [...new Set(limits.map(([, limit, repeats]) => Number(limit ?? repeats)))].flatMap((limit) => {
    const long = 'k'.repeat(limit + 1);
    const many = Object.fromEntries(Array.from(long, (key, index) => [`${key}${index}`, 'v']));
    return [limit + 1, limit - 1, long, { k: long }, { [long]: 'v' }, many];
  });
  const texts = ['', 'x', 'ä', 'a b', 'a@b', '2025-01-01', '2025-01-01T00:00Z', 'https://a.b/ c'];
  const others = [
    null,
    true,
    -1,
    0,
    1,
    1.5,
    [],
    ['x'],
    [1],
    [null],
    {},
    { k: 1 },
    { k: null },
    { k: {} },
    { 'k ä': 'v' },
  ];
  return [...texts, ...others, ...past];
}

/** The alternatives of a body that a constant of their own tells apart, e.g. `grant_type: 'password'`. */
export function alternativesOf(
  operation: Operation,
): readonly { readonly tag: string; readonly value: string; readonly members: Members }[] {
  return (operation.body?.oneOf ?? []).flatMap((alternative) => {
    const members = membersOf(alternative);
    const [tag] = [...members.properties].filter(([, { const: value }]) => value !== undefined);
    return tag === undefined ? [] : [{ tag: tag[0], value: String(tag[1].const), members }];
  });
}

function constantsOfAlternatives(tool: Tool, operation: Operation): readonly Difference[] {
  const constants = Object.keys(tool.constants ?? {});
  return alternativesOf(operation).flatMap(({ tag, value, members }) =>
    constants
      .filter((name) => !members.properties.has(name))
      .map((name): Difference => ({ argument: `${name} with ${tag}=${value}`, kind: 'unknown' })),
  );
}
