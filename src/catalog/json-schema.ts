import * as z from 'zod';

/**
 * A schema as clients see it: the subset of JSON Schema that every client and model API accepts. Constraints that are
 * left out here (patterns, lengths, long enumerations, closed objects) still apply when a value is parsed.
 */
export function toJsonSchema(schema: z.ZodObject): Record<string, unknown> {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input' });
  port(json);
  return json;
}

/** Values of an enumeration that clients are shown: more cost every conversation more than a refused call does. */
const MAX_SHOWN_VALUES = 20;

/**
 * Gemini rejects `const`, `propertyNames` and type arrays, and OpenAI most formats. Patterns cost tokens and help no
 * model. This runs on zod's finished schema: zod creates type arrays from unions only after its `override` hook.
 */
function port(json: z.core.JSONSchema.BaseSchema): void {
  for (const keyword of [
    'pattern',
    'format',
    'minLength',
    'maxLength',
    'propertyNames',
    'minItems',
    'maxItems',
  ] as const) {
    delete json[keyword];
  }
  if ((json.enum?.length ?? 0) > MAX_SHOWN_VALUES) delete json.enum;
  // Closed, or open to anything: clients need not know.
  if (Object.keys(Object(json.additionalProperties)).length === 0) delete json.additionalProperties;
  if (Array.isArray(json.type)) {
    json.anyOf = json.type.map((type) => ({ type }));
    delete json.type;
  }
  // z.int() states the safe integers as bounds.
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
  // Of a count, no model asks for less than one.
  if (json.minimum === Number.MIN_SAFE_INTEGER || json.minimum === 1) delete json.minimum;
  const inner = [...Object.values(json.properties ?? {}), json.items, json.additionalProperties, ...(json.anyOf ?? [])];
  for (const schema of inner.flat()) if (typeof schema === 'object' && schema !== null) port(schema);
}
