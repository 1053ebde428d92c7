import { type ChainHead, hashOf, NO_HASH } from '../chain.ts';
import type { Entry } from '../entry.ts';

/** A line of a file, printed as `FILE:LINE`. */
export type LinePosition = { readonly file: string; readonly line: number };

/** The first place where a run's chain is broken. */
export type RecordFault = {
  readonly kind: 'altered' | 'missing' | 'duplicated' | 'reordered';
  readonly seq: number;
  readonly where: string;
  readonly text: string;
};

/** An allowed call without an outcome. The record does not say whether it took effect. */
export type UnknownOutcome = {
  readonly seq: number;
  readonly time: string;
  readonly where: string;
  readonly text: string;
};

/** Consecutive entries of a run, by position and by number. */
type EntryRange = {
  readonly first: number;
  readonly prev: string;
  readonly from: LinePosition;
  readonly firstTime: string;
  last: number;
  hash: string;
  to: LinePosition;
  lastTime: string;
  lastKind: string;
  /** The first broken link within the stretch. */
  fault: RecordFault | undefined;
};

export type RecordedRun = {
  readonly id: string;
  entries: number;
  readonly stretches: EntryRange[];
  /** The stretch that the next entry may extend. */
  current: EntryRange | undefined;
  /** Decisions still without an outcome, and outcomes still without a decision. Files may come in any order. */
  readonly decisions: Map<number, UnknownOutcome>;
  readonly outcomes: Set<number>;
  /** Number of decisions that there was no room for. */
  overflow: number;
  /** Sequence numbers of the heads to check, and the hashes found there. */
  readonly wanted: ReadonlySet<number>;
  readonly hashes: Map<number, string>;
  readonly room: Room;
  /** The run is in more pieces than there is room for. */
  isScattered: boolean;
};

/** Decisions, outcomes and stretches of all runs that may still be kept in memory. Files may have any number of them. */
export type Room = { left: number };

export const MAX_KEPT = 1_000_000;

/** Characters kept of a decision's text: the report lists the first, and points to all. */
const MAX_TEXT_CHARS = 300;

export const toRun = (id: string, wanted: ReadonlySet<number>, room: Room): RecordedRun => ({
  id,
  entries: 0,
  stretches: [],
  current: undefined,
  decisions: new Map(),
  outcomes: new Set(),
  overflow: 0,
  wanted,
  hashes: new Map(),
  room,
  isScattered: false,
});

export const toPosition = ({ file, line }: LinePosition): string => `${file}:${line}`;

/** Adds an entry in reading order. */
export function addEntry(run: RecordedRun, entry: Entry, bytes: Uint8Array, place: LinePosition): void {
  const { seq, prev, time, kind } = entry;
  const hash = hashOf(bytes);
  run.entries += 1;
  if (run.wanted.has(seq)) run.hashes.set(seq, hash);
  addCall(run, entry, place);
  const { current } = run;
  if (current !== undefined && seq === current.last + 1) {
    if (prev !== current.hash) current.fault ??= toAltered(seq, current.to, place);
    Object.assign(current, { last: seq, hash, to: place, lastTime: time, lastKind: kind });
    return;
  }
  const stretch = { first: seq, prev, from: place, firstTime: time, last: seq, hash, to: place, lastTime: time };
  run.current = { ...stretch, lastKind: kind, fault: undefined };
  // The number of runs is bounded elsewhere, so each has its first stretch.
  if (run.stretches.length === 0 || hasRoom(run)) run.stretches.push(run.current);
  else run.isScattered = true;
}

/** Takes a place if one is left. */
function hasRoom({ room }: RecordedRun): boolean {
  if (room.left === 0) return false;
  room.left -= 1;
  return true;
}

