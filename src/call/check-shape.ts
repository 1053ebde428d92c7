import { RefusedError } from '../errors.ts';
import { MAX_DEPTH } from '../json.ts';
import { inShort } from '../wording.ts';

/** Values in the arguments of a call, those within values included. The largest event of an audit log has a tenth. */
const MAX_VALUES = 10_000;

/** Half of a surrogate pair: JSON can write one, UTF-8 and URLs cannot. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Checks what a client sent before anything else walks through it: the cost is bounded for any size.
 * @throws RefusedError for arguments that no schema should see
 */
export function checkShape(args: unknown): void {
  checkSize(args);
  checkTexts(args, []);
}

/** @throws RefusedError for a value that nests too deeply, or that has too many values within */
export function checkSize(value: unknown): void {
  countValues(value, MAX_DEPTH, MAX_VALUES);
}

/** @returns how many more values there may be */
function countValues(value: unknown, depth: number, most: number): number {
  if (typeof value !== 'object' || value === null) return most;
  if (depth === 0) throw tooDeep();
  // Of many members, the names take a third of the time of the values.
  let left = most - (Array.isArray(value) ? value : Object.keys(value)).length;
  if (left < 0) throw tooManyValues();
  for (const member of Object.values(value)) left = countValues(member, depth - 1, left);
  return left;
}

export const tooManyValues = () =>
  new RefusedError(`The arguments have too many values: at most ${MAX_VALUES.toLocaleString('en-US')} are allowed.`);

export const tooDeep = () =>
  new RefusedError(`The arguments are nested too deeply: at most ${MAX_DEPTH} levels are allowed.`);

function checkTexts(value: unknown, path: readonly string[]): void {
  if (typeof value === 'string' && LONE_SURROGATE.test(value)) throw notUnicode(path);
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    // zod silently drops members of this name.
    if (name === '__proto__') {
      throw new RefusedError('__proto__ is not a valid name for an argument or any of its members.');
    }
    if (LONE_SURROGATE.test(name)) throw notUnicode(path);
    checkTexts(member, [...path, name]);
  }
}

function notUnicode(path: readonly string[]): RefusedError {
  const where = path.length === 0 ? 'arguments' : inShort(path.join('.'));
  return new RefusedError(`${where}: the text is not valid Unicode, because it has half of a surrogate pair.`);
}
