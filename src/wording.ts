import { closest, distance } from 'fastest-levenshtein';

/** The known word a misspelt one was meant to be, or `undefined` where none is near enough to be a likely typo. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const found = closest(word.toLowerCase(), known);
  return distance(word.toLowerCase(), found) <= Math.max(2, Math.ceil(found.length / 3)) ? found : undefined;
}

/** ` Did you mean "x"?`, with its leading space, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const found = nearest(word, known);
  return found === undefined ? '' : ` Did you mean "${found}"?`;
}

/** Faults that are told back: more than that nobody corrects at once, and judging a million would hold everybody up. */
export const MAX_TOLD = 10;

/** Characters of a name that is told back to whoever gave it. */
const MAX_NAME = 100;

export const inShort = (name: string): string => (name.length <= MAX_NAME ? name : `${name.slice(0, MAX_NAME)}…`);

/** The text with a full stop, where it has no end of its own. */
export const closed = (said: string): string => (/[.!?]$/.test(said) ? said : `${said}.`);
