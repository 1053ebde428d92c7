import { closest, distance } from 'fastest-levenshtein';

/** Letters of a word, behind its dashes, that make it the beginning of another one rather than a slip. */
const MIN_PREFIX_CHARS = 3;

/** What deletes. It is offered only for a slip of a letter or two in its own name: an answer must not lead to it. */
const DELETES = /^delete_/;
const MAX_DELETE_SLIPS = 2;

/**
 * The known word that a misspelt one probably stands for: one that it begins, else the closest. `undefined` if no known
 * word is close enough.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const given = word.toLowerCase();
  const candidates = known.filter(
    (name) => !DELETES.test(name) || (DELETES.test(given) && distance(given, name) <= MAX_DELETE_SLIPS),
  );
  if (candidates.length === 0) return undefined;
  const isBeginning = given.replace(/^-+/, '').length >= MIN_PREFIX_CHARS;
  const begun = isBeginning ? candidates.filter((name) => name.startsWith(given)) : [];
  if (begun.length > 0) return closest(given, begun);
  const found = closest(given, candidates);
  return distance(given, found) <= Math.max(2, Math.ceil(found.length / 3)) ? found : undefined;
}

/** ` Did you mean "x"?`, with its leading space, or an empty text. */
export function didYouMean(word: string, known: readonly string[]): string {
  const found = nearest(word, known);
  return found === undefined ? '' : ` Did you mean "${found}"?`;
}

/** The three known words that are nearest to a misspelt one, the nearest first. */
export const nearestThree = (word: string, known: readonly string[]): readonly string[] =>
  [...known].sort((a, b) => distance(word.toLowerCase(), a) - distance(word.toLowerCase(), b)).slice(0, 3);

/** Faults that one error lists. A reader cannot fix more at once, and checking a million would block the event loop. */
export const MAX_REPORTED_FAULTS = 10;

/** Characters of a name from outside that a message quotes. */
const MAX_NAME_CHARS = 100;

export const inShort = (name: string): string =>
  name.length <= MAX_NAME_CHARS ? name : `${name.slice(0, MAX_NAME_CHARS)}…`;

/** Ends a text with a full stop, unless it already ends with punctuation. */
export const closed = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
