import { closest, distance } from 'fastest-levenshtein';

/** The known word that a misspelt one probably stands for, or `undefined` if no known word is close enough. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const found = closest(word.toLowerCase(), known);
  return distance(word.toLowerCase(), found) <= Math.max(2, Math.ceil(found.length / 3)) ? found : undefined;
}

/** ` Did you mean "x"?`, with its leading space, or an empty text. */
export function didYouMean(word: string, known: readonly string[]): string {
  const found = nearest(word, known);
  return found === undefined ? '' : ` Did you mean "${found}"?`;
}

/** Faults that one error lists. A reader cannot fix more at once, and checking a million would block the event loop. */
export const MAX_REPORTED_FAULTS = 10;

/** Characters of a name from outside that a message quotes. */
const MAX_NAME_CHARS = 100;

export const inShort = (name: string): string =>
  name.length <= MAX_NAME_CHARS ? name : `${name.slice(0, MAX_NAME_CHARS)}…`;

/** Ends a text with a full stop, unless it already ends with punctuation. */
export const closed = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
