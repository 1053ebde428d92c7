import { isObject, parseJson } from '../../json.ts';
import { type Entry, MAX_LINE_BYTES, SCHEMA_VERSION } from '../entry.ts';

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

/** The first bytes of an entry. */
export const START = '{"v":';

export function readEntry(bytes: Buffer): ReadLine {
  const whole = toEntry(bytes, undefined);
  if (whole !== undefined) return whole;
  const before = START.startsWith(bytes.toString('latin1', 0, START.length)) ? 'torn' : 'other';
  // If a process died within a line, the next entry follows on the same line. The marker cannot occur within a string
  // of an entry, as its quotes would be escaped.
  const at = bytes.lastIndexOf(START);
  const after = at > 0 ? toEntry(bytes.subarray(at), before) : undefined;
  return after ?? { what: before };
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
  for (const name of Object.keys(parsed.value)) {
    const member = parsed.value[name];
    const sure = toMember(name, member);
    if (sure !== member) Object.defineProperty(parsed.value, name, { value: sure }); // also of a member `__proto__`
  }
  const entry = parsed.value as Entry; // of a kind that readers may not know
  return { what: 'entry', entry, bytes, before };
}

/** Members that are numbers. `ids` is an object, `same_person` is true, and all others are texts. */
const NUMBERS: ReadonlySet<string> = new Set('v seq tools more_ids of status requests attempts ms'.split(' '));

function toMember(name: string, member: unknown): unknown {
  if ((name === 'ids' && isObject(member)) || (name === 'same_person' && member === true)) return member;
  return NUMBERS.has(name) && typeof member === 'number' ? member : toText(member);
}

/** A text as it is, and any other value as JSON. */
const toText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
