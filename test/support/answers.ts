import * as z from 'zod';
import type { Output } from '../../src/catalog/declaration.ts';
import { toJsonSchema } from '../../src/catalog/json-schema.ts';
import { listItem, marked, toListed } from '../../src/catalog/output.ts';
import { membersOf, partsOf, type Schema, typesOf } from './openapi.ts';

/**
 * Everything in which a declared output and the specification's answer differ, as lines:
 * - `user.name: unknown`: a member of ours that the specification does not have
 * - `connection.options: absent`: a member of the specification that is not declared
 * - `directory.domain=null: accepts` / `refuses`: a type that only ours, or only the specification, allows
 * - `directory_user.emails: deprecated` / `current`: a member that only the specification, or only ours, calls deprecated
 *
 * A member stands behind the kind of its object, which several tools answer with; of an object without one, behind the
 * tool's name.
 */
export function answerDifferences(name: string, output: Output, answer: Schema): readonly string[] {
  const object = toListed(output);
  const { properties = {} } = toJsonSchema(object) as Schema; // JSON Schema by its contract
  const isArray = output instanceof z.ZodArray;
  const mine: Schema = isArray ? (properties.data ?? {}) : { type: 'object', properties };
  const item = listItem(object);
  const theirList = isArray ? answer : (membersOf(answer).properties.get('data') ?? {});
  const theirItem = item === undefined ? answer : itemsOf(theirList);
  const ours = [...marked(item ?? object, ['deprecated'])];
  const theirs = deprecatedIn(theirItem, '');
  const owner = kindOf(theirItem) ?? name;
  return [
    ...compareAnswers(name, mine, answer),
    ...theirs.filter((path) => !ours.includes(path)).map((path) => `${owner}.${path}: deprecated`),
    ...ours.filter((path) => !theirs.includes(path)).map((path) => `${owner}.${path}: current`),
  ];
}

/** What an object calls itself, such as `user`. */
function kindOf(schema: Schema): string | undefined {
  const kind = membersOf(schema).properties.get('object')?.const;
  return typeof kind === 'string' && kind !== 'list' ? kind : undefined;
}

function compareAnswers(path: string, ours: Schema, theirs: Schema): string[] {
  const [mine, their] = [typesOf(ours), typesOf(theirs)];
  const [myMembers, theirMembers] = [membersOf(ours).properties, membersOf(theirs).properties];
  const owner = kindOf(theirs) ?? path;
  return [
    ...mine.filter((type) => !their.includes(type)).map((type) => `${path}=${type}: accepts`),
    ...their.filter((type) => !mine.includes(type)).map((type) => `${path}=${type}: refuses`),
    ...[...theirMembers.keys()].filter((name) => !myMembers.has(name)).map((name) => `${owner}.${name}: absent`),
    ...[...myMembers].flatMap(([name, member]) => {
      const counterpart = theirMembers.get(name);
      return counterpart === undefined
        ? [`${owner}.${name}: unknown`]
        : compareAnswers(`${owner}.${name}`, member, counterpart);
    }),
    ...(mine.includes('array') ? compareAnswers(`${path}[]`, itemsOf(ours), itemsOf(theirs)) : []),
  ];
}

const itemsOf = (schema: Schema): Schema => partsOf(schema).find(({ items }) => items)?.items ?? {};

function deprecatedIn(schema: Schema, path: string): string[] {
  return [...membersOf(schema).properties].flatMap(([name, member]) => {
    if (partsOf(member).some((part) => part.deprecated)) return [path + name];
    return [member, itemsOf(member)].flatMap((inner) => deprecatedIn(inner, `${path}${name}.`));
  });
}
