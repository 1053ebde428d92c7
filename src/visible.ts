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
