import { withConfirmToken } from '../../src/access/confirmation.ts';
import { knownFields } from '../../src/catalog/output.ts';
import { placeOf, type Tool } from '../../src/catalog/tool.ts';
import { code, listed, table } from './docs-markdown.ts';

/** The subset of JSON Schema that tools are published in. */
type Schema = {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
};

/** More values than these would burst the table. */
const MANY = 8;

/** A tool's arguments as a table, with the values of long enumerations beneath it. */
export function argumentsOf(tool: Tool): string {
  const full = withConfirmToken(tool).jsonSchema() as Schema;
  if (Object.keys(full.properties ?? {}).length === 0) return 'No arguments.\n';
  const long: string[] = [];
  const rows = membersOf(full, '').map(({ path, schema, required }) => {
    if (schema.enum !== undefined && schema.enum.length > MANY)
      long.push(`${code(path)}: ${listed(schema.enum, 'or')}.\n`);
    const said = [schema.description, ...remarks(tool, path)].filter((text) => text !== undefined).join('. ');
    return [code(path), toType(schema), required ? 'yes' : '', said];
  });
  return [table(['argument', 'type', 'required', 'meaning'], rows), ...long].join('\n');
}

function* members(schema: Schema, path: string): Generator<{ path: string; schema: Schema; required: boolean }> {
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const place = `${path}${name}`;
    yield { path: place, schema: member, required: schema.required?.includes(name) ?? false };
    yield* members(member, `${place}.`);
    if (member.items !== undefined) yield* members(member.items, `${place}[].`);
  }
}

const membersOf = (schema: Schema, path: string) => [...members(schema, path)];

function toType(schema: Schema): string {
  const { type = 'any', anyOf, enum: values, items, additionalProperties, minimum, maximum } = schema;
  if (anyOf !== undefined) return anyOf.map(toType).join(' or ');
  if (values !== undefined) return values.length > MANY ? `one of ${values.length}` : listed(values, 'or');
  if (items !== undefined) return `list of ${toType(items).replace(/^(string|object)$/, '$1s')}`;
  if (additionalProperties !== undefined) return `pairs of string and ${toType(additionalProperties)}`;
  if (maximum !== undefined) return `${type}, ${minimum ?? 1}–${maximum}`;
  if (minimum !== undefined) return `${type}, ${minimum} or more`;
  return type;
}

/** What grants and flags make of an argument. */
function remarks(tool: Tool, path: string): readonly string[] {
  if (path === 'confirm_token') return ['Exists with `--confirm auto` only'];
  if (placeOf(tool, path) === 'preview') return ['Not sent: it tells where the object is'];
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  if (![...secrets, ...identity].includes(path)) return [];
  const credentials = code(`${tool.area}:credentials`);
  if (!tool.restricted?.narrowed.includes(path)) return tool.needsCredentials ? [] : [`Takes ${credentials}`];
  const narrow = membersOf(tool.restricted.jsonSchema() as Schema, '').filter((member) => member.path.startsWith(path));
  const values = narrow.flatMap(({ schema }) => schema.enum ?? []);
  return [`Without ${credentials} only ${listed(values, 'or')}`];
}

/** The members of a tool's answer, or of its list's items: those shown at first, and those that `fields` shows besides. */
export function fieldsOf(tool: Tool): {
  readonly shown: readonly string[];
  readonly more: readonly string[];
} {
  const names = tool.output === undefined ? [] : knownFields(tool.output);
  const omitted = tool.omittedMembers();
  return {
    shown: names.filter((name) => !omitted.has(name)),
    more: names.filter((name) => omitted.has(name)),
  };
}
