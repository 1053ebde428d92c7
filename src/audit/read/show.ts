import { StartError } from '../../errors.ts';
import { cleanText } from '../../visible.ts';
import type { Entry } from '../entry.ts';
import { type FileSeries, inOrderOfTime, toSeries } from './files.ts';
import { readEntry, readLines } from './lines.ts';

export type EntryFilter = {
  readonly agent?: string | undefined;
  /** A date, a time or an age: 2026-11-22, 2026-11-22T10:57Z, 30m, 2h, 7d. */
  readonly since?: string | undefined;
  /** The same. Entries from then on are left out. */
  readonly until?: string | undefined;
  readonly tool?: string | undefined;
  /** Show only calls that were refused, or allowed but not sent. */
  readonly refused?: boolean | undefined;
};

/** One line of the page: a call with its decision and outcome, or any other entry. */
export type Row = {
  readonly time: string;
  readonly run: string;
  readonly state: string;
  readonly text: string;
  readonly agent: string | undefined;
  /** Of a call. */
  readonly tool?: string | undefined;
  /** Shown in parentheses after the text: the grant, milliseconds, the request ID. */
  readonly details: readonly string[];
  readonly entries: readonly Entry[];
};

type DecisionEntry = Extract<Entry, { kind: 'decision' }>;
type OutcomeEntry = Extract<Entry, { kind: 'outcome' }>;

/** Rows that wait for the outcome of the first. No server has more calls in flight. */
const MAX_WAITING_ROWS = 10_000;

/**
 * The rows of a record in the order in which they began, from several files and those that were rotated away from them.
 * @throws StartError if a file cannot be read
 */
export function readRows(
  paths: readonly string[],
  { agent, tool, since, until, refused = false }: EntryFilter,
  now: () => Date,
): AsyncGenerator<Row> {
  const from = since === undefined ? '' : toTime(since, now()).toISOString();
  const to = until === undefined ? undefined : toTime(until, now(), '--until').toISOString();
  const isShown = (row: Row) =>
    (agent === undefined || row.agent === agent) &&
    (tool === undefined || row.tool === tool) &&
    row.time >= from &&
    (to === undefined || row.time < to) &&
    (!refused || row.state === 'refused' || row.state === 'not sent');
  return inOrderOfTime(toSeries(paths).map((files) => readSeries(files, isShown)));
}

async function* linesOf(files: FileSeries) {
  for (const file of files) yield* readLines(file);
}

async function* readSeries(files: FileSeries, isShown: (row: Row) => boolean): AsyncGenerator<Row> {
  /** Rows in order, each with its decision while the outcome is missing. */
  const queue: { row: Row; decision: DecisionEntry | undefined }[] = [];
  const open = new Map<string, (typeof queue)[number]>();
  const keyOf = (run: string, seq: number) => `${run} ${seq}`;

  for await (const { bytes } of linesOf(files)) {
    const read = readEntry(bytes);
    if (read.what !== 'entry') continue; // "audit verify" reports such lines
    const { entry } = read;
    if (entry.kind === 'outcome') {
      const key = keyOf(entry.run, entry.of);
      const waiting = open.get(key);
      open.delete(key);
      if (waiting === undefined) queue.push({ row: toOutcomeRow(undefined, entry), decision: undefined });
      else Object.assign(waiting, { row: toOutcomeRow(waiting.decision, entry), decision: undefined });
    } else if (entry.kind === 'decision') {
      const isOpen = entry.decision !== 'refused';
      const waiting = { row: toDecisionRow(entry), decision: isOpen ? entry : undefined };
      queue.push(waiting);
      if (isOpen) open.set(keyOf(entry.run, entry.seq), waiting);
    } else queue.push({ row: toRow(entry), decision: undefined });

    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      if (first.decision !== undefined && queue.length <= MAX_WAITING_ROWS) break;
      queue.shift();
      if (first.decision !== undefined) open.delete(keyOf(first.decision.run, first.decision.seq));
      if (isShown(first.row)) yield first.row;
    }
  }
  for (const { row } of queue) if (isShown(row)) yield row;
}

