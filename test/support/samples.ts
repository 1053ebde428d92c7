import type { Arguments } from '../../src/catalog/declaration.ts';
import { placeOf, type Tool, wireName } from '../../src/catalog/tool.ts';
import { theirsIn } from './differences.ts';
import { membersOf, operationOf, type Schema, typesOf } from './openapi.ts';

const TEXTS: Readonly<Record<string, string>> = {
  'date-time': '2026-01-05T10:00:00.000Z',
  email: 'ada@example.com',
  uri: 'https://example.com/',
};

/** A value by the examples of the specification, with every member that it knows. */
export function sample(schema: Schema): unknown {
  const { example, const: constant, enum: [first] = [], items } = schema;
  const given = example ?? constant ?? first;
  if (given !== undefined) return given;
  const { properties } = membersOf(schema);
  if (properties.size > 0) return Object.fromEntries([...properties].map(([name, member]) => [name, sample(member)]));
  const [alternative] = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  if (alternative !== undefined) return sample(alternative);
  if (items !== undefined) return [sample(items)];
  const type = typesOf(schema).find((type) => type !== 'null');
  const text = TEXTS[schema.format ?? ''] ?? 'x';
  return type === 'object' ? { key: 'value' } : type === 'boolean' ? true : type === 'number' ? 1 : type ? text : null;
}

/** A call with every argument of a tool, by the examples of the official file that has its operation. */
export function sampleCall(tool: Tool): Arguments {
  const operation = operationOf(tool.route);
  const names = Object.keys(tool.input).filter((name) => placeOf(tool, name) !== 'server');
  return Object.fromEntries(
    names.map((name) => {
      const place = placeOf(tool, name);
      const theirs = operation && theirsIn(place, tool, operation).properties;
      const schema = theirs?.get(name === tool.idempotencyKey ? 'idempotency-key' : wireName(tool, name));
      const value = schema && sample(schema);
      if (schema === undefined || tool.input[name]?.safeParse(value).success === false)
        throw new Error(`The official file has no example of ${name} that ${tool.name} takes: its case needs calls.`);
      return [name, value];
    }),
  );
}
