import { membersOf, type Schema, typesOf } from './openapi.ts';

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
