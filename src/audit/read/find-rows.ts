import type { Entry } from '../entry.ts';
import { type FileSeries, inOrderOfTime, toSeries } from './files.ts';
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

export type ReadingOrder = {
  readonly newestFirst?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Unlike the usual ones, for tests. */
  readonly settings?: ReadingSettings | undefined;
};

/**
 * The rows of a record in the order in which they began, or in the reverse of it, from several files and those that were
 * rotated away from them. A time is found as findSpan has it.
 * @throws StartError if a file cannot be read, and the reason of the signal once it aborts
 */
export function readRows(
  paths: readonly string[],
  filter: RowFilter,
  { newestFirst = false, signal, settings = SETTINGS }: ReadingOrder = {},
): AsyncGenerator<Row, void> {
  const isShown = toRowTest(filter);
  const { agent, tool, object, state = '' } = filter;
  // A state that no entry has in words is found by the row alone.
  const needles = toNeedles([agent, tool, object, WRITTEN_STATES.has(state) ? state : undefined]);
  const sources = toSeries(paths).map((files) =>
    readSeries(files, filter, { needles, isShown, newestFirst, signal, settings }),
  );
  return inOrderOfTime(sources, newestFirst);
}

async function* readSeries(
  files: FileSeries,
  { since, until }: RowFilter,
  {
    needles,
    isShown,
    newestFirst,
    signal,
    settings,
  }: ReadingOrder & {
    readonly newestFirst: boolean;
    readonly settings: ReadingSettings;
    readonly needles: Needles;
    readonly isShown: (row: Row) => boolean;
  },
): AsyncGenerator<Row, void> {
  const { linesApart } = settings;
  const { from, to } = await findSpan(files, { since: since?.getTime(), until: until?.getTime() }, settings);
  // From where the calls began whose outcome is the first entry, or ended whose decision is the last.
  const lines = newestFirst
    ? linesBefore(files, await placeAfter(files, to, linesApart))
    : linesFrom(files, await placeBefore(files, from, linesApart));
  const wanted = { needles, isShown, linesApart, end: newestFirst ? from : to };
  yield* joinRows(untilAborted(lines, signal), wanted, newestFirst);
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
export async function findRows(
  paths: readonly string[],
  filter: RowFilter,
  { limit, ...order }: ReadingOrder & { readonly limit: number },
): Promise<readonly Row[]> {
  const found: Row[] = [];
  if (limit <= 0) return found;
  for await (const row of readRows(paths, filter, order)) if (found.push(row) >= limit) break;
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
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Row | undefined> {
  const isIt = (entry: Entry) => entry.run === run && entry.seq === seq;
  const { linesApart } = SETTINGS;
  const wanted = { needles: toNeedles([run]), linesApart, isShown: (row: Row) => row.entries.some(isIt) };
  for (const files of toSeries(paths)) {
    const found = await findPlace(files, { run, seq }, signal);
    if (found === undefined) continue;
    // An outcome's decision is before it, and a decision's outcome behind it.
    const rows =
      found.entry.kind === 'outcome'
        ? joinRows(linesBefore(files, found.behind), { ...wanted, end: BEGINNING }, true)
        : joinRows(linesFrom(files, found.place), { ...wanted, end: found.behind });
    for await (const row of rows) return row;
  }
  return undefined;
}

/** Where an entry is, and what is behind it. */
async function findPlace(
  files: FileSeries,
  { run, seq }: Pick<Entry, 'run' | 'seq'>,
  signal: AbortSignal | undefined,
): Promise<{ readonly entry: Entry; readonly place: LinePlace; readonly behind: LinePlace } | undefined> {
  const needle = `"run":${JSON.stringify(run)},"seq":${seq},`; // as this server writes it
  let behind = endOf(files);
  for await (const { file, lines } of untilAborted(linesBefore(files, behind), signal)) {
    for (const { bytes, at } of lines) {
      const read = bytes.includes(needle) ? readEntry(bytes) : undefined;
      const place = { file, at };
      if (read?.what === 'entry' && read.entry.run === run && read.entry.seq === seq)
        return { entry: read.entry, place, behind };
      behind = place;
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
