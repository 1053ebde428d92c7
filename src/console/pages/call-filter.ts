import type { RowFilter } from '../../audit/read/find-rows.ts';
import { STATES } from '../../audit/read/rows.ts';
import { toTime } from '../../audit/read/show.ts';
import { StartError } from '../../errors.ts';
import { inShort } from '../../wording.ts';

/** How calls ended, or what else a row is, each as the record's readers call it. */
export const OUTCOMES: readonly string[] = [...STATES, 'start', 'stop', 'note'];

/** The fields of the form, which are also the parameters of the address. */
export const FIELDS = ['agent', 'tool', 'outcome', 'object', 'since', 'until'] as const;

export type CallFields = { readonly [Field in (typeof FIELDS)[number]]?: string | undefined };

/** What an address asks for. */
export type CallFilter = {
  /** What the form holds. */
  readonly fields: CallFields;
  readonly rows: Omit<RowFilter, 'agents'>;
  /** Rows to leave out before the first: those of the same millisecond that a page before has shown. */
  readonly skip: number;
  /** What is wrong with it, for people. Nothing is shown then. */
  readonly faults: readonly string[];
};

/** Characters of a value. IDs, names and times are shorter. */
const MAX_VALUE_CHARS = 100;
/** Entries that one process writes in a millisecond are far fewer. */
const MAX_SKIP = 10_000;

export function toCallFilter(query: URLSearchParams, now: Date): CallFilter {
  const faults: string[] = [];
  const known: readonly string[] = [...FIELDS, 'skip'];
  for (const name of new Set(query.keys())) {
    if (!known.includes(name)) faults.push(`${inShort(name)} is not a filter. There are ${FIELDS.join(', ')}.`);
    else if (query.getAll(name).length > 1) faults.push(`${name} is given more than once.`);
  }
  const fieldOf = (name: string): string | undefined => {
    const value = query.get(name)?.trim() ?? '';
    if (value.length > MAX_VALUE_CHARS) faults.push(`${name} has more than ${MAX_VALUE_CHARS} characters.`);
    return value === '' || value.length > MAX_VALUE_CHARS ? undefined : value;
  };
  const timeOf = (name: string, value: string | undefined): Date | undefined => {
    try {
      return value === undefined ? undefined : toTime(value, now, name);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      faults.push(error.message);
      return undefined;
    }
  };
  const fields: CallFields = Object.fromEntries(
    FIELDS.flatMap((name) => {
      const value = fieldOf(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const { agent, tool, outcome: state, object } = fields;
  if (state !== undefined && !OUTCOMES.includes(state))
    faults.push(`${state} is not a valid outcome. There are ${OUTCOMES.join(', ')}.`);
  const skipped = fieldOf('skip') ?? '0';
  const skip = Number(skipped);
  if (!/^\d+$/.test(skipped) || skip > MAX_SKIP) faults.push(`skip takes a whole number from 0 to ${MAX_SKIP}.`);
  const rows = {
    agent,
    tool,
    state,
    object,
    since: timeOf('since', fields.since),
    until: timeOf('until', fields.until),
  };
  return { fields, rows, skip, faults };
}

/** The address of a view. */
export function callsPath(fields: CallFields & { readonly skip?: number }): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined && value !== 0) query.set(name, `${value}`);
  const text = query.toString();
  return text === '' ? '/calls' : `/calls?${text}`;
}

/**
 * The address of the rows behind a page of them. The last row's millisecond may have more rows than the page shows: it is
 * asked for again, without those that were shown.
 */
export function olderPath(
  { fields, rows, skip }: CallFilter,
  shown: readonly { readonly time: string }[],
): string | undefined {
  const last = shown.at(-1);
  const at = last === undefined ? Number.NaN : Date.parse(last.time);
  if (last === undefined || Number.isNaN(at)) return undefined;
  const until = new Date(at + 1).toISOString();
  const again = shown.filter(({ time }) => time === last.time).length;
  const isSame = rows.until?.toISOString() === until;
  return callsPath({ ...fields, until, skip: again + (isSame ? skip : 0) });
}
