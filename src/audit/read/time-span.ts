import { type FileSeries, type ListedFile, type OpenFile, readFile } from './files.ts';
import { type RecordLine, readBackwards, readForwards } from './line-reader.ts';
import { readEntry } from './lines.ts';
import { BEGINNING, endOf, type LinePlace } from './series.ts';

/** Where the entries of a time are: none is before `from`, and none at or after `to`. */
export type TimeSpan = { readonly from: LinePlace; readonly to: LinePlace };

/** Milliseconds since 1970, the second exclusive. */
export type TimeRange = { readonly since?: number | undefined; readonly until?: number | undefined };

export type TimeSpanSettings = {
  /** By how much an entry may be earlier than one before it: processes take turns, and clocks are set back. */
  readonly slackMs: number;
  /** Bytes that are not worth another look. */
  readonly grainBytes: number;
};

/** How one reading looks for a time. */
type SpanSearch = TimeSpanSettings & { readonly signal?: AbortSignal | undefined };

/** The time of the entry at an offset of a file. */
type TimeMark = { readonly at: number; readonly time: number };

/** Bytes that are read to find an entry, at once and in all: a power cut can leave any number of zeros. */
const LOOK = { blockBytes: 8_192, mostBytes: 1_048_576 };

/** Lines without an entry that are looked at before a place is given up. */
const MAX_LINES_LOOKED_AT = 1_000;

/** Places that are looked at, between the first and the last entry of each file, to see whether times are in order. */
const MAX_LOOKS = 256;

/** The same of one file. */
const MAX_SAMPLES = 32;

/** By which each look to both sides of what was found is further away than the one before. */
const STRIDE = 1.4;

/**
 * Finds a time in a series without reading all of it: of each file the first and the last entry are read, some between,
 * and more where the time begins and ends.
 *
 * Exact as long as no entry is older than one before it by more than the slack. Where an entry that is looked at is, the
 * span is the whole series. So a clock that was set back by more can hide entries only if none of those that are looked at
 * shows it.
 * @throws StartError if a file cannot be read, and the reason of the signal once it aborts
 */
export async function findSpan(files: FileSeries, { since, until }: TimeRange, search: SpanSearch): Promise<TimeSpan> {
  const { slackMs, grainBytes, signal } = search;
  const whole = { from: BEGINNING, to: endOf(files) };
  if (since === undefined && until === undefined) return whole;
  if (files.some(({ isFile }) => !isFile)) return whole; // a pipe could not be read again
  const looks = Math.min(MAX_SAMPLES, Math.floor(MAX_LOOKS / files.length));
  const looked: FileLook[] = [];
  for (const file of files) {
    signal?.throwIfAborted();
    looked.push(await lookInto(file, (opened) => sample(opened, Math.min(looks, opened.size / grainBytes))));
  }
  const seen = looked.flatMap(({ first, between, last }) => [first, ...between, last]);
  if (!areOrdered(seen, slackMs)) return whole;

  const earliest = since === undefined ? Number.NEGATIVE_INFINITY : since - slackMs;
  const latest = until === undefined ? Number.POSITIVE_INFINITY : until + slackMs;
  const start = looked.findLastIndex(({ last }) => last !== undefined && last.time < earliest) + 1;
  const end = looked.findIndex(({ first }) => first !== undefined && first.time >= latest);
  let from: LinePlace = { file: start, at: 0 };
  let to: LinePlace = end === -1 ? whole.to : { file: end, at: 0 };
  // The time can begin within the first file of the span alone, and end within the last alone.
  const begins = files[start];
  if (begins !== undefined && (looked[start]?.first?.time ?? 0) < earliest) {
    const found = await lookInto(begins, (opened) => bisect(opened, earliest, search));
    if (found === undefined) return whole;
    from = { file: start, at: found.before };
  }
  const last = to.file - 1;
  const ends = files[last];
  if (ends !== undefined && (looked[last]?.last?.time ?? latest) >= latest) {
    const found = await lookInto(ends, (opened) => bisect(opened, latest, search));
    if (found === undefined) return whole;
    to = { file: last, at: found.after };
  }
  return { from, to };
}

