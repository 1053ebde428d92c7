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
import { type ProcessUser, whyUnsafe } from '../files/file-owner.ts';
import type { Sink } from './record.ts';

type OpenRecordFile = {
  readonly fd: number;
  readonly inode: bigint;
  /** The file ends in the middle of a line, so the next write begins with a line feed. */
  torn: boolean;
  /** The sync in flight, and the one that follows it for lines written in the meantime. */
  syncing: Promise<void> | undefined;
  following: Promise<void> | undefined;
};

export type FileSettings = {
  /** The file is rotated before it grows beyond this size. */
  readonly maxBytes: number;
  /** Makes the names of rotated files unique to this run. */
  readonly run: string;
  readonly now: () => Date;
  readonly user: ProcessUser;
};

/**
 * Opens a file for appending, which several processes may share. Only its owner may read and write it. The path
 * is looked up again for each line, once a millisecond at most, so that no process keeps writing to a file that was
 * renamed or deleted. O_APPEND is atomic on
 * local file systems; on NFS each process needs its own file.
 * @throws StartError if the path cannot be written, or if other users can read, write or replace the file
 */
export async function openAuditFile(path: string, { maxBytes, run, now, user }: FileSettings): Promise<Sink> {
  const { file, folder, opened } = orRefuse(path, () => {
    const place = toPlace(path, user);
    return { file: place, folder: dirname(place), opened: openRecordFile(place) };
  });
  let current = opened;
  let rotations = 0;
  /** When the path was looked up, in milliseconds since 1970, and the size of the file since then. */
  let lookedAt: number | undefined;
  let size = 0;
  /** The folder's sync, which makes the name of the current file durable. */
  let folderSynced: Promise<void> | undefined;
  /** Syncs of earlier files whose last lines are not on disk yet. */
  const closing = new Set<Promise<void>>();

  const switchTo = (to: OpenRecordFile): void => {
    const { fd } = current;
    const closed = sync(current).finally(() => closeSync(fd));
    closing.add(closed);
    // A failed sync stays and fails every later sync: lines may be lost, and the disk cannot be trusted again.
    closed.then(
      () => closing.delete(closed),
      () => {},
    );
    current = to;
    size = 0;
    folderSynced = undefined;
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
      if (Object(error).code !== 'ENOENT') throw error; // another process rotated it first
    }
    switchTo(openFile(file));
  };

  const look = (): void => {
    const found = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (found?.ino === current.inode) size = Number(found.size);
    else switchTo(openFile(file));
  };

  return {
    append: (line) => {
      const bytes = Buffer.from(`${line}\n`);
      const time = now().getTime();
      if (time !== lookedAt) look();
      if (size > 0 && size + bytes.length > maxBytes) rotate();
      // A line that is cut short has the next one look again.
      lookedAt = undefined;
      write(current, bytes);
      lookedAt = time;
      size += bytes.length;
    },
    sync: async () => {
      folderSynced ??= syncFolder(folder);
      await Promise.all([sync(current), folderSynced, ...closing]);
    },
    close: async () => {
      await Promise.allSettled([sync(current), ...closing]);
      closeSync(current.fd);
    },
  };
}

/** Refuses the same paths as openAuditFile, without creating a file. */
export function checkAuditFile(path: string, user: ProcessUser): void {
  orRefuse(path, () => {
    const place = toPlace(path, user);
    if (existsSync(place)) closeSync(openRecordFile(place).fd);
  });
}

/** The absolute path of the file. Throws if a record cannot be written there. */
function toPlace(path: string, user: ProcessUser): string {
  if (path === 'stdout') throw new Error('stdout carries the protocol; use a file or "stderr"');
  const place = existsSync(path) ? realpathSync(path) : resolve(path); // rotation must rename the target, not the link
  refuseOthers(place);
  const unsafe = whyUnsafe(path, user);
  if (unsafe !== undefined) throw new Error(unsafe);
  accessSync(dirname(place), constants.W_OK); // rotation creates files there
  return place;
}

/** @param path the operator's spelling, for the message */
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

/** Refuses folders, devices and pipes. Opening a pipe would wait for a reader. */
function refuseOthers(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) throw new Error('it is not a regular file; use a file or "stderr"');
}

function openFile(file: string): OpenRecordFile {
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

/** The first bytes of every record file. */
const ENTRY = '{"v":';

/** Refuses a file with other contents, which the operator must have named by mistake, such as a settings file. */
function openRecordFile(file: string): OpenRecordFile {
  const opened = openFile(file);
  const begin = Buffer.alloc(ENTRY.length);
  const length = readSync(opened.fd, begin, 0, begin.length, 0);
  if (ENTRY.startsWith(begin.toString('utf8', 0, length))) return opened;
  closeSync(opened.fd);
  throw new Error('it contains something other than an audit record');
}

/** Writes a line in one call: another process could write between two. */
function write(opened: OpenRecordFile, bytes: Buffer): void {
  const whole = opened.torn ? Buffer.concat([Buffer.from('\n'), bytes]) : bytes;
  const count = writeSync(opened.fd, whole);
  if (count === 0) throw cutShort();
  opened.torn = count < whole.length;
  // Only the line feed is missing. Writing the line again would duplicate it.
  if (count < whole.length - 1) throw cutShort();
}

/** A short write means that the disk is full. */
const cutShort = () => Object.assign(new Error('a line was truncated'), { code: 'ENOSPC' });

const toDisk = promisify(fdatasync);

/** Lines written during a sync share the next one, as a sync takes milliseconds and calls arrive concurrently. */
function sync(opened: OpenRecordFile): Promise<void> {
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

/**
 * Without it a new file could vanish in a power cut. Some systems cannot sync folders; there the file's sync has to do.
 */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
