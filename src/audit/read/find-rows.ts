import type { Entry } from '../entry.ts';
import { type FileNames, type FileSeries, inOrderOfTime, toSeries } from './files.ts';
import { joinRows } from './join-rows.ts';
import { readEntry } from './lines.ts';
import { type Needles, toNeedles } from './record-part.ts';
import { type Row, WRITTEN_STATES } from './rows.ts';
import {
  BEGINNING,
  endOf,
  type LineBlock,
  type LinePlace,
  linesBefore,
  linesFrom,
  placeAfter,
  placeBefore,
} from './series.ts';
import { findSpan, type TimeSpanSettings } from './time-span.ts';

export type RowFilter = {
  readonly agent?: string | undefined;
  /** Whether rows of an agent are shown. Starts over HTTP, stops and some notes have no agent. */
  readonly agents?: ((agent: string | undefined) => boolean) | undefined;
  readonly tool?: string | undefined;
  /** One of STATES, for rows of calls. */
  readonly state?: string | undefined;
  /** An ID among the arguments of the call, or in its answer. */
  readonly object?: string | undefined;
  /** Show only calls that were refused, or allowed but not sent. */
  readonly refused?: boolean | undefined;
  readonly since?: Date | undefined;
  /** Rows from then on are left out. */
  readonly until?: Date | undefined;
};

export type ReadingSettings = TimeSpanSettings & {
  /** Lines from a decision to its outcome. No server has more calls in flight than are in half as many. */
  readonly linesApart: number;
};

const SETTINGS: ReadingSettings = { slackMs: 3_600_000, grainBytes: 65_536, linesApart: 20_000 };

/** How a record is read. */
export type ReadingOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly nameOf?: FileNames | undefined;
  /** Unlike the usual ones, for tests. */
  readonly settings?: ReadingSettings | undefined;
};

export type ReadingOrder = ReadingOptions & { readonly newestFirst?: boolean | undefined };

/** The first entry of a row, by which the rows that follow it are found. */
export type RowCursor = Pick<Entry, 'run' | 'seq'> & {
  /** The time of the row, so that the entry is found without reading all that is newer. */
  readonly time: Date | undefined;
};

/**
 * The rows of a record in the order in which they began, or in the reverse of it, from several files and those that were
 * rotated away from them. A time is found as findSpan has it.
 * @throws StartError if a file cannot be read, and the reason of the signal once it aborts
 */
export function readRows(
  paths: readonly string[],
  filter: RowFilter,
  { newestFirst = false, ...options }: ReadingOrder = {},
): AsyncGenerator<Row, void> {
  const search = toSearch(filter, options);
  const sources = toSeries(paths, options.nameOf).map((files) => readSeries(files, search, newestFirst));
  return inOrderOfTime(sources, newestFirst);
}

/** What is looked for in a series. */
type RowSearch = Pick<RowFilter, 'since' | 'until'> & {
  readonly needles: Needles;
  readonly isShown: (row: Row) => boolean;
  readonly signal: AbortSignal | undefined;
  readonly settings: ReadingSettings;
};

function toSearch(filter: RowFilter, { signal, settings = SETTINGS }: ReadingOptions): RowSearch {
  const { agent, tool, object, state = '', since, until } = filter;
  // A state that no entry has in words is found by the row alone.
  const needles = toNeedles([agent, tool, object, WRITTEN_STATES.has(state) ? state : undefined]);
  return { since, until, needles, isShown: toRowTest(filter), signal, settings };
}

const spanOf = (files: FileSeries, { since, until, settings, signal }: RowSearch) =>
  findSpan(files, { since: since?.getTime(), until: until?.getTime() }, { ...settings, signal });

async function* readSeries(files: FileSeries, search: RowSearch, newestFirst: boolean): AsyncGenerator<Row, void> {
  const { settings, signal } = search;
  const { linesApart } = settings;
  const { from, to } = await spanOf(files, search);
  // From where the calls began whose outcome is the first entry, or ended whose decision is the last.
  const lines = newestFirst
    ? linesBefore(files, await placeAfter(files, to, linesApart))
    : linesFrom(files, await placeBefore(files, from, linesApart));
  yield* joinRows(untilAborted(lines, signal), { ...search, linesApart, end: newestFirst ? from : to }, newestFirst);
}

async function* untilAborted(blocks: AsyncIterable<LineBlock>, signal: AbortSignal | undefined) {
  for await (const block of blocks) {
    signal?.throwIfAborted();
    yield block;
  }
}

/**
 * The first rows that a filter shows. The newest are found without reading what is older.
 * @throws StartError if a file cannot be read, and the reason of the signal once it aborts
 */
