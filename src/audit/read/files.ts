import { readdirSync, realpathSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StartError } from '../../errors.ts';

/** What file-sink.ts puts behind the name of a file that it has rotated: time, run, number. */
const ROTATED = /\.(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.[0-9a-f]{8})\.(\d+)$/;

/** A file as it was when the files were listed: it may be rotated before it is opened. */
export type ListedFile = {
  readonly path: string;
  /** As errors and reports name it. */
  readonly name: string;
  readonly real: string;
  readonly inode: bigint | undefined;
  /** Whether it can be read from any place, unlike a pipe. */
  readonly isFile: boolean;
};

/** What errors and reports call the file at a path. */
export type FileNames = (path: string) => string;

/** Files that hold one record after the other, oldest first. */
export type FileSeries = readonly ListedFile[];

/**
 * The files to read, each once. A file comes behind those that were rotated away from it, which are found in its folder.
 * @param paths of files, also of rotated ones
 * @param nameOf what errors and reports call a file: its path unless set
 */
export function toSeries(paths: readonly string[], nameOf: FileNames = String): readonly FileSeries[] {
  const series = new Map<string, Map<string, ListedFile>>();
  for (const path of paths) {
    const real = toRealPath(path);
    const isRotated = ROTATED.test(real);
    const owner = isRotated ? real.replace(ROTATED, '') : real;
    const files = series.get(owner) ?? new Map<string, ListedFile>();
    series.set(owner, files);
    const listed = toListed(path, real, nameOf); // before the folder is read: it may be rotated in between
    for (const other of isRotated ? [] : rotatedFrom(real)) {
      const beside = join(dirname(path), basename(other)); // of the same form as the path that was given
      if (!files.has(other)) files.set(other, toListed(toRealPath(beside) === other ? beside : other, other, nameOf));
    }
    const isAmongThem = listed.inode !== undefined && [...files.values()].some(({ inode }) => inode === listed.inode);
    if (!isAmongThem || files.has(real)) files.set(real, listed);
  }
  return [...series.values()].map((files) => [...files.values()].sort((one, other) => compare(one.real, other.real)));
}

function rotatedFrom(real: string): readonly string[] {
  const folder = dirname(real);
  const name = basename(real);
  try {
    return readdirSync(folder).flatMap((other) =>
      other.startsWith(name) && other.replace(ROTATED, '') === name && other !== name ? [join(folder, other)] : [],
    );
  } catch {
    return []; // reading the file reports the error
  }
}

function toListed(path: string, real: string, nameOf: FileNames): ListedFile {
  const found = statOf(path);
  return { path, name: nameOf(path), real, inode: found?.ino, isFile: found?.isFile() ?? false };
}

function statOf(path: string) {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined; // the same
  }
}

/** Rotated files by their time, then the one that is written to. */
function compare(one: string, other: string): number {
  const [[, early = '~', first = ''], [, late = '~', second = '']] = [
    ROTATED.exec(one) ?? [],
    ROTATED.exec(other) ?? [],
  ];
  if (early !== late) return early < late ? -1 : 1;
  return Number(first) - Number(second);
}

function toRealPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // reading the file reports the error
  }
}

/** The name that a file was rotated to since it was listed, if it was. @param found the inode that its path has now */
export function movedTo({ real, inode }: ListedFile, found: bigint): string | undefined {
  if (inode === undefined || found === inode) return undefined;
  return rotatedFrom(real).find((rotated) => statOf(rotated)?.ino === inode);
}

/** Opens a file that was listed, under the name that it was rotated to if it has been since. */
async function openListed(listed: ListedFile): Promise<FileHandle> {
  const handle = await open(listed.path);
  const moved = movedTo(listed, (await handle.stat({ bigint: true })).ino);
  if (moved === undefined) return handle;
  await handle.close();
  return open(moved);
}

export type OpenFile = {
  readonly handle: FileHandle;
  /** `undefined` of a pipe, which has no offsets: it is read from where it is. */
  readonly size: number | undefined;
};

/**
 * Reads a file, and closes it.
 * @throws StartError if the file cannot be read
 */
export async function* readFile<T>(
  file: ListedFile,
  read: (opened: OpenFile) => AsyncIterable<T>,
): AsyncGenerator<T, void> {
  let handle: FileHandle | undefined;
  try {
    handle = await openListed(file);
    const found = await handle.stat();
    // One that is read from its end on would pass for an empty file.
    if (found.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    yield* read({ handle, size: found.isFile() ? found.size : undefined });
  } catch (error) {
    const { code } = Object(error);
    if (typeof code !== 'string') throw error; // not of the system: the reason of a signal, say
    throw new StartError(`${file.name} cannot be read (${code}).`);
  } finally {
    await handle?.close();
  }
}

/** Merges rows that come in the order of their times, or in the reverse, as those of each series do. */
export async function* inOrderOfTime<Row extends { readonly time: string }>(
  sources: readonly AsyncGenerator<Row>[],
  newestFirst = false,
): AsyncGenerator<Row> {
  try {
    const heads = await Promise.all(sources.map(async (rows) => ({ rows, next: await rows.next() })));
    for (;;) {
      const open = heads.flatMap((head) => (head.next.done ? [] : [{ head, row: head.next.value }]));
      const [first, ...others] = open;
      if (first === undefined) return;
      const { head, row } = others.reduce((next, one) => {
        const isNext = newestFirst ? one.row.time >= next.row.time : one.row.time < next.row.time;
        return isNext ? one : next;
      }, first);
      yield row;
      head.next = await head.rows.next();
    }
  } finally {
    await Promise.all(sources.map((rows) => rows.return(undefined))); // closes the files that are still open
  }
}