/** Formats the record as a page with a heading per day and a line per row. Times are UTC. */
export async function* showFile(
  paths: readonly string[],
  filter: EntryFilter = {},
  now: () => Date = () => new Date(),
): AsyncGenerator<string> {
  let day = '';
  for await (const { time, state, text, details } of readRows(paths, filter, now)) {
    const date = time.slice(0, 10);
    if (date !== day) {
      if (day !== '') yield '';
      yield toHeading(date);
      day = date;
    }
    const suffix = details.length === 0 ? '' : `  (${details.join(', ')})`;
    yield toPlain(`  ${time.slice(11, 19)}  ${state.padEnd(STATE_WIDTH_CHARS)}  ${text}${suffix}`);
  }
}

/** The longest state is "confirmation". */
const STATE_WIDTH_CHARS = 12;

function toRow(entry: Exclude<Entry, DecisionEntry | OutcomeEntry>): Row {
  const common = { time: entry.time, run: entry.run, entries: [entry], details: [`run ${entry.run.slice(0, 8)}`] };
  switch (entry.kind) {
    case 'start': {
      const by = entry.agent === undefined ? '' : ` for ${entry.agent}`;
      const text = `workos-mcp ${entry.version} serves ${entry.environment} over ${entry.transport}${by}: ${entry.tools} tools, confirmation ${entry.confirm}`;
      const details = [`settings ${String(entry.config).slice(0, 12)}`, ...common.details];
      return { ...common, agent: entry.agent, state: 'start', text, details };
    }
    case 'stop':
      return { ...common, agent: undefined, state: 'stop', text: String(entry.reason) };
    default:
      return { ...common, agent: entry.agent, state: 'note', text: String(entry.text) };
  }
}

function toDecisionRow(entry: DecisionEntry): Row {
  const { time, run, agent, tool, text, decision, rule } = entry;
  const common = { time, run, agent, tool, entries: [entry] };
  switch (decision) {
    case 'refused':
      return { ...common, state: 'refused', text, details: [] }; // the sentence ends with the rule
    case 'ask':
      return { ...common, state: 'confirmation', text, details: [] };
    default:
      return { ...common, state: 'unknown', text: `${text}: outcome unknown`, details: [rule] };
  }
}

function toOutcomeRow(decision: DecisionEntry | undefined, entry: OutcomeEntry): Row {
  const { run, agent, text, outcome, ms, request_id: requestId } = entry;
  const confirmation = decision?.confirmation === undefined ? [] : [`confirmation ${decision.confirmation}`];
  const request = requestId === undefined || outcome === 'ok' ? [] : [`request ${requestId}`];
  const via = decision?.via === undefined ? [] : [`via ${decision.via}`];
  return {
    time: decision?.time ?? entry.time,
    run,
    agent,
    tool: decision?.tool ?? entry.tool,
    state: outcome === 'asked' ? 'confirmation' : String(outcome),
    text,
    details: [...(decision === undefined ? [] : [decision.rule]), ...via, ...confirmation, `${ms} ms`, ...request],
    entries: decision === undefined ? [entry] : [decision, entry],
  };
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function toHeading(date: string): string {
  return `${[DAYS[new Date(date).getUTCDay()], toPlain(date)].filter(Boolean).join(' ')} (UTC)`;
}

/**
 * JSON in ASCII: a file may hold control sequences and characters that change how a terminal or an editor shows the rest.
 */
export const toAsciiJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, undefined, indent).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** A text as one visible line: an altered file must not send control sequences to the reader's terminal. */
export const toPlain = (text: string): string => cleanText(text.replace(/[\t\n\r\v\f\u2028\u2029]/g, ' ')).text;

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DATE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/** The time that "since" stands for. A time without a zone is UTC, as are the times shown. */
export function toTime(since: string, now: Date, flag = '--since'): Date {
  const [, count, unit = ''] = /^(\d{1,5})([smhdw])$/.exec(since) ?? [];
  if (count !== undefined) return new Date(now.getTime() - Number(count) * (MS_PER_UNIT[unit] ?? 0));
  const hasZone = /(?:Z|[+-]\d\d:\d\d)$/.test(since.slice(10));
  const time = new Date(
    DATE.test(since) ? `${since.replace(' ', 'T')}${since.length > 10 && !hasZone ? 'Z' : ''}` : '',
  );
  // Date parses 30 February as 2 March.
  const isReal = since.slice(0, 10) === new Date(`${since.slice(0, 10)}T00:00Z`).toJSON()?.slice(0, 10);
  if (!Number.isNaN(time.getTime()) && isReal) return time;
  throw new StartError(
    `${flag} ${since}: give a date or time such as 2026-11-22T10:57Z, or an age such as 30m, 2h or 7d.`,
  );
}
