import { readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What file-sink.ts puts behind the name of a file that it has rotated: time, run, number. */
const ROTATED = /\.(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.[0-9a-f]{8})\.(\d+)$/;

/** Files that hold one record after the other, oldest first. */
export type FileSeries = readonly string[];

/**
 * The files to read, each once. A file comes behind those that were rotated away from it, which are found in its folder.
 * @param paths of files, also of rotated ones
 */
export function toSeries(paths: readonly string[]): readonly FileSeries[] {
  const series = new Map<string, Map<string, string>>();
  for (const path of paths) {
    const real = toRealPath(path);
    const isRotated = ROTATED.test(real);
    const owner = isRotated ? real.replace(ROTATED, '') : real;
    const files = series.get(owner) ?? new Map<string, string>();
    series.set(owner, files);
    for (const rotated of isRotated ? [] : rotatedFrom(real)) if (!files.has(rotated)) files.set(rotated, rotated);
    files.set(real, path); // errors name it as it was given
  }
  return [...series.values()].map((files) =>
    [...files].sort(([one], [other]) => compare(one, other)).map(([, path]) => path),
  );
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

/** Rotated files by their time, then the one that is written to. */
function compare(one: string, other: string): number {
  const [[, early = '~', first = ''], [, late = '~', second = '']] = [
    ROTATED.exec(one) ?? [],
    ROTATED.exec(other) ?? [],
  ];
  if (early !== late) return early < late ? -1 : 1;
  return Number(first) - Number(second);
}

export function toRealPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // reading the file reports the error
  }
}

/** Merges rows that come in the order of their times, as those of each series do. */
export async function* inOrderOfTime<Row extends { readonly time: string }>(
  sources: readonly AsyncGenerator<Row>[],
): AsyncGenerator<Row> {
  const heads = await Promise.all(sources.map(async (rows) => ({ rows, next: await rows.next() })));
  for (;;) {
    const open = heads.flatMap((head) => (head.next.done ? [] : [{ head, row: head.next.value }]));
    const [first, ...others] = open;
    if (first === undefined) return;
    const { head, row } = others.reduce((least, one) => (one.row.time < least.row.time ? one : least), first);
    yield row;
    head.next = await head.rows.next();
  }
}
