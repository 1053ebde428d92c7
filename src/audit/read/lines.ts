import { createReadStream } from 'node:fs';
import { StartError } from '../../errors.ts';
import { isObject, parseJson } from '../../json.ts';
import { type Entry, MAX_LINE_BYTES, SCHEMA_VERSION } from '../entry.ts';

/** A line of a file. */
export type RecordLine = { readonly bytes: Buffer; readonly number: number };

/** Bytes kept of a line, which may hold torn ones. A file without line feeds must not fill the memory. */
const MAX_KEPT_BYTES = 65_536;

/**
 * Streams the lines of a file. node:readline would also split lines at U+2028.
 * @throws StartError if the file cannot be read
 */
export async function* readLines(path: string): AsyncGenerator<RecordLine> {
  let number = 1;
  let start = Buffer.alloc(0);
  const keep = (more: Buffer) => {
    if (start.length < MAX_KEPT_BYTES) start = Buffer.concat([start, more.subarray(0, MAX_KEPT_BYTES - start.length)]);
  };
  try {
    // A stream without an encoding yields buffers.
    for await (const chunk of createReadStream(path, { highWaterMark: 262_144 }) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
        const rest = chunk.subarray(from, end);
        if (start.length === 0)
          yield { bytes: rest.length > MAX_KEPT_BYTES ? rest.subarray(0, MAX_KEPT_BYTES) : rest, number };
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

/** What stands before an entry on its line: the beginning of a torn one, or something else. */
type BeforeEntry = 'torn' | 'other' | undefined;

/** The kinds of lines in a record file. */
export type ReadLine =
  | {
      readonly what: 'entry';
      readonly entry: Entry;
      readonly bytes: Buffer;
      readonly before: BeforeEntry;
    }
  /** An entry of an unknown version of the schema. */
  | { readonly what: 'version'; readonly version: string }
  /** The beginning of an entry whose rest is missing. */
  | { readonly what: 'torn' }
  /** Not part of the record, such as a log line in the same file. */
  | { readonly what: 'other' };

const START = '{"v":';

export function readEntry(bytes: Buffer): ReadLine {
  const whole = toEntry(bytes, undefined);
  if (whole !== undefined) return whole;
  const before = START.startsWith(bytes.toString('latin1', 0, START.length)) ? 'torn' : 'other';
  // If a process died within a line, the next entry follows on the same line. The marker cannot occur within a string
  // of an entry, as its quotes would be escaped.
  const at = bytes.lastIndexOf(START);
  const behind = at > 0 ? toEntry(bytes.subarray(at), before) : undefined;
  return behind ?? { what: before };
}

/** Characters of a version that a report quotes. */
const MAX_VERSION_CHARS = 20;

function toEntry(bytes: Buffer, before: BeforeEntry): ReadLine | undefined {
  if (bytes[0] !== 0x7b /* { */ || bytes.length >= MAX_LINE_BYTES) return undefined;
  const parsed = parseJson(bytes.toString());
  if (typeof parsed !== 'object' || !isObject(parsed.value)) return undefined;
  const { v, run, seq, prev, time, kind } = parsed.value;
  if (typeof run !== 'string' || typeof seq !== 'number' || v === undefined) return undefined;
  if (v !== SCHEMA_VERSION) return { what: 'version', version: toText(v).slice(0, MAX_VERSION_CHARS) };
  const sound =
    Number.isSafeInteger(seq) &&
    seq > 0 &&
    [prev, time, kind].every((member) => typeof member === 'string') &&
    run.length <= 100;
  if (!sound) return undefined;
  // The chain shows whether the other members were altered. Readers can count on their types.
  const members = Object.entries(parsed.value).map(([name, member]) => [name, toMember(name, member)]);
  const entry = Object.fromEntries(members) as Entry; // of a kind that readers may not know
  return { what: 'entry', entry, bytes, before };
}

/** Members that are numbers. `ids` is an object, and all others are texts. */
const NUMBERS: ReadonlySet<string> = new Set('v seq tools more_ids of status requests attempts ms'.split(' '));

function toMember(name: string, member: unknown): unknown {
  if (name === 'ids' && isObject(member)) return member;
  return NUMBERS.has(name) && typeof member === 'number' ? member : toText(member);
}

/** A text as it is, and any other value as JSON. */
const toText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
