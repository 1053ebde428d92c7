import { isDeepStrictEqual } from 'node:util';
import { StartError } from '../../errors.ts';

/** The name of a member, or the index of an item. */
export type PathStep = string | number;

/** What is to stand at a path, or `undefined` to take out what does. */
export type Change = { readonly path: readonly PathStep[]; readonly value: unknown };

/** How configurations of one format are read and changed. */
export type Format = {
  /** What a text holds. Throws StartError for one that is malformed. */
  readonly read: (text: string) => unknown;
  /** The text with one change, all else in the form it had. It need not be right: what comes of it is read again. */
  readonly change: (text: string, change: Change) => string | Promise<string>;
};

/** One in which whole configurations are written too. */
export type WholeFormat = Format & { readonly write: (content: unknown) => string };

/**
 * The text of a configuration with changes, all else in the form it had.
 * @throws StartError where the text is malformed, or where the changes alone cannot be made, as with aliases of YAML
 */
export async function changeText(text: string, changes: readonly Change[], format: Format): Promise<string> {
  let wanted: unknown = (await format.read(text)) ?? {};
  let after = text;
  for (const change of changes) {
    wanted = withChange(wanted, change);
    after = await format.change(after, change);
  }
  const content = await Promise.resolve(after)
    .then(format.read)
    .catch(() => undefined);
  if (isDeepStrictEqual(content, wanted)) return after;
  const places = changes.map(({ path }) => path.join('.')).join(' and ');
  throw new StartError(`it is written in a form that this command cannot edit: set ${places} yourself`);
}

function withChange(content: unknown, { path, value }: Change): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const copy: Record<PathStep, unknown> = Array.isArray(content) ? Object.assign([], content) : { ...Object(content) };
  if (rest.length > 0) {
    copy[step] = withChange(Object.hasOwn(copy, step) ? copy[step] : undefined, { path: rest, value });
  } else if (value !== undefined) copy[step] = value;
  else if (Array.isArray(copy)) copy.splice(Number(step), 1);
  else delete copy[step];
  return copy;
}
