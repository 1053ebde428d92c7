import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StartError } from '../../errors.ts';
import { readText, replaceText } from '../files.ts';

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
    await orRefuse(dirname(file), () => mkdir(dirname(file), { recursive: true }));
    await replaceText(file, undefined, after);
    if (isPrivate) await chmod(file, 0o600);
    return { state: 'new' };
  }
  const backup = `${file}.bak-${now.toISOString().replace(/[:.]/g, '-')}`;
  // It may hold keys, whatever the file's own mode is.
  await orRefuse(backup, () => writeFile(backup, before, { mode: 0o600, flag: 'wx' }));
  try {
    await replaceText(file, before, after);
  } catch (error) {
    await rm(backup, { force: true });
    throw error;
  }
  return { state: 'changed', backup };
}

async function orRefuse(path: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw new StartError(`${path} cannot be written (${String(Object(error).code ?? 'unknown')}).`);
  }
}
