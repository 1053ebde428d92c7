import type { FileHandle } from 'node:fs/promises';
import type { OpenFile } from './files.ts';

/** A line of a file, without its line feed. Its bytes hold until the next lines are read. */
export type RecordLine = {
  readonly bytes: Buffer;
  /** The offset of its first byte in the file. */
  readonly at: number;
};

/** Bytes kept of a line, which may hold torn ones. A file without line feeds must not fill the memory. */
const MAX_KEPT_BYTES = 65_536;

/** How much is read at once, and in all. */
type ReadingBounds = { readonly blockBytes?: number; readonly mostBytes?: number };

/** Bytes of a file in memory at once. */
const BLOCK_BYTES = 262_144;

const LINE_FEED = 0x0a;

/**
 * The lines of a file from a place on, a block of them at a time, until there are no more. node:readline would also
 * split lines at U+2028.
 * @param from the offset of a line. In the middle of one, the first line is the rest of it
 * @param mostBytes after which it stops, before a line that is longer
 */
export async function* readForwards(
  { handle, size }: OpenFile,
  from = 0,
  { blockBytes = BLOCK_BYTES, mostBytes = Number.POSITIVE_INFINITY }: ReadingBounds = {},
): AsyncGenerator<readonly RecordLine[]> {
  const buffer = Buffer.allocUnsafe(blockBytes);
  const mostKept = Math.min(MAX_KEPT_BYTES, blockBytes / 2);
  /** Bytes at the beginning of the buffer that belong to the line at `at`. */
  let held = 0;
  let at = from;
  /** The offset of what is read next. */
  let next = from;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, held, buffer.length - held, size === undefined ? null : next);
    if (bytesRead === 0) break;
    next += bytesRead;
    const filled = held + bytesRead;
    const lines: RecordLine[] = [];
    let start = 0;
    for (
      let end = buffer.indexOf(LINE_FEED, held);
      end !== -1 && end < filled;
      end = buffer.indexOf(LINE_FEED, start)
    ) {
      lines.push({ bytes: buffer.subarray(start, Math.min(end, start + mostKept)), at });
      start = end + 1;
      at = next - filled + start;
    }
    if (lines.length > 0) yield lines;
    buffer.copyWithin(0, start, filled);
    held = Math.min(filled - start, mostKept); // what follows of a longer line is dropped
    if (next - from >= mostBytes) return;
  }
  if (held > 0) yield [{ bytes: buffer.subarray(0, held), at }];
}

/**
 * The lines before a place, from the last to the first, a block of them at a time.
 * @param to the offset of a line, or the end of the file
 * @param mostBytes after which it stops, behind a line that is longer
 */
export async function* readBackwards(
  { handle }: OpenFile,
  to: number,
  { blockBytes = BLOCK_BYTES, mostBytes = Number.POSITIVE_INFINITY }: ReadingBounds = {},
): AsyncGenerator<readonly RecordLine[]> {
  const buffer = Buffer.allocUnsafe(blockBytes);
  const stop = to - mostBytes;
  for (let end = to; end > Math.max(0, stop); ) {
    const start = Math.max(0, end - blockBytes);
    const block = await readAt(handle, buffer.subarray(0, end - start), start);
    const first = start === 0 ? 0 : block.indexOf(LINE_FEED) + 1;
    if (start > 0 && (first === 0 || first === block.length)) {
      // The line before `end` begins in an earlier block.
      const at = await lineStart(handle, start, { blockBytes, stop });
      if (at === undefined) return;
      const length = Math.min(end - at, MAX_KEPT_BYTES);
      const bytes = await readAt(handle, Buffer.allocUnsafe(length), at);
      yield [{ bytes: bytes.at(-1) === LINE_FEED ? bytes.subarray(0, -1) : bytes, at }];
      end = at;
      continue;
    }
    const lines: RecordLine[] = [];
    for (let from = first; from < block.length; ) {
      const found = block.indexOf(LINE_FEED, from);
      const until = found === -1 ? block.length : found;
      lines.push({ bytes: block.subarray(from, Math.min(until, from + MAX_KEPT_BYTES)), at: start + from });
      from = until + 1;
    }
    yield lines.reverse();
    end = start + first;
  }
}

/** Where the line begins that has the byte before an offset. `undefined` if it begins before `stop`. */
async function lineStart(
  handle: FileHandle,
  before: number,
  { blockBytes, stop }: { readonly blockBytes: number; readonly stop: number },
): Promise<number | undefined> {
  const buffer = Buffer.allocUnsafe(blockBytes);
  for (let end = before; end > 0; ) {
    if (end <= stop) return undefined;
    const start = Math.max(0, end - blockBytes);
    const found = (await readAt(handle, buffer.subarray(0, end - start), start)).lastIndexOf(LINE_FEED);
    if (found !== -1) return start + found + 1;
    end = start;
  }
  return 0;
}

/** Fills the buffer from an offset on. Shorter where the file ends before. */
async function readAt(handle: FileHandle, buffer: Buffer, at: number): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
