import { randomBytes } from 'node:crypto';
import { open, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../errors.ts';
import { plainText } from '../settings/plain-text.ts';

/** What comes of an action on a file. Throws StartError where the system refuses it. */
export async function onFile<T>(path: string, done: 'read' | 'written', act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`${path} cannot be ${done} (${codeOf(error) ?? 'unknown'}).`);
  }
}

/**
 * The text of a file, or `undefined` where the file does not exist.
 * @throws StartError where it cannot be read or is not text in UTF-8
 */
export async function readText(path: string): Promise<string | undefined> {
  const text = await onFile(path, 'read', () => readFile(path, 'utf8').catch(orMissing));
  if (text !== undefined) plainText(text, path);
  return text;
}

/** More links than this in a row are a circle. */
const MAX_LINKS = 40;

/**
 * The file that a path stands for once all links are followed. It need not exist, but a link to it must not lead into a
 * folder that does not.
 */
export async function targetOf(path: string, links = 0): Promise<string> {
  const target = await realpath(path).catch(orMissing);
  if (target !== undefined) return target;
  const link = await readlink(path).catch(() => undefined);
  const folder = await realpath(dirname(path)).catch(orMissing);
  if (link === undefined || folder === undefined || links === MAX_LINKS) {
    return folder === undefined ? path : join(folder, basename(path));
  }
  const next = resolve(folder, link);
  if ((await stat(dirname(next)).catch(orMissing)) === undefined) {
    throw new StartError(`${path} is a link to ${next}, whose folder does not exist: create that folder first.`);
  }
  return targetOf(next, links + 1);
}

/** Milliseconds. A command that changes a file holds its lock for much less. */
const LOCK_PATIENCE_MS = 15_000;
const LOCK_RETRY_MS = 20;

/**
 * Runs what reads, checks and replaces a file while no other command does. The lock is a file beside it. One that a
 * killed command left behind is not removed: two commands that both judge it abandoned could remove each other's.
 * @throws StartError where the lock does not become free
 */
export async function withLock<T>(path: string, act: () => Promise<T>, patience = LOCK_PATIENCE_MS): Promise<T> {
  const lock = await onFile(path, 'written', async () => {
    const target = await targetOf(path);
    return join(dirname(target), `.${basename(target)}.lock`);
  });
  const deadline = performance.now() + patience;
  while (!(await onFile(path, 'written', () => create(lock)))) {
    if (performance.now() > deadline) {
      throw new StartError(`${path} is locked by another command. If none is running, delete ${lock}.`);
    }
    await sleep(LOCK_RETRY_MS * (0.5 + Math.random()));
  }
  try {
    return await act();
  } finally {
    await rm(lock, { force: true });
  }
}

/** Whether a file could be created that did not exist. */
async function create(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Replaces the content of a file at once: a reader sees the old or the new text. Mode, owner and links to the file stay.
 * The packages for this (write-file-atomic 7, atomically 2) do not notice a short write, and so replace the old file by
 * one that a full disk truncated; nor do they check whether the file has changed since it was read.
 * @param before the text as read; where the file has another by now, nothing is written
 * @param mode of a new file
 */
export async function replaceText(
  path: string,
  before: string | undefined,
  after: string,
  mode = 0o666,
): Promise<void> {
  await onFile(path, 'written', async () => {
    const target = await targetOf(path);
    const old = before === undefined ? undefined : await stat(target);
    const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
    try {
      const file = await open(temporary, 'wx', old === undefined ? mode : 0o600);
      try {
        await file.writeFile(after);
        if (old !== undefined) {
          // Only root may give files away; for other users the owner is the same already.
          await file.chown(old.uid, old.gid).catch(() => {});
          await file.chmod(old.mode & 0o7777);
        }
        await file.sync();
      } finally {
        await file.close();
      }
      if ((await readText(path)) !== before) {
        throw new StartError(`${path} has changed in the meantime: try again.`);
      }
      await rename(temporary, target);
    } finally {
      await rm(temporary, { force: true });
    }
  });
}

const codeOf = (error: unknown): unknown => Object(error).code;

/** For what does not exist, `undefined`; any other error is thrown on. */
const orMissing = (error: unknown): undefined | Promise<never> =>
  codeOf(error) === 'ENOENT' ? undefined : Promise.reject(error);
