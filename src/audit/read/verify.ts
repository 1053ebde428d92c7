import { StartError } from '../../errors.ts';
import { type ChainHead, toHeadText } from '../chain.ts';
import { type FileNames, readFile, toSeries } from './files.ts';
import { readForwards } from './line-reader.ts';
import { readEntry } from './lines.ts';
import {
  addEntry,
  firstFault,
  headFault,
  inOrder,
  type LinePosition,
  MAX_KEPT,
  type RecordedRun,
  type RecordFault,
  type Room,
  toPosition,
  toRun,
  type UnknownOutcome,
  unknownCalls,
} from './runs.ts';

export type RunReport = {
  readonly run: string;
  readonly entries: number;
  /** Times of the first and the last entry. */
  readonly first: string;
  readonly last: string;
  /** Whether it ends with a stop. If not, the process still runs or was killed. */
  readonly stopped: boolean;
  /** Calls without an outcome: their number, and the first of them. */
  readonly unknown: { readonly count: number; readonly calls: readonly UnknownOutcome[] };
  readonly fault?: RecordFault;
};

export type VerifyReport = {
  readonly whole: boolean;
  readonly runs: readonly RunReport[];
  /** The heads to check, each with its fault if the record does not reach it. */
  readonly heads: readonly { readonly head: string; readonly fault?: string }[];
  /** Lines that are not entries: the number of each kind, and the first of them. */
  readonly lines: readonly OddLines[];
};

export type OddLines = { readonly what: OddKind; readonly count: number; readonly where: readonly string[] };

/**
 * Kinds of lines that are not entries. A torn line is harmless, as its entry is written again, and so is a log line.
 */
type OddKind = 'torn' | 'other' | `version ${string}`;

/** Calls without an outcome, and lines of a kind, that a report lists. */
const MAX_LISTED = 20;

/** Runs that one report can follow. Each start of a server is one. */
const MAX_RUNS = 100_000;

/** Kinds of lines that are counted separately. */
const MAX_VERSIONS = 20;

/**
 * Follows every run through the files, which may come in any order, and through those that were rotated away from them.
 * @throws StartError if a file cannot be read, or if the files have too many runs
 */
export async function verifyFiles(
  paths: readonly string[],
  {
    heads = [],
    maxRuns = MAX_RUNS,
    maxKept = MAX_KEPT,
    nameOf,
  }: {
    readonly heads?: readonly ChainHead[];
    readonly maxRuns?: number;
    readonly maxKept?: number;
    readonly nameOf?: FileNames;
  } = {},
): Promise<VerifyReport> {
  const runs = new Map<string, RecordedRun>();
  const room: Room = { left: maxKept };
  const odd = new Map<OddKind, { count: number; where: string[] }>();
  const note = (what: OddKind, where: string) => {
    const noted = odd.get(what) ?? { count: 0, where: [] };
    noted.count += 1;
    if (noted.where.length < MAX_LISTED) noted.where.push(where);
    if (odd.size < MAX_VERSIONS || odd.has(what)) odd.set(what, noted);
  };
  const wantedOf = (id: string) => new Set(heads.filter((head) => head.run === id).map((head) => head.seq));

  const add = (bytes: Buffer, place: LinePosition) => {
    if (bytes.length === 0) return;
    const read = readEntry(bytes);
    const where = toPosition(place);
    if (read.what === 'version') note(`version ${read.version}`, where);
    else if (read.what !== 'entry') note(read.what, where);
    else {
      if (read.before !== undefined) note(read.before, where);
      const { entry } = read;
      const run = runs.get(entry.run) ?? toRun(entry.run, wantedOf(entry.run), room);
      runs.set(entry.run, run);
      if (runs.size > maxRuns)
        throw new StartError(`The files have more than ${maxRuns} runs: verify fewer files at once.`);
      addEntry(run, entry, read.bytes, place);
    }
  };
  for (const file of toSeries(paths, nameOf).flat()) {
    let number = 0;
    for await (const lines of readFile(file, readForwards)) {
      for (const { bytes } of lines) {
        number += 1;
        add(bytes, { file: file.name, line: number });
      }
    }
  }

  const reports = [...runs.values()].map(toReport).sort((one, other) => (one.first < other.first ? -1 : 1));
  const headReports = heads.map((head) => {
    const fault = headFault(runs.get(head.run), head);
    return { head: toHeadText(head), ...(fault !== undefined && { fault }) };
  });
  const lines = [...odd].map(([what, { count, where }]) => ({ what, count, where }));
  const whole =
    reports.length > 0 &&
    reports.every((report) => report.fault === undefined) &&
    headReports.every((report) => report.fault === undefined) &&
    lines.every(({ what }) => what === 'torn' || what === 'other');
  return { whole, runs: reports, heads: headReports, lines };
}

function toReport(run: RecordedRun): RunReport {
  const stretches = inOrder(run);
  const last = stretches.at(-1);
  const fault = firstFault(run);
  const { count, calls } = unknownCalls(run);
  return {
    run: run.id,
    entries: run.entries,
    first: stretches[0]?.firstTime ?? '',
    last: last?.lastTime ?? '',
    stopped: last?.lastKind === 'stop',
    unknown: { count, calls: calls.slice(0, MAX_LISTED) },
    ...(fault !== undefined && { fault }),
  };
}
