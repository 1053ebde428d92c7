import * as z from 'zod';
import type { JsonObject } from '../json.ts';
import type { Output } from './declaration.ts';

type Mark = 'detail' | 'implied' | 'deprecated' | 'secret';

type Said = { readonly marks: readonly Mark[]; readonly meaning?: string };

/** A registry of its own: entries of zod's global registry end up in every JSON Schema. */
const SAID = z.registry<Said>();

const saidOf = (member: z.core.$ZodType): Said =>
  SAID.get(member instanceof z.ZodOptional ? member.unwrap() : member) ?? { marks: [] };

/** What is said goes to a copy, so that members can share one schema. */
function say<T extends z.ZodType>(member: T, more: (said: Said) => Partial<Said>): T {
  const copy = member.clone();
  const said = saidOf(member);
  SAID.add(copy, { ...said, ...more(said) });
  return copy;
}

const marking =
  (mark: Mark) =>
  <T extends z.ZodType>(member: T): T =>
    say(member, ({ marks }) => ({ marks: [...marks, mark] }));

/** Marks a member that list items leave out unless it is asked for: bulky, or of no use for telling objects apart. */
export const detail = marking('detail');

/** Marks a member that list items leave out, and descriptions too: the name of the tool says it, or the instructions do. */
export const implied = marking('implied');

/** Marks a member that WorkOS has deprecated; list items leave it out unless it is asked for. */
export const deprecated = marking('deprecated');

/** Marks a member that is shown only to agents with the area's credentials. */
export const secret = marking('secret');

/** A member whose values need a word: the descriptions of the reads that show it have the clause. */
export const explained = <T extends z.ZodType>(member: T, meaning: string): T => say(member, () => ({ meaning }));

/** The answer as agents get it: an array stands in a list. */
export function toListed(output: Output): z.ZodObject {
  if (output instanceof z.ZodObject) return output;
  return z.looseObject({ object: implied(z.string()), data: output }).partial();
}

/** What a list consists of; undefined where the output is one object. */
export function listItem(output: z.ZodObject): z.ZodObject | undefined {
  const data = unwrap(output.shape.data);
  return data instanceof z.ZodArray ? toObject(data) : undefined;
}

/** What a dotted path leads to: a value or several, what has members of its own, or nothing that is declared. */
export function memberAt(output: z.ZodObject, path: string): 'value' | 'object' | undefined {
  const names = path.split('.');
  let at: z.core.$ZodType | undefined = listItem(output) ?? output;
  for (const [index, name] of names.entries()) {
    if (at instanceof z.ZodRecord) return names.slice(index).includes('') ? undefined : 'value';
    if (!(at instanceof z.ZodObject) || !Object.hasOwn(at.shape, name)) return undefined;
    at = element(at.shape[name]);
  }
  return at instanceof z.ZodObject || at instanceof z.ZodRecord ? 'object' : 'value';
}

function element(member: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  const inner = unwrap(member);
  return inner instanceof z.ZodArray ? element(inner.element) : inner;
}

/** The names of the members of the object, or of a list's items. */
export function knownFields(output: z.ZodObject): readonly string[] {
  return Object.keys((listItem(output) ?? output).shape);
}

/**
 * The members that items of a list leave out unless asked for. Those of inner objects, in arrays or not, are dotted
 * paths: `domains.verification_token`.
 */
export function omittedFromLists(item: z.ZodObject): ReadonlySet<string> {
  return marked(item, ['detail', 'implied', 'deprecated']);
}

/** What the description of a read says of its answer: what members mean, and what a list leaves out that agents may ask for. */
export function sentencesOn(output: z.ZodObject): readonly string[] {
  const item = listItem(output);
  const shown = item ?? output;
  const omitted = item === undefined ? new Set<string>() : omittedFromLists(item);
  const walk = (object: z.ZodObject, path: string): string[] =>
    Object.entries(object.shape).flatMap(([name, member]) => {
      if (omitted.has(path + name)) return [];
      const { meaning } = saidOf(member);
      const inner = toObject(member);
      return [
        ...(meaning === undefined ? [] : [`${path}${name}: ${meaning}.`]),
        ...(inner === undefined ? [] : walk(inner, `${path}${name}.`)),
      ];
    });
  const leftOut = Object.entries(shown.shape).flatMap(([name, member]) => {
    const { marks } = saidOf(member);
    return omitted.has(name) && marks.every((mark) => mark === 'detail') ? [name] : [];
  });
  return [...walk(shown, ''), ...(leftOut.length === 0 ? [] : [`Only with fields: ${leftOut.join(', ')}.`])];
}

