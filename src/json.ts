/** No WorkOS object nests deeper than this, and recursion over deeper values could overflow the stack. */
export const MAX_DEPTH = 64;

/** Characters of JSON that parse quickly and in little memory at any nesting depth. */
export const SMALL_CHARS = 262_144;

/** Parses JSON. Returns `undefined` for invalid JSON, and `too deep` for a value that nests deeper than MAX_DEPTH. */
export function parseJson(json: string): { value: unknown } | 'too deep' | undefined {
  // Parsing 8 MiB of brackets takes a second and hundreds of MiB, so the depth is checked before parsing.
  if (json.length > SMALL_CHARS && isTextTooDeep(json)) return 'too deep';
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

function isTextTooDeep(json: string): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < json.length; index += 1) {
    const code = json.charCodeAt(index);
    if (inString) {
      if (code === 0x5c /* \ */) index += 1;
      else if (code === 0x22 /* " */) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x5b /* [ */ || code === 0x7b /* { */) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (code === 0x5d /* ] */ || code === 0x7d /* } */) depth -= 1;
  }
  return false;
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
