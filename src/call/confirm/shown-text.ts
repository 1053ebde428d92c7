import { withoutStacks } from '../../visible.ts';

/** Characters of a name that a person is shown. */
const MAX_NAME_CHARS = 60;

/** Text from outside, made safe to stand among the server's own words. */
export type ShownText = {
  /** As a code span: a client that renders Markdown shows it literally, and every other client shows it as it is. */
  readonly text: string;
  /** Sentences about what a person could misread. */
  readonly warnings: readonly string[];
};

/** Blanks of all kinds, including those that Unicode counts as letters or symbols. */
const BLANKS = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\ufffc\u{1d159}\u{13441}\u{13442}]+/gu;
/** Quotes, and characters that look like quotes. A backtick would end the code span. */
const QUOTES = /["`\p{Pi}\p{Pf}„‟″‴‵‶‷〃〝〞〟＂ʺ˝״❝❞❠🙶🙷🙸｀ˋ\u1fef]/gu;

/** A name from outside on one line, with nothing that could pass for the text around it. Empty if there is no name. */
export function toShownName(name: string): ShownText {
  const line = withoutStacks(name.replace(BLANKS, ' ').replace(QUOTES, "'")).trim();
  const altered = line === name ? [] : [ALTERED];
  if (line === '') return { text: '', warnings: altered };
  const characters = [...line];
  const text = characters.length <= MAX_NAME_CHARS ? line : `${characters.slice(0, MAX_NAME_CHARS - 1).join('')}…`;
  return { text: code(text), warnings: [...altered, ...warningsOf(text)] };
}

/** Tells that a text is not shown exactly as WorkOS has it. */
export const ALTERED =
  'Characters that cannot be seen, or could pass for the text around them, were left out or replaced.';

/** What cannot be seen, a backtick, and marks that would cover the text around them, as `withoutStacks` has it. */
const UNSEEN =
  /[^\P{C}]|[\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\ufffc\u{1d159}\u{13441}\u{13442}`]|(?<=\p{M}{2})\p{M}/gu;
const NOT_ASCII = /[^ -~]|`/gu;

/**
 * A value as JSON, which shows where a text ends.
 * @param ascii whether every other character is escaped: look-alike letters could make one domain look like another
 */
export function toShownJson(value: unknown, { ascii }: { readonly ascii: boolean }): ShownText {
  const json = JSON.stringify(value).replace(ascii ? NOT_ASCII : UNSEEN, (character) => {
    const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
  return { text: json, warnings: warningsOf(json.slice(0, MAX_CHECKED_CHARS).replace(/\\(?:u[0-9a-f]{4}|.)/g, ' ')) };
}

/** Characters of a value that are looked at for look-alikes; a value that is longer is not shown whole. */
const MAX_CHECKED_CHARS = 500;

/** The beginning of a text. A half of a surrogate pair is left out: not all clients read it. */
export const beginningOf = (text: string, maxChars: number): string =>
  text.slice(0, maxChars).replace(/[\ud800-\udbff]$/, '');

/** As a code span. The text holds no backtick. */
export const code = (text: string): string => `\`${text}\``;

/** Scripts with letters that look like those of another one. */
const LOOKALIKES: readonly (readonly [name: string, letter: RegExp])[] = [
  ['Latin', /\p{Script=Latin}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Armenian', /\p{Script=Armenian}/u],
  ['Cherokee', /\p{Script=Cherokee}/u],
  ['Coptic', /\p{Script=Coptic}/u],
  ['Georgian', /\p{Script=Georgian}/u],
  ['Lisu', /\p{Script=Lisu}/u],
];
/** Scripts that ordinary names mix with Latin. */
const MIXABLE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}]/u;
const SHARED = /[\p{Script=Common}\p{Script=Inherited}]/u;
const LETTER = /\p{L}/u;
/** Letters and digits that are forms of ASCII ones, such as 𝔸 and Ａ. */
const STYLED = /(?![ -~])[\p{Lu}\p{Ll}\p{Nd}]/u;

const MAX_WARNINGS = 3;

function warningsOf(text: string): readonly string[] {
  const words = new Set(text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []);
  const warnings = [...words].flatMap((word) => {
    const scripts = scriptsIn(word);
    if (scripts.length > 1) return [`Careful: the word ${code(word)} mixes ${scripts.join(' and ')} letters.`];
    const isStyled = [...word].some((letter) => STYLED.test(letter) && /^[A-Za-z0-9]$/.test(letter.normalize('NFKC')));
    return isStyled ? [`Careful: the word ${code(word)} has characters that only look like ordinary letters.`] : [];
  });
  return warnings.slice(0, MAX_WARNINGS);
}

/** The scripts of a word's letters; none where no look-alike can come of it. */
function scriptsIn(word: string): readonly string[] {
  const letters = [...word].filter((letter) => LETTER.test(letter) && !SHARED.test(letter));
  const known = LOOKALIKES.flatMap(([name, letter]) => (letters.some((one) => letter.test(one)) ? [name] : []));
  if (known.length === 0) return [];
  const isOther = (letter: string) => !LOOKALIKES.some(([, own]) => own.test(letter));
  const others = letters.filter(isOther).filter((letter) => known[0] !== 'Latin' || !MIXABLE.test(letter));
  return [...known, ...(others.length > 0 ? ['other'] : [])];
}
