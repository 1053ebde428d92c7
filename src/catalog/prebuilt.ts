export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * Filled in by the build: the JSON of each schema of arguments as clients see it, and of other results of a walk through
 * a schema, by name. Converting them for all tools takes longer than the rest of a start. Unbuilt sources, and names that are not
 * included, are converted when needed.
 */
declare const SCHEMAS: Readonly<Record<string, string>>;

/** The prebuilt result for a name, or else the result of `convert`. */
export function converted<T extends object>(what: string, convert: () => T): Readonly<T> {
  const text = typeof SCHEMAS === 'undefined' || !Object.hasOwn(SCHEMAS, what) ? undefined : SCHEMAS[what];
  return Object.freeze(text === undefined ? convert() : JSON.parse(text));
}
