import * as z from 'zod';
import type { Input } from './declaration.ts';

// What an argument may hold at most where its declaration does not say: far more than WorkOS stores anywhere.
const MAX_CHARS = 10_000;
const MAX_ELEMENTS = 1_000;
const MAX_KEYS = 100;

/** The input with a bound on every text, list and record in it. Clients are not shown the bounds. */
export const withBounds = (input: Input): Readonly<Record<string, z.core.$ZodType>> => mapMembers(input, bounded);

function bounded(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.core.$ZodString) return capped(schema, z.maxLength(MAX_CHARS));
  if (schema instanceof z.core.$ZodArray) {
    const { element } = schema._zod.def;
    return capped(rebuilt(schema, { element: bounded(element) }), z.maxLength(MAX_ELEMENTS));
  }
  if (schema instanceof z.core.$ZodRecord) {
    const { keyType, valueType } = schema._zod.def;
    const inner = rebuilt(schema, { keyType: bounded(keyType), valueType: bounded(valueType) });
    return capped(inner, z.refine(hasFewKeys, `at most ${MAX_KEYS} keys`));
  }
  if (schema instanceof z.core.$ZodObject) {
    return rebuilt(schema, { shape: mapMembers(schema._zod.def.shape, bounded) });
  }
  if (schema instanceof z.core.$ZodUnion) {
    return rebuilt(schema, { options: schema._zod.def.options.map(bounded) });
  }
  if (schema instanceof z.core.$ZodOptional || schema instanceof z.core.$ZodNullable) {
    return rebuilt(schema, { innerType: bounded(schema._zod.def.innerType) });
  }
  return schema;
}

/** With the check, unless its declaration has one of that kind. */
function capped(schema: z.core.$ZodType, check: z.core.$ZodCheck<never>): z.core.$ZodType {
  const { checks = [] } = schema._zod.def;
  const isCapped = checks.some(({ _zod }) => _zod.def.check === check._zod.def.check);
  return isCapped ? schema : rebuilt(schema, { checks: [...checks, check] });
}

const hasFewKeys = (record: object): boolean => Object.keys(record).length <= MAX_KEYS;

const rebuilt = (schema: z.core.$ZodType, part: object): z.core.$ZodType =>
  z.core.clone(schema, { ...schema._zod.def, ...part }, { parent: true });

const mapMembers = <T, U>(members: Readonly<Record<string, T>>, change: (member: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(members).map(([name, member]) => [name, change(member)]));
