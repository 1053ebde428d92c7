import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { onFile, readText, replaceText, targetOf, withLock } from '../files.ts';

export type Written = {
  readonly state: 'new' | 'changed' | 'same';
  /** The copy of the file as it was before. */
  readonly backup?: string;
};

/**
 * Changes a configuration file at once, after a copy of it was made.
 * @param change returns the new text, or `undefined` for no change; throws StartError where it cannot be made
 * @param isPrivate a new file is readable by its owner alone
 */
export async function changeFile(
  file: string,
  change: (text: string) => string | undefined | Promise<string | undefined>,
  { now, isPrivate }: { readonly now: Date; readonly isPrivate: boolean },
): Promise<Written> {
  if ((await readText(file)) === undefined) {
    await onFile(dirname(file), 'written', () => mkdir(dirname(file), { recursive: true }));
  }
  return withLock(file, async () => {
    const before = await readText(file);
    const after = await change(before ?? '');
    if (after === undefined) return { state: 'same' };
    if (before === undefined) {
      await replaceText(file, undefined, after, isPrivate ? 0o600 : 0o666);
      return { state: 'new' };
    }
    // Beside the file itself, not beside a link to it: a project folder may link to a private file.
    const backup = `${await targetOf(file)}.bak-${now.toISOString().replace(/[:.]/g, '-')}`;
    // The file may hold keys even if its own mode lets others read it.
    await onFile(backup, 'written', () => writeFile(backup, before, { mode: 0o600, flag: 'wx' }));
    try {
      await replaceText(file, before, after);
    } catch (error) {
      await rm(backup, { force: true });
      throw error;
    }
    return { state: 'changed', backup };
  });
}
