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

/** The flags of England, Scotland and Wales: the only emoji that are spelt with tag characters. */
const TAGGED_FLAG = String.raw`\u{1f3f4}\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f}`;

const INVISIBLE = new RegExp(`${TAGGED_FLAG}|${TERMINAL}|${HIDDEN}`, 'gu');

/** Letters and marks of the scripts that are written with joiners. */
const JOINED = `[[[\\p{L}\\p{M}]--\\p{Default_Ignorable_Code_Point}]&&[${'Arab Syrc Mand Nkoo Adlm Rohg Mong Phag Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Tibt Mymr Khmr Cakm Newa Tirh Java Bali'
  .split(' ')
  .map((script) => `\\p{scx=${script}}`)
  .join('')}]]`;

/** An emoji that may stand in a sequence, with what may follow it there. */
const EMOJI = String.raw`\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?`;

type AllowedPlace = { readonly after: RegExp; readonly before?: RegExp };

/** Where each hidden character is part of how a word or an emoji is spelt: what stands before it, and behind it. */
const PLACES: readonly (readonly [hidden: RegExp, places: readonly AllowedPlace[]])[] = [
  [
    /^(?:\u200c|\u200d)$/,
    [
      { after: new RegExp(`${JOINED}$`, 'v'), before: new RegExp(`^${JOINED}`, 'v') },
      // At the end of a word: a letter without its vowel, as Malayalam was written before it had letters for these.
      { after: /[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca]$/ },
    ],
  ],
  [/^\u200d$/, [{ after: new RegExp(`${EMOJI}$`, 'u'), before: /^\p{Extended_Pictographic}/u }]],
  [/^[\ufe0e\ufe0f]$/, [{ after: /\p{Extended_Pictographic}$/u }]],
  [/^\ufe0f$/, [{ after: /[0-9#*]$/, before: /^\u20e3/ }]],
  // Ideographic variants, which tell names apart.
  [/^(?:[\ufe00-\ufe02]|[\u{e0100}-\u{e01ef}])$/u, [{ after: /\p{Ideographic}$/u }]],
  [/^[\u180b-\u180f]$/, [{ after: /(?=\p{L})\p{Script=Mongolian}$/u }]],
];

/** Code units around a hidden character that its place can depend on: an emoji and what follows it. */
const AROUND = 4;

/** The characters of those rows. Most hidden characters are not among them. */
const JOINING = /^(?:[\u180b-\u180f]|\u200c|\u200d|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}])$/u;

/** Whether the hidden character at `index` belongs where it stands. */
function belongs(hidden: string, index: number, text: string): boolean {
  if (!JOINING.test(hidden)) return false;
  const end = index + hidden.length;
  const [start, rest] = [text.slice(Math.max(0, index - AROUND), index), text.slice(end, end + AROUND)];
  return PLACES.some(
    ([kind, places]) =>
      kind.test(hidden) && places.some(({ after, before }) => after.test(start) && (before?.test(rest) ?? true)),
  );
}

/**
 * Removes characters that a person would not see but a model would read. Names and attributes come from outside. A
 * joiner or a variation selector stays where a name is spelt with it.
 * @returns the visible text and how many characters were removed
 */
export function cleanText(text: string): { text: string; removed: number } {
  let removed = 0;
  const visible = text.replace(INVISIBLE, (match: string, index: number) => {
    if (match.startsWith(FLAG) || belongs(match, index, text)) return match;
    removed += match.length;
    return '';
  });
  return { text: visible, removed };
}

/** With which a tagged flag begins. It is not hidden itself. */
const FLAG = '\u{1f3f4}';

/** Combining marks behind the second of a character. Stacked up, they cover what stands above and below. */
const STACKS = /(\p{M}{2})\p{M}+/gu;

/** Without marks that would cover the text around them. */
export const withoutStacks = (text: string): string => text.replace(STACKS, '$1');

/** Member names of an answer whose removed characters are told. */
const MAX_NAMED_PLACES = 5;

/**
 * Cleans every string and member name in a JSON value. Does not modify the value.
 * @returns `places`: the first members that characters were removed from, as dotted paths without array indices
 */
export function cleanValue(value: unknown): { value: unknown; removed: number; places: readonly string[] } {
  let removed = 0;
  const places = new Set<string>();
  const take = (text: string, path: string): string => {
    const cleaned = cleanText(text);
    removed += cleaned.removed;
    if (cleaned.removed > 0 && places.size < MAX_NAMED_PLACES) places.add(path);
    return cleaned.text;
  };
  const visit = (inner: unknown, path: string): unknown => {
    if (typeof inner === 'string') return take(inner, path);
    if (Array.isArray(inner)) return inner.map((element) => visit(element, path));
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(
      Object.entries(inner).map(([name, member]) => {
        const shown = take(name, path);
        return [shown, visit(member, path === '' ? shown : `${path}.${shown}`)];
      }),
    );
  };
  return { value: visit(value, ''), removed, places: [...places] };
}