/** The members that are secrets, as dotted paths. */
export function secretsIn(output: z.ZodObject): ReadonlySet<string> {
  return marked(output, ['secret']);
}

/** All members, as dotted paths. */
export function membersIn(output: z.ZodObject): ReadonlySet<string> {
  const walk = (object: z.ZodObject, path: string): string[] =>
    Object.entries(object.shape).flatMap(([name, member]) => {
      const inner = toObject(member);
      return [path + name, ...(inner === undefined ? [] : walk(inner, `${path}${name}.`))];
    });
  return new Set(walk(output, ''));
}

export function marked(output: z.ZodObject, marks: readonly Mark[]): ReadonlySet<string> {
  const walk = (object: z.ZodObject, path: string): string[] =>
    Object.entries(object.shape).flatMap(([name, member]) => {
      if (saidOf(member).marks.some((mark) => marks.includes(mark))) return [path + name];
      const inner = toObject(member);
      return inner === undefined ? [] : walk(inner, `${path}${name}.`);
    });
  return new Set(walk(output, ''));
}

/**
 * Makes what takes out of an item what is omitted and what says nothing: nulls, empty objects and arrays, a plural of
 * one element that its singular says too (`role`, `roles`), and IDs by which the list was filtered. The first three at
 * any depth. Items of inner arrays keep their number.
 * @param filters the arguments of the call
 */
export function concise(
  omitted: ReadonlySet<string>,
  filters: JsonObject = {},
): (item: JsonObject) => Record<string, unknown> {
  /** By the name of the member: an argument is called `organization_id`, or `directory` for `directory_id`. */
  const given = new Map(
    Object.entries(filters).map(([name, value]) => [name.endsWith('_id') ? name : `${name}_id`, value]),
  );
  // Loops rather than chains: a walk does this to thousands of items.
  const thin = (value: unknown, path: string): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    return Array.isArray(value) ? value.map((element) => thin(element, path)) : thinObject(value, path);
  };
  const thinObject = (value: object, path: string): Record<string, unknown> => {
    const kept: Record<string, unknown> = {};
    for (const name in value) {
      const member = (value as JsonObject)[name]; // JSON: an object with unknown members
      const place = path + name;
      if (member === null || omitted.has(place)) continue;
      if (path === '' && typeof member === 'string' && given.get(name) === member) continue;
      if (Array.isArray(member) && isTwin(name, member, value)) continue;
      const inner = typeof member === 'object' ? thin(member, `${place}.`) : member;
      // Assigning to this name would set the prototype.
      if (name === '__proto__') Object.defineProperty(kept, name, { value: inner, enumerable: true });
      else if (!saysNothing(inner)) kept[name] = inner;
    }
    return kept;
  };
  return (item) => thinObject(item, '');
}

function isTwin(name: string, [only, ...more]: readonly unknown[], value: object): boolean {
  if (only === undefined || more.length > 0 || !name.endsWith('s')) return false;
  const singular = (value as JsonObject)[name.slice(0, -1)]; // JSON: an object with unknown members
  return singular !== undefined && JSON.stringify(singular) === JSON.stringify(only);
}

function saysNothing(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** The object that a member is or has as its elements. */
function toObject(member: z.core.$ZodType | undefined): z.ZodObject | undefined {
  const inner = unwrap(member);
  if (inner instanceof z.ZodArray) return toObject(inner.element);
  return inner instanceof z.ZodObject ? inner : undefined;
}

function unwrap(member: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  return member instanceof z.ZodOptional || member instanceof z.ZodNullable ? unwrap(member.unwrap()) : member;
}