function addCall(run: RecordedRun, entry: Entry, place: LinePosition): void {
  if (entry.kind === 'outcome') {
    if (run.decisions.delete(entry.of)) run.room.left += 1;
    else if (hasRoom(run)) run.outcomes.add(entry.of);
  } else if (entry.kind === 'decision' && entry.decision === 'allowed') {
    const { seq, time, text } = entry;
    if (run.outcomes.delete(seq)) run.room.left += 1;
    else if (!hasRoom(run)) run.overflow += 1;
    else run.decisions.set(seq, { seq, time, where: toPosition(place), text: String(text).slice(0, MAX_TEXT_CHARS) });
  }
}

/** The calls without an outcome in the order of their decisions, and their number. */
export function unknownCalls({ decisions, outcomes, overflow }: RecordedRun): {
  count: number;
  calls: UnknownOutcome[];
} {
  const calls = [...decisions.values()].sort((one, other) => one.seq - other.seq);
  return { count: calls.length + Math.max(0, overflow - outcomes.size), calls };
}

/** A run's stretches by sequence number. */
export const inOrder = (run: RecordedRun): EntryRange[] =>
  run.stretches.toSorted((one, other) => one.first - other.first);

/** The first broken link of a run, or `undefined` if it is whole. */
export function firstFault(run: RecordedRun): RecordFault | undefined {
  let before: EntryRange | undefined;
  for (const stretch of inOrder(run)) {
    const fault = faultBetween(before, stretch) ?? stretch.fault;
    if (fault !== undefined) return fault;
    before = stretch;
  }
  if (run.isScattered && before !== undefined) return toScattered(before);
  return undefined;
}

const toScattered = ({ last, to }: EntryRange): RecordFault => ({
  kind: 'reordered',
  seq: last,
  where: toPosition(to),
  text: 'the entries of the run are in more places than can be checked at once: verify fewer files',
});

function faultBetween(before: EntryRange | undefined, { first, prev, from }: EntryRange): RecordFault | undefined {
  const last = before?.last ?? 0;
  const where = toPosition(from);
  if (first <= last) {
    return { kind: 'duplicated', seq: first, where, text: `entry ${first} appears a second time` };
  }
  if (first > last + 1) {
    const what = first === last + 2 ? `entry ${last + 1} is` : `entries ${last + 1} to ${first - 1} are`;
    const older = before === undefined ? ', unless they are in an older file that was not given' : '';
    return { kind: 'missing', seq: last + 1, where, text: `${what} missing before entry ${first}${older}` };
  }
  if (before === undefined) {
    return prev === NO_HASH
      ? undefined
      : {
          kind: 'altered',
          seq: first,
          where,
          text: `entry ${first} was altered: it says that another entry precedes it`,
        };
  }
  if (prev !== before.hash) return toAltered(first, before.to, from);
  if (before.to.file === from.file && before.to.line > from.line) {
    return { kind: 'reordered', seq: first, where, text: `entry ${first} appears before entry ${last}` };
  }
  return undefined;
}

/** Each entry carries the hash of the previous one, so a mismatch implicates either of the two. */
function toAltered(seq: number, before: LinePosition, place: LinePosition): RecordFault {
  return {
    kind: 'altered',
    seq: seq - 1,
    where: toPosition(before),
    text: `entry ${seq - 1} was altered, or the link to it in entry ${seq} at ${toPosition(place)}`,
  };
}

/** Compares the end of a run with a head that was kept elsewhere. Returns what is wrong, or `undefined`. */
export function headFault(run: RecordedRun | undefined, head: ChainHead): string | undefined {
  if (run === undefined) return 'the files have no entry of that run';
  const last = Math.max(...inOrder(run).map((stretch) => stretch.last));
  if (last < head.seq) return `the run was truncated: it ends with entry ${last}, but entry ${head.seq} was written`;
  const hash = run.hashes.get(head.seq);
  if (hash === undefined) return `entry ${head.seq} is missing`;
  return hash === head.hash ? undefined : `entry ${head.seq} is not the one that was written`;
}
