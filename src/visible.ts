/** What nests deeper than this is no object of WorkOS's, and recursion over it is not safe. */
export const MAX_DEPTH = 64;

/** Characters of JSON that can be parsed in no time and little memory, however it nests. */
const SMALL = 262_144;

/** Parses JSON. Returns `undefined` where it is none, or where it nests too deep to be worked on. */
export function parseJson(json: string): { value: unknown } | 'too deep' | undefined {
  // Parsing eight mebibytes of brackets takes a second and hundreds of mebibytes: the text is looked at before.
  if (json.length > SMALL && isTextTooDeep(json)) return 'too deep';
  try {
    const value: unknown = JSON.parse(json);
    return isTooDeep(value) ? 'too deep' : { value };
  } catch {
    return undefined;
  }
}

/** Whether a value nests deeper than that. */
export function isTooDeep(value: unknown, left = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  if (Array.isArray(value)) return value.some((element) => isTooDeep(element, left - 1));
  for (const name in value) {
    const member: unknown = (value as Record<string, unknown>)[name]; // an object of whatever members
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

/** Whether JSON text can hold nothing invisible: ASCII without an escape. Most answers are that, and need no cleaning. */
export function isPlain(json: string): boolean {
  return Buffer.byteLength(json) === json.length && !json.includes('\\') && !json.includes('\u007f');
}

/** Terminal sequences (CSI, OSC) as a whole: without their first character the rest would stay behind as litter. */
const TERMINAL = String.raw`\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?`;
/** Controls but tab and line feed, bidi and zero-width and tag characters, variation selectors, lone surrogates. */
const HIDDEN = String.raw`(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`;
const INVISIBLE = new RegExp(`${TERMINAL}|${HIDDEN}`, 'gu');

/**
 * Takes out of a text what a person would not see and a model would read: names and attributes come from outside.
 * @returns the visible text and how many characters were removed
 */
export function cleanText(text: string): { text: string; removed: number } {
  let removed = 0;
  const visible = text.replace(INVISIBLE, (match) => {
    removed += match.length;
    return '';
  });
  return { text: visible, removed };
}

/** The same for every string and member name in a JSON value. The value itself is left as it is. */
export function cleanValue(value: unknown): { value: unknown; removed: number } {
  let removed = 0;
  const take = (text: string): string => {
    const cleaned = cleanText(text);
    removed += cleaned.removed;
    return cleaned.text;
  };
  const visit = (inner: unknown): unknown => {
    if (typeof inner === 'string') return take(inner);
    if (Array.isArray(inner)) return inner.map(visit);
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([name, member]) => [take(name), visit(member)]));
  };
  return { value: visit(value), removed };
}
