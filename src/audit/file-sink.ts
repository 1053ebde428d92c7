import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fstatSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { platform } from 'node:os';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { StartError } from '../errors.ts';
import type { Sink } from './record.ts';

type Opened = {
  readonly fd: number;
  readonly inode: bigint;
  /** It ends amid a line, which nothing may be written behind. */
  torn: boolean;
  /** The sync that is under way, and the one that starts after it for all that was written meanwhile. */
  syncing: Promise<void> | undefined;
  following: Promise<void> | undefined;
};

export type FileSettings = {
  /** The file is renamed before it outgrows this. */
  readonly maxBytes: number;
  /** Makes the names of renamed files this run's own. */
  readonly run: string;
  readonly now: () => Date;
};

/**
 * A file that lines are appended to, also by several processes at once. Readable and writable by its owner alone.
 * The file is looked up by its path for every line, so that nobody writes on into one that was renamed or deleted.
 * O_APPEND is atomic on local file systems; on NFS each process needs a file of its own.
 * @throws StartError where the path cannot be written, or others than its owner may
 */
export async function openAuditFile(path: string, { maxBytes, run, now }: FileSettings): Promise<Sink> {
  const { file, folder, opened } = orRefuse(path, () => {
    const place = toPlace(path);
    return { file: place, folder: dirname(place), opened: openRecordFile(place) };
  });
  let current = opened;
  let rotations = 0;
  /** The folder's sync for the current file. */
  let placed: Promise<void> | undefined;
  /** Files left behind whose last lines are not on disk yet. */
  const leaving = new Set<Promise<void>>();

  const move = (to: Opened): void => {
    const { fd } = current;
    const left = sync(current).finally(() => closeSync(fd));
    leaving.add(left);
    // One that failed stays: what it held may be lost, and a disk like that is not to be relied on again.
    left.then(
      () => leaving.delete(left),
      () => {},
    );
    current = to;
    placed = undefined;
  };

  const rotate = (): void => {
    let name: string;
    do {
      rotations += 1;
      const time = now().toISOString().slice(0, 19).replaceAll(':', '-');
      name = `${file}.${time}Z.${run.slice(0, 8)}.${rotations}`;
    } while (existsSync(name));
    try {
      renameSync(file, name);
    } catch (error) {
      if (Object(error).code !== 'ENOENT') throw error; // another process was faster
    }
    move(openFile(file));
  };

  return {
    append: (line) => {
      const bytes = Buffer.from(`${line}\n`);
      const found = statSync(file, { bigint: true, throwIfNoEntry: false });
      if (found?.ino !== current.inode) move(openFile(file));
      else if (found.size > 0n && Number(found.size) + bytes.length > maxBytes) rotate();
      write(current, bytes);
    },
    sync: async () => {
      placed ??= syncFolder(folder);
      await Promise.all([sync(current), placed, ...leaving]);
    },
    close: async () => {
      await Promise.allSettled([sync(current), ...leaving]);
      closeSync(current.fd);
    },
  };
}

/** Refuses what openAuditFile would, and makes nothing. */
export function checkAuditFile(path: string): void {
  orRefuse(path, () => {
    const place = toPlace(path);
    if (existsSync(place)) closeSync(openRecordFile(place).fd);
  });
}

/** Where the file is. Throws where none can be. */
function toPlace(path: string): string {
  if (path === 'stdout') throw new Error('stdout carries the protocol; use a file or "stderr"');
  const place = existsSync(path) ? realpathSync(path) : resolve(path); // renaming a link would leave its target behind
  refuseOthers(place);
  accessSync(dirname(place), constants.W_OK); // rotation makes files
  return place;
}

/** @param path as it was given, for the message */
function orRefuse<T>(path: string, start: () => T): T {
  try {
    return start();
  } catch (error) {
    const { code, message } = Object(error);
    const reason = typeof code === 'string' ? `cannot be written (${code})` : message;
    throw new StartError(`--audit-log ${path}: ${reason}.`);
  }
}

const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);

/** Folders, devices, and pipes, whose opening would wait for a reader. */
function refuseOthers(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) throw new Error('it is not a regular file; use a file or "stderr"');
}

function openFile(file: string): Opened {
  refuseOthers(file);
  const fd = openSync(file, FLAGS, 0o600);
  try {
    const { ino, mode, size } = fstatSync(fd, { bigint: true });
    if ((Number(mode) & 0o077) !== 0 && platform() !== 'win32') {
      throw new Error(`users other than its owner can read or write it: run chmod 600 ${file}`);
    }
    const end = Buffer.alloc(1);
    const torn = size > 0n && readSync(fd, end, 0, 1, Number(size) - 1) === 1 && end[0] !== 0x0a;
    return { fd, inode: ino, torn, syncing: undefined, following: undefined };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** How every file of a record begins. */
const ENTRY = '{"v":';

/** A file that holds something else was named by mistake: nothing is to be appended to somebody's settings. */
function openRecordFile(file: string): Opened {
  const opened = openFile(file);
  const begin = Buffer.alloc(ENTRY.length);
  const length = readSync(opened.fd, begin, 0, begin.length, 0);
  if (ENTRY.startsWith(begin.toString('utf8', 0, length))) return opened;
  closeSync(opened.fd);
  throw new Error('it contains something other than an audit record');
}

/** One write for a line: two could be parted by another process's. */
function write(opened: Opened, bytes: Buffer): void {
  const whole = opened.torn ? Buffer.concat([Buffer.from('\n'), bytes]) : bytes;
  const count = writeSync(opened.fd, whole);
  if (count === 0) throw cutShort();
  opened.torn = count < whole.length;
  // A line that lacks only its line feed is there: writing it again would have it there twice.
  if (count < whole.length - 1) throw cutShort();
}

/** A disk that takes a part has no room for the rest. */
const cutShort = () => Object.assign(new Error('a line was truncated'), { code: 'ENOSPC' });

const toDisk = promisify(fdatasync);

/** Lines written while a sync is under way share the next one: a sync takes milliseconds, and calls come at once. */
function sync(opened: Opened): Promise<void> {
  const start = () => {
    const own = toDisk(opened.fd).finally(() => {
      opened.syncing = undefined;
    });
    opened.syncing = own;
    return own;
  };
  if (opened.following !== undefined) return opened.following;
  if (opened.syncing === undefined) return start();
  const next = () => {
    opened.following = undefined;
    return start();
  };
  opened.following = opened.syncing.then(next, next);
  return opened.following;
}

/** Without it a new file could be gone after a power cut. Where folders have no sync, that of the file has to do. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
