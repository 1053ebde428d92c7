import { StartError } from '../../errors.ts';
import { cleanText } from '../../visible.ts';
import { type RowFilter, readRows } from './find-rows.ts';
import type { Row } from './rows.ts';

/** A filter with its times in words: 2026-11-22, 2026-11-22T10:57Z, or an age such as 30m, 2h, 7d. */
export type EntryFilter = Omit<RowFilter, 'agents' | 'since' | 'until'> & {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
};

/**
 * The rows of a record, by a filter in words.
 * @throws StartError for a time that is not valid, and if a file cannot be read
 */
export function rowsOf(
  paths: readonly string[],
  { since, until, ...filter }: EntryFilter,
  now: () => Date,
): AsyncGenerator<Row, void> {
  return readRows(paths, {
    ...filter,
    since: since === undefined ? undefined : toTime(since, now()),
    until: until === undefined ? undefined : toTime(until, now(), '--until'),
  });
}

/** Formats the record as a page with a heading per day and a line per row. Times are UTC. */
export async function* showFile(
  paths: readonly string[],
  filter: EntryFilter = {},
  now: () => Date = () => new Date(),
): AsyncGenerator<string> {
  let day = '';
  for await (const { time, state, text, details } of rowsOf(paths, filter, now)) {
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
