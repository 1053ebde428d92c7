import { randomBytes } from 'node:crypto';
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StartError } from '../errors.ts';

/** What a file holds, or `undefined` where there is none. Throws StartError where it cannot be read. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new StartError(`${path} cannot be read (${codeOf(error)}).`);
  }
}

/**
 * Replaces what a file holds all at once: whoever reads it meanwhile sees the old or the new. Mode and owner stay, and
 * so does a link to it.
 * @param before what was read; where the file holds something else by now, nothing is written
 */
export async function replaceText(path: string, before: string | undefined, after: string): Promise<void> {
  try {
    const target = before === undefined ? path : await realpath(path);
    const old = before === undefined ? undefined : await stat(target);
    const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
    try {
      const file = await open(temporary, 'wx', old === undefined ? 0o666 : 0o600);
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
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`${path} cannot be written (${codeOf(error)}).`);
  }
}

const codeOf = (error: unknown): string => String(Object(error).code ?? 'unknown');
