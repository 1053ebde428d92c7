import { createReadStream } from 'node:fs';
import { StartError } from '../../errors.ts';
import { type Entry, SCHEMA_VERSION } from '../entry.ts';

/** A line of a file. */
export type RecordLine = { readonly bytes: Buffer; readonly number: number };

/** Bytes kept of a line. Entries are shorter, and a file without line feeds must not fill the memory. */
const MAX_LINE_BYTES = 65_536;

/**
 * Streams the lines of a file. node:readline would also split lines at U+2028.
 * @throws StartError if the file cannot be read
 */
export async function* readLines(path: string): AsyncGenerator<RecordLine> {
  let number = 1;
  let start = Buffer.alloc(0);
  const keep = (more: Buffer) => {
    if (start.length < MAX_LINE_BYTES) start = Buffer.concat([start, more.subarray(0, MAX_LINE_BYTES - start.length)]);
  };
  try {
    // A stream without an encoding yields buffers.
    for await (const chunk of createReadStream(path, { highWaterMark: 262_144 }) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
        const rest = chunk.subarray(from, end);
        if (start.length === 0)
          yield { bytes: rest.length > MAX_LINE_BYTES ? rest.subarray(0, MAX_LINE_BYTES) : rest, number };
        else {
          keep(rest);
          yield { bytes: start, number };
          start = Buffer.alloc(0);
        }
        number += 1;
        from = end + 1;
      }
      keep(chunk.subarray(from));
    }
  } catch (error) {
    throw new StartError(`${path} cannot be read (${String(Object(error).code)}).`);
  }
  if (start.length > 0) yield { bytes: start, number };
}

/** The kinds of lines in a record file. */
export type ReadLine =
  | {
      readonly what: 'entry';
      readonly entry: Entry;
      readonly bytes: Buffer;
      /** The entry follows a torn line, without a line feed between them. */
      readonly torn: boolean;
    }
  /** An entry of an unknown version of the schema. */
  | { readonly what: 'version'; readonly version: string }
  /** The beginning of an entry whose rest is missing. */
  | { readonly what: 'torn' }
  /** Not part of the record, such as a log line in the same file. */
  | { readonly what: 'other' };

const START = '{"v":';

export function readEntry(bytes: Buffer): ReadLine {
  const whole = toEntry(bytes, false);
  if (whole !== undefined) return whole;
  // If a process died within a line, the next entry follows on the same line. The marker cannot occur within a string
  // of an entry, as its quotes would be escaped.
  const at = bytes.lastIndexOf(START);
  const behind = at > 0 ? toEntry(bytes.subarray(at), true) : undefined;
  if (behind !== undefined) return behind;
  const text = bytes.toString('latin1', 0, START.length);
  return { what: START.startsWith(text) ? 'torn' : 'other' };
}

function toEntry(bytes: Buffer, torn: boolean): ReadLine | undefined {
  if (bytes[0] !== 0x7b /* { */) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
  const { v, run, seq, prev, time, kind } = Object(value);
  if (typeof run !== 'string' || typeof seq !== 'number' || v === undefined) return undefined;
  if (v !== SCHEMA_VERSION) return { what: 'version', version: String(v) };
  const sound =
    Number.isSafeInteger(seq) &&
    seq > 0 &&
    [prev, time, kind].every((member) => typeof member === 'string') &&
    run.length <= 100;
  // Readers do not trust the remaining members. The chain shows whether they were altered.
  return sound ? { what: 'entry', entry: value as Entry, bytes, torn } : undefined;
}
