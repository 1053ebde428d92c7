import { randomBytes } from 'node:crypto';
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StartError } from '../errors.ts';

/** What comes of an action on a file. Throws StartError where the system does not let it be. */
export async function onFile<T>(path: string, done: 'read' | 'written', act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`${path} cannot be ${done} (${codeOf(error) ?? 'unknown'}).`);
  }
}

/** What a file holds, or `undefined` where there is none. Throws StartError where it cannot be read. */
export function readText(path: string): Promise<string | undefined> {
  const orNone = (error: unknown) => (codeOf(error) === 'ENOENT' ? undefined : Promise.reject(error));
  return onFile(path, 'read', () => readFile(path, 'utf8').catch(orNone));
}

/**
 * Replaces what a file holds all at once: a reader sees the old or the new. Mode and owner stay, and so does a link to
 * it. The packages for this (write-file-atomic 7, atomically 2) do not notice a short write, and so put a file that a full
 * disk cut short in the place of the old one; nor do they look whether the file has changed since it was read.
 * @param before what was read; where the file holds something else by now, nothing is written
 * @param mode of a new file
 */
export async function replaceText(
  path: string,
  before: string | undefined,
  after: string,
  mode = 0o666,
): Promise<void> {
  await onFile(path, 'written', async () => {
    const target = before === undefined ? path : await realpath(path);
    const old = before === undefined ? undefined : await stat(target);
    const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
    try {
      const file = await open(temporary, 'wx', old === undefined ? mode : 0o600);
      try {
        await file.writeFile(after);
        if (old !== undefined) {
          // Only root may give files away; for everybody else the owner is the same already.
          await file.chown(old.uid, old.gid).catch(() => {});
          await file.chmod(old.mode & 0o7777);
        }
        await file.sync();
      } finally {
        await file.close();
      }
      if ((await readText(path)) !== before) throw new StartError(`${path} has changed meanwhile: try again.`);
      await rename(temporary, target);
    } finally {
      await rm(temporary, { force: true });
    }
  });
}

const codeOf = (error: unknown): unknown => Object(error).code;
