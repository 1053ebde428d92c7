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
