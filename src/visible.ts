/** Whether JSON text is ASCII without escapes, and so has no invisible characters. Most answers need no cleaning. */
export function isPlain(json: string): boolean {
  return Buffer.byteLength(json) === json.length && !json.includes('\\') && !json.includes('\u007f');
}

/** Entire terminal sequences (CSI, OSC): removing only the escape character would leave the rest in the text. */
const TERMINAL = String.raw`\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?`;

/**
 * Control characters except tab and line feed, bidi, zero-width and tag characters, variation selectors, lone
 * surrogates.
 */
const HIDDEN = String.raw`(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`;

const INVISIBLE = new RegExp(`${TERMINAL}|${HIDDEN}`, 'gu');

/**
 * Removes characters that a person would not see but a model would read. Names and attributes come from outside.
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

/** Cleans every string and member name in a JSON value. Does not modify the value. */
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
