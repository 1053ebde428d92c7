import * as z from 'zod';

export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * Filled in by the build: the text of each schema as clients see it, and of what else takes a walk through a schema, by
 * what it is of. Converting those of all tools takes longer than the rest of a start. Sources that run unbuilt convert
 * what they need, and so does whatever is not among them.
 */
declare const SCHEMAS: Readonly<Record<string, string>>;

/** What the build has made of a schema, or else what `convert` makes of it now. */
export function converted<T extends object>(what: string, convert: () => T): Readonly<T> {
  const text = typeof SCHEMAS === 'undefined' || !Object.hasOwn(SCHEMAS, what) ? undefined : SCHEMAS[what];
  return Object.freeze(text === undefined ? convert() : JSON.parse(text));
}

/**
 * A schema as clients see it: the subset of JSON Schema that every client and model API takes. What is left out here
 * (patterns, lengths, closed objects) still holds when a value is parsed.
 */
export function toJsonSchema(schema: z.ZodObject): Record<string, unknown> {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input' });
  port(json);
  return json;
}

/**
 * Gemini refuses `const`, `propertyNames` and type arrays, OpenAI most formats; patterns cost tokens and help no model.
 * It runs on zod's finished schema: zod turns unions into type arrays only after its own `override` hook.
 */
function port(json: z.core.JSONSchema.BaseSchema): void {
  for (const keyword of ['pattern', 'format', 'minLength', 'maxLength', 'propertyNames', 'minItems'] as const) {
    delete json[keyword];
  }
  if (json.additionalProperties === false) delete json.additionalProperties;
  if (Array.isArray(json.type)) {
    json.anyOf = json.type.map((type) => ({ type }));
    delete json.type;
  }
  // z.int() states the safe integers as bounds.
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
  const inner = [...Object.values(json.properties ?? {}), json.items, json.additionalProperties, ...(json.anyOf ?? [])];
  for (const schema of inner.flat()) if (typeof schema === 'object' && schema !== null) port(schema);
}
