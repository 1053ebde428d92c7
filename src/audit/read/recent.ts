import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type ListedFile, movedTo, toSeries } from './files.ts';

/** Bytes that are read at a time, and looked at in all: some 300,000 entries. */
const CHUNK_BYTES = 1_048_576;
const MAX_LOOKED_BYTES = 134_217_728;

/** Milliseconds by which entries may be out of order: processes that share a file write at their own times. */
const DISORDER_MS = 60_000;

const TIME = /"time":"([^"]{1,40})"/;

/**
 * The lines of a record since a time that have one of some texts, oldest first. Reads from the end, files that were
 * rotated away included, until entries are older. There is nothing in a file that cannot be read: the record itself
 * refuses to start over one.
 *
 * It does not read by series.ts, which waits for each block: a session over stdio opens in one turn. And most chunks have
 * none of the texts, so they are not taken into lines.
 */
export function recentLines(path: string, since: number, texts: readonly string[]): readonly string[] {
  const found: string[][] = [];
  let looked = 0;
  for (const file of (toSeries([path])[0] ?? []).toReversed()) {
    for (const chunk of chunksFromEnd(file)) {
      looked += chunk.length;
      const hasAny = texts.some((text) => chunk.includes(text));
      const lines = hasAny ? chunk.toString().split('\n') : [];
      found.push(lines.filter((line) => texts.some((text) => line.includes(text))));
      const time = Date.parse(TIME.exec(chunk.toString('utf8', 0, FIRST_LINE_BYTES))?.[1] ?? '');
      if (time < since - DISORDER_MS || looked > MAX_LOOKED_BYTES) return found.toReversed().flat();
    }
  }
  return found.toReversed().flat();
}

/** Bytes in which the time of the first line stands. */
const FIRST_LINE_BYTES = 4_096;

/** The bytes of a file in chunks of whole lines, the last ones first. */
function* chunksFromEnd(listed: ListedFile): Generator<Buffer> {
  let file: number | undefined;
  try {
    file = openSync(listed.path, 'r');
    const moved = movedTo(listed, fstatSync(file, { bigint: true }).ino);
    if (moved !== undefined) {
      closeSync(file);
      file = undefined;
      file = openSync(moved, 'r');
    }
    let end = fstatSync(file).size;
    let rest = Buffer.alloc(0);
    while (end > 0) {
      const start = Math.max(0, end - CHUNK_BYTES);
      const bytes = Buffer.alloc(end - start);
      const read = readSync(file, bytes, 0, bytes.length, start);
      const all = Buffer.concat([bytes.subarray(0, read), rest]);
      // What stands before the first line feed is the end of a line that begins in the chunk before.
      const cut = start === 0 ? 0 : all.indexOf('\n') + 1;
      rest = all.subarray(0, cut);
      yield all.subarray(cut);
      end = start;
    }
  } catch {
    return;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
