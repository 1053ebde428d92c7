import type * as z from 'zod';
import { listItem, marked, toOutputSchema } from '../../src/catalog/output.ts';
import { membersOf, type Schema } from './openapi.ts';

/**
 * Everything in which a declared output, as it is published, and the specification's answer differ, as lines:
 * - `data[].name: unknown`: a member of ours that the specification does not have
 * - `options: absent`: a member of the specification that is not declared
 * - `name=null: accepts` / `refuses`: a type that only ours, or only the specification, allows
 * - `status: deprecated` / `current`: a member that only the specification, or only ours, calls deprecated
 */
export function answerDifferences(output: z.ZodObject, answer: Schema): readonly string[] {
  const { notes: _, ...properties } = (toOutputSchema(output) as Schema).properties ?? {}; // JSON Schema by its contract
  const item = listItem(output);
  const theirItem = item === undefined ? answer : itemsOf(membersOf(answer).properties.get('data') ?? {});
  const ours = [...marked(item ?? output, ['deprecated'])];
  const theirs = deprecatedIn(theirItem, '');
  return [
    ...compareAnswers('', { type: 'object', properties }, answer),
    ...theirs.filter((path) => !ours.includes(path)).map((path) => `${path}: deprecated`),
    ...ours.filter((path) => !theirs.includes(path)).map((path) => `${path}: current`),
  ];
}

function compareAnswers(path: string, ours: Schema, theirs: Schema): string[] {
  const [mine, their] = [typesOf(ours), typesOf(theirs)];
  const [myMembers, theirMembers] = [membersOf(ours).properties, membersOf(theirs).properties];
  const inner = path === '' ? '' : `${path}.`;
  return [
    ...mine.filter((type) => !their.includes(type)).map((type) => `${path}=${type}: accepts`),
    ...their.filter((type) => !mine.includes(type)).map((type) => `${path}=${type}: refuses`),
    ...[...theirMembers.keys()].filter((name) => !myMembers.has(name)).map((name) => `${inner}${name}: absent`),
    ...[...myMembers].flatMap(([name, member]) => {
      const counterpart = theirMembers.get(name);
      return counterpart === undefined
        ? [`${inner}${name}: unknown`]
        : compareAnswers(inner + name, member, counterpart);
    }),
    ...(mine.includes('array') ? compareAnswers(`${path}[]`, itemsOf(ours), itemsOf(theirs)) : []),
  ];
}

/** The schema and everything it is composed of. */
function partsOf(schema: Schema): readonly Schema[] {
  const { allOf = [], anyOf = [], oneOf = [] } = schema;
  return [schema, ...[...allOf, ...anyOf, ...oneOf].flatMap(partsOf)];
}

function typesOf(schema: Schema): readonly string[] {
  const types = partsOf(schema).flatMap(({ type }) => type ?? []);
  return [...new Set(types.map((type) => (type === 'integer' ? 'number' : type)))];
}

const itemsOf = (schema: Schema): Schema => partsOf(schema).find(({ items }) => items)?.items ?? {};

function deprecatedIn(schema: Schema, path: string): string[] {
  return [...membersOf(schema).properties].flatMap(([name, member]) => {
    if (partsOf(member).some((part) => part.deprecated)) return [path + name];
    return [member, itemsOf(member)].flatMap((inner) => deprecatedIn(inner, `${path}${name}.`));
  });
}

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
