import * as z from 'zod';

type Schema = z.core.$ZodType;

/** Parses JSON text; `undefined` for text that is not JSON. */
export type ParseText = (text: string) => { readonly value: unknown } | undefined;

const NOTHING: ParseText = () => undefined;

/**
 * The value that its author meant, by the schema that parses it next. Clients send numbers, booleans, arrays and objects
 * as JSON text, and null for each optional member that a model left out. Text is parsed once: text within it stays text.
 */
export function toMeant(schema: Schema, value: unknown, parse: ParseText): unknown {
  const inner = unwrap(schema);
  if (typeof value === 'string') {
    const parsed = takesText(inner) ? undefined : parse(value);
    return parsed !== undefined && isOfType(inner, parsed.value) ? toMeant(inner, parsed.value, NOTHING) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return inner instanceof z.core.$ZodArray
      ? value.map((element) => toMeant(inner._zod.def.element, element, parse))
      : value;
  }
  if (!(inner instanceof z.core.$ZodObject || inner instanceof z.core.$ZodRecord)) return value;
  const members = Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
    const own = inner instanceof z.core.$ZodObject ? memberOf(inner, name) : inner._zod.def.valueType;
    if (own === undefined) return [[name, member]];
    return member === null && own instanceof z.core.$ZodOptional ? [] : [[name, toMeant(own, member, parse)]];
  });
  return Object.fromEntries(members);
}

function memberOf(object: z.core.$ZodObject, name: string): Schema | undefined {
  const { shape } = object._zod.def;
  return Object.hasOwn(shape, name) ? shape[name] : undefined;
}

function unwrap(schema: Schema): Schema {
  const isWrapped = schema instanceof z.core.$ZodOptional || schema instanceof z.core.$ZodNullable;
  return isWrapped ? unwrap(schema._zod.def.innerType) : schema;
}

/** The types that JSON text may stand for. Every other schema takes text itself. */
const TYPES: readonly (readonly [isOfSchema: (schema: Schema) => boolean, isOfValue: (value: unknown) => boolean])[] = [
  [(schema) => schema instanceof z.core.$ZodNumber, (value) => typeof value === 'number'],
  [(schema) => schema instanceof z.core.$ZodBoolean, (value) => typeof value === 'boolean'],
  [(schema) => schema instanceof z.core.$ZodArray, Array.isArray],
  [
    (schema) => schema instanceof z.core.$ZodObject || schema instanceof z.core.$ZodRecord,
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  ],
];

function takesText(schema: Schema): boolean {
  const inner = unwrap(schema);
  if (inner instanceof z.core.$ZodUnion) return inner._zod.def.options.some(takesText);
  return !TYPES.some(([isOfSchema]) => isOfSchema(inner));
}

function isOfType(schema: Schema, value: unknown): boolean {
  const inner = unwrap(schema);
  if (inner instanceof z.core.$ZodUnion) return inner._zod.def.options.some((option) => isOfType(option, value));
  return TYPES.some(([isOfSchema, isOfValue]) => isOfSchema(inner) && isOfValue(value));
}
