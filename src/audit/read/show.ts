import { type RowFilter, readRows } from './find-rows.ts';
import { toPlain } from './plain-line.ts';
import type { Row } from './rows.ts';
import { toTimeRange } from './time-words.ts';

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
    ...toTimeRange({ since, until }, now()),
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
