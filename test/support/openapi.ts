import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { memoizeByName } from '../../src/memo.ts';

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
  /** Every documented answer by its status; one without a schema has no body. */
  readonly responses?: Readonly<Record<string, { readonly schema?: Schema }>>;
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

type Content = { readonly content: { readonly 'application/json'?: { readonly schema: Schema } } };

const FILES: readonly [Version, string][] = [
  ['npm', createRequire(import.meta.url).resolve('@workos/openapi-spec/spec')],
  ['0.61.0', join(import.meta.dirname, '../../../shared/api/workos-openapi-0.61.0.yaml')],
];

/** The official OpenAPI files that are here: npm's copy always, the newer one where it lies beside the repository. */
const documents = FILES.filter(([, file]) => existsSync(file)).map(([version, file]) => ({
  version,
  document: readYaml(file),
}));

export const specifications: readonly Specification[] = documents.map(({ version, document }) => {
  const paths = new Map(Object.keys(document.paths).map((path) => [withoutNames(path), path]));
  const inline = createInline(document);
  const operation = (route: string): Operation | undefined => {
    const [method = '', template = ''] = route.split(' ');
    const path = paths.get(withoutNames(template)) ?? '';
    const found = document.paths[path]?.[method.toLowerCase()];
    if (found === undefined) return undefined;
    const { parameters = [], requestBody, responses } = inline(found);
    const answers = Object.entries(responses).map(([status, { content }]) => {
      const schema = content?.['application/json']?.schema ?? {};
      return [status, Object.keys(schema).length === 0 ? {} : { schema }] as const;
    });
    return {
      path,
      parameters,
      body: requestBody?.content['application/json']?.schema,
      // A 202 of a DELETE has a body of which nothing is said.
      answer: answers
        .flatMap(([status, { schema }]) => (status.startsWith('2') && schema !== undefined ? [schema] : []))
        .find((schema) => schema.type === 'array' || membersOf(schema).properties.size > 0),
      responses: Object.fromEntries(answers),
    };
  };
  return { version, operation: memoizeByName(operation) };
});

/** The operation of a route in the first of the official files that has it. */
export const operationOf = (route: string): Operation | undefined =>
  specifications.map(({ operation }) => operation(route)).find((found) => found !== undefined);

/** Parsing the YAML takes a second of processor time: what came of it is kept beside the packages, by its text. */
function readYaml(file: string): Document {
  const text = readFileSync(file, 'utf8');
  const folder = join(import.meta.dirname, '../../node_modules/.cache/workos-mcp');
  const kept = join(folder, `${createHash('sha256').update(text).digest('hex').slice(0, 16)}.json`);
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, 'utf8'));
  const document = parse(text);
  try {
    // Test files that run at the same time may do the same: none reads what another has half written.
    const own = `${kept}-${randomUUID()}`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(own, JSON.stringify(document));
    renameSync(own, kept);
  } catch {
    // A folder that cannot be written to: it takes the second each time.
  }
  return document;
}

function withoutNames(path: string): string {
  return path.replace(/\{\w+\}/g, '{}');
}

/** Replaces references by what they point to. A component is the same object each time, by which Ajv knows it again. */
function createInline(document: Document): <T>(node: T) => T {
  const component = memoizeByName((ref: string): unknown =>
    inline(
      ref
        .split('/')
        .slice(1)
        .reduce<unknown>((inner, key) => Object(inner)[key], document),
    ),
  );
  const inline = <T>(node: T): T =>
    JSON.parse(JSON.stringify(node), (key, value) => {
      // The file repeats some names, which JSON Schema forbids.
      if (key === 'required' && Array.isArray(value)) return [...new Set(value)];
      return typeof value?.$ref === 'string' ? component(value.$ref) : value;
    });
  return inline;
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

const known = new WeakMap<Schema, Members>();

/** The members of an object schema over all its parts and alternatives; the same ones each time it is asked for. */
export function membersOf(schema: Schema): Members {
  const members = known.get(schema) ?? findMembers(schema);
  known.set(schema, members);
  return members;
}

function findMembers(schema: Schema): Members {
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

/** The schema and everything it is composed of. */
export function partsOf(schema: Schema): readonly Schema[] {
  const { allOf = [], anyOf = [], oneOf = [] } = schema;
  return [schema, ...[...allOf, ...anyOf, ...oneOf].flatMap(partsOf)];
}

/** The types that it allows; integers are numbers. */
export function typesOf(schema: Schema): readonly string[] {
  const types = partsOf(schema).flatMap(({ type }) => type ?? []);
  return [...new Set(types.map((type) => (type === 'integer' ? 'number' : type)))];
}
