import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StartError } from '../../errors.ts';
import { onFile, readText, replaceText } from '../files.ts';

export type Written = {
  readonly state: 'new' | 'changed' | 'same';
  /** What was there before. */
  readonly backup?: string;
};

/**
 * Changes a configuration file all at once, behind a copy of what it held.
 * @param change the new text, or `undefined` where nothing is to change; throws StartError where it cannot be done
 * @param isPrivate a new file is for its owner's eyes alone
 */
export async function changeFile(
  file: string,
  change: (text: string) => string | undefined | Promise<string | undefined>,
  { now, isPrivate }: { readonly now: Date; readonly isPrivate: boolean },
): Promise<Written> {
  const before = await readText(file);
  if (before?.includes('\uFFFD')) throw new StartError(`${file} is not UTF-8 throughout: nothing was changed.`);
  const after = await change(before ?? '');
  if (after === undefined) return { state: 'same' };
  if (before === undefined) {
    await onFile(dirname(file), 'written', () => mkdir(dirname(file), { recursive: true }));
    await replaceText(file, undefined, after, isPrivate ? 0o600 : 0o666);
    return { state: 'new' };
  }
  const backup = `${file}.bak-${now.toISOString().replace(/[:.]/g, '-')}`;
  // It may hold keys, whatever the file's own mode is.
  await onFile(backup, 'written', () => writeFile(backup, before, { mode: 0o600, flag: 'wx' }));
  try {
    await replaceText(file, before, after);
  } catch (error) {
    await rm(backup, { force: true });
    throw error;
  }
  return { state: 'changed', backup };
}