/** Whether no time is earlier than one before it by more than the slack. */
function areOrdered(marks: readonly (TimeMark | undefined)[], slackMs: number): boolean {
  let latest = Number.NEGATIVE_INFINITY;
  return marks.every((mark) => {
    latest = Math.max(latest, mark?.time ?? latest);
    return mark === undefined || latest - mark.time <= slackMs;
  });
}

type TimeLook<T> = (opened: OpenFile & { readonly size: number }) => Promise<T>;

async function lookInto<T>(file: ListedFile, look: TimeLook<T>): Promise<T> {
  const results = readFile(file, async function* ({ handle, size = 0 }) {
    yield await look({ handle, size });
  });
  for await (const result of results) return result;
  throw new Error('a file was not looked into'); // impossible: it yields or throws
}

/** Entries of a file. The first or the last is missing where there is none near the beginning or the end. */
type FileLook = {
  readonly first: TimeMark | undefined;
  readonly between: readonly (TimeMark | undefined)[];
  readonly last: TimeMark | undefined;
};

async function sample(opened: OpenFile & { readonly size: number }, count: number): Promise<FileLook> {
  const { size } = opened;
  const first = await firstMark(readForwards(opened, 0, LOOK));
  const between: (TimeMark | undefined)[] = [];
  for (let index = 1; index <= count; index += 1) between.push(await markAt(opened, (size * index) / (count + 1)));
  return { first, between, last: await firstMark(readBackwards(opened, size, LOOK)) };
}

/** The first entry at or after an offset, if there is one near it. */
const markAt = (opened: OpenFile, at: number): Promise<TimeMark | undefined> =>
  // From the byte before, so that a line that begins here is not taken for the rest of one.
  firstMark(readForwards(opened, Math.max(0, Math.floor(at) - 1), LOOK));

async function firstMark(blocks: AsyncIterable<readonly RecordLine[]>): Promise<TimeMark | undefined> {
  let left = MAX_LINES_LOOKED_AT;
  for await (const lines of blocks) {
    for (const { bytes, at } of lines) {
      const read = readEntry(bytes);
      const time = read.what === 'entry' ? toMs(read.entry.time) : undefined;
      if (time !== undefined) return { at, time };
      left -= 1;
      if (left === 0) return undefined;
    }
  }
  return undefined;
}

/** Times of another form, which this server does not write, are not compared with. */
const toMs = (time: string): number | undefined =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time) ? Date.parse(time) : undefined;

/**
 * Finds a time in a file. All before `before` is earlier, and all from `after` on is later, but for the slack.
 * `undefined` if the times that were looked at are not in order.
 */
async function bisect(
  opened: OpenFile & { readonly size: number },
  time: number,
  { slackMs, grainBytes, signal }: SpanSearch,
): Promise<{ readonly before: number; readonly after: number } | undefined> {
  const { size } = opened;
  const marks: TimeMark[] = [];
  const look = async (at: number): Promise<TimeMark | undefined> => {
    signal?.throwIfAborted();
    const mark = await markAt(opened, at);
    if (mark !== undefined) marks.push(mark);
    return mark;
  };
  let [low, high, before, after] = [0, size, 0, size];
  while (high - low > grainBytes) {
    const middle = Math.floor((low + high) / 2);
    const mark = await look(middle);
    if (mark !== undefined && mark.time < time) [low, before] = [middle, mark.at];
    else [high, after] = [middle, mark?.at ?? after];
  }
  for (let distance = grainBytes; distance < size; distance *= STRIDE) {
    if (distance < before) await look(before - distance);
    if (after + distance < size) await look(after + distance);
  }
  marks.sort((one, other) => one.at - other.at);
  return areOrdered(marks, slackMs) ? { before, after } : undefined;
}