export const findRows = (
  paths: readonly string[],
  filter: RowFilter,
  { limit, ...order }: ReadingOrder & { readonly limit: number },
): Promise<readonly Row[]> => firstOf(readRows(paths, filter, order), limit);

/**
 * The first rows that a filter shows of those that are earlier in the record than another one, the newest first. Places
 * in the files decide, not times: no row is left out or shown twice where times are out of order, or where calls began or
 * ended since the other row was read.
 * @param path of a file; those that were rotated away from it are read too
 * @returns `undefined` if the record does not have the entry of the cursor
 * @throws StartError if a file cannot be read, and the reason of the signal once it aborts
 */
export async function findOlderRows(
  path: string,
  filter: RowFilter,
  { limit, before, ...options }: ReadingOptions & { readonly limit: number; readonly before: RowCursor },
): Promise<readonly Row[] | undefined> {
  const [files = []] = toSeries([path], options.nameOf);
  const search = toSearch(filter, options);
  const { settings, signal } = search;
  const { linesApart } = settings;
  const until = before.time === undefined ? undefined : before.time.getTime() + 1;
  const near = (await findSpan(files, { until }, { ...settings, signal })).to;
  // Where its time is far out of order, the entry is somewhere else.
  const begin = (await findPlace(files, before, signal, near)) ?? (await findPlace(files, before, signal));
  if (begin === undefined) return undefined;
  const { from } = await spanOf(files, search);
  const lines = linesBefore(files, await placeAfter(files, begin.place, linesApart));
  const wanted = { ...search, linesApart, begin: begin.place, end: from };
  return firstOf(joinRows(untilAborted(lines, signal), wanted, true), limit);
}

async function firstOf(rows: AsyncIterable<Row>, limit: number): Promise<readonly Row[]> {
  const found: Row[] = [];
  if (limit <= 0) return found;
  for await (const row of rows) if (found.push(row) >= limit) break;
  return found;
}

/**
 * The row of an entry: that of the call for a decision or an outcome.
 * @throws StartError if a file cannot be read, and the reason of the signal once it aborts
 */
export async function findEntry(
  paths: readonly string[],
  run: string,
  seq: number,
  { signal, nameOf }: Omit<ReadingOptions, 'settings'> = {},
): Promise<Row | undefined> {
  const isIt = (entry: Entry) => entry.run === run && entry.seq === seq;
  const { linesApart } = SETTINGS;
  const wanted = { needles: toNeedles([run]), linesApart, isShown: (row: Row) => row.entries.some(isIt) };
  for (const files of toSeries(paths, nameOf)) {
    const found = await findPlace(files, { run, seq }, signal);
    if (found === undefined) continue;
    // An outcome's decision is before it, and a decision's outcome after it.
    const rows =
      found.entry.kind === 'outcome'
        ? joinRows(linesBefore(files, found.after), { ...wanted, end: BEGINNING }, true)
        : joinRows(linesFrom(files, found.place), { ...wanted, end: found.after });
    for await (const row of rows) return row;
  }
  return undefined;
}

/** Where an entry is, and what comes after it. @param from the place before which it is looked for, backwards */
async function findPlace(
  files: FileSeries,
  { run, seq }: Pick<Entry, 'run' | 'seq'>,
  signal: AbortSignal | undefined,
  from = endOf(files),
): Promise<{ readonly entry: Entry; readonly place: LinePlace; readonly after: LinePlace } | undefined> {
  const needle = `"run":${JSON.stringify(run)},"seq":${seq},`; // as this server writes it
  let after = from;
  for await (const { file, lines } of untilAborted(linesBefore(files, after), signal)) {
    for (const { bytes, at } of lines) {
      const read = bytes.includes(needle) ? readEntry(bytes) : undefined;
      const place = { file, at };
      if (read?.what === 'entry' && read.entry.run === run && read.entry.seq === seq)
        return { entry: read.entry, place, after };
      after = place;
    }
  }
  return undefined;
}

function toRowTest({ agent, agents, tool, state, object, refused, since, until }: RowFilter): (row: Row) => boolean {
  const from = since?.toISOString();
  const to = until?.toISOString();
  return (row) =>
    (agent === undefined || row.agent === agent) &&
    (agents === undefined || agents(row.agent)) &&
    (tool === undefined || row.tool === tool) &&
    (state === undefined || row.state === state) &&
    (object === undefined || row.entries.some((entry) => idsOf(entry).includes(object))) &&
    (from === undefined || row.time >= from) &&
    (to === undefined || row.time < to) &&
    (!refused || row.state === 'refused' || row.state === 'not sent');
}

function idsOf(entry: Entry): readonly unknown[] {
  if (entry.kind === 'decision') return Object.values(Object(entry.ids)); // an altered entry may have none
  return entry.kind === 'outcome' ? [entry.object, entry.organization] : [];
}
