/** No WorkOS object nests deeper than this, and recursion over deeper values could overflow the stack. */
export const MAX_DEPTH = 64;

/** Values of a message or an answer, those within values included. A list of 100 objects with 100 members has a fourth. */
export const MAX_VALUES = 40_000;

/** Characters of JSON that parse quickly and in little memory, also where they are hostile. */
export const SMALL_CHARS = 65_536;

/** Why a JSON text is not parsed. */
export type JsonExcess = 'too deep' | 'too many values';

/**
 * Parses JSON. Returns `undefined` for invalid JSON, and a reason for a value over MAX_DEPTH or over the most values.
 * @param mostValues the default is for text from a client or from WorkOS
 */
export function parseJson(json: string, mostValues = MAX_VALUES): { value: unknown } | JsonExcess | undefined {
  // Parsing 2 MiB of brackets or of members takes a second and hundreds of MiB, so they are counted before parsing.
  const excess = json.length > SMALL_CHARS ? excessOf(json, mostValues) : undefined;
  if (excess !== undefined) return excess;
  try {
    // Some gateways put a byte order mark before JSON.
    const value: unknown = JSON.parse(json.startsWith('\ufeff') ? json.slice(1) : json);
    return isTooDeep(value) ? 'too deep' : { value };
  } catch {
    return undefined;
  }
}

/** Whether a value nests deeper than MAX_DEPTH. */
export function isTooDeep(value: unknown, left = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  if (Array.isArray(value)) return value.some((element) => isTooDeep(element, left - 1));
  for (const name in value) {
    const member: unknown = (value as Record<string, unknown>)[name]; // an object with unknown members
    if (typeof member === 'object' && isTooDeep(member, left - 1)) return true;
  }
  return false;
}

function excessOf(json: string, mostValues: number): JsonExcess | undefined {
  let depth = 0;
  let values = 0;
  for (let index = 0; index < json.length; index += 1) {
    const code = json.charCodeAt(index);
    if (code === 0x22 /* " */) index = endOfString(json, index + 1);
    else if (code === 0x2c /* , */) values += 1;
    else if (code === 0x5b /* [ */ || code === 0x7b /* { */) {
      depth += 1;
      values += 1;
      if (depth > MAX_DEPTH) return 'too deep';
    } else if (code === 0x5d /* ] */ || code === 0x7d /* } */) depth -= 1;
    if (values > mostValues) return 'too many values';
  }
  return undefined;
}

/** The place of the quote that ends a string. */
function endOfString(json: string, start: number): number {
  for (let index = start; index < json.length; index += 1) {
    const code = json.charCodeAt(index);
    if (code === 0x5c /* \ */) index += 1;
    else if (code === 0x22 /* " */) return index;
  }
  return json.length;
}

/** Whether a value is a JSON object, neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object of JSON whose members are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The JSON of objects that were written once and are sent again, inside other JSON. */
const WRITTEN = new WeakMap<object, string>();

/** Keeps an object's JSON, as long as the object is used. The object must not change anymore. */
export function keepJson<T extends object>(value: T, json: string): T {
  WRITTEN.set(value, json);
  return value;
}

/** The JSON of an object. */
export const jsonOf = (value: object): string => WRITTEN.get(value) ?? JSON.stringify(value);
