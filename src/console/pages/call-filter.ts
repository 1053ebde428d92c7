import type { RowCursor, RowFilter } from '../../audit/read/find-rows.ts';
import { type Row, STATES } from '../../audit/read/rows.ts';
import { toTimeRange } from '../../audit/read/time-words.ts';
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
  /** The last row of the page before. */
  readonly before: RowCursor | undefined;
  /** What is wrong with it, for people. Nothing is shown then. */
  readonly faults: readonly string[];
};

/** Characters of a value. IDs, names and times are shorter. */
const MAX_VALUE_CHARS = 100;

export function toCallFilter(query: URLSearchParams, now: Date): CallFilter {
  const faults: string[] = [];
  const known: readonly string[] = [...FIELDS, 'before'];
  for (const name of new Set(query.keys())) {
    if (!known.includes(name)) faults.push(`${inShort(name)} is not a filter. There are ${FIELDS.join(', ')}.`);
    else if (query.getAll(name).length > 1) faults.push(`${name} is given more than once.`);
  }
  const fieldOf = (name: string): string | undefined => {
    const value = query.get(name)?.trim() ?? '';
    if (value.length > MAX_VALUE_CHARS) faults.push(`${name} has more than ${MAX_VALUE_CHARS} characters.`);
    return value === '' || value.length > MAX_VALUE_CHARS ? undefined : value;
  };
  const timesOf = (given: CallFields): ReturnType<typeof toTimeRange> => {
    try {
      return toTimeRange(given, now, '');
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      faults.push(error.message);
      return { since: undefined, until: undefined };
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
  const given = query.get('before') ?? undefined;
  const before = given === undefined ? undefined : toCursor(given);
  if (given !== undefined && before === undefined) faults.push('before is not valid. Follow the link Older of a page.');
  return { fields, rows: { agent, tool, state, object, ...timesOf(fields) }, before, faults };
}

/** The run and number of an entry, and its time in milliseconds since 1970 where that is known. */
const CURSOR = /^(.{1,100}):(\d{1,15}):(\d{0,15})$/su;

function toCursor(text: string): RowCursor | undefined {
  const [, run, seq, time] = CURSOR.exec(text) ?? [];
  if (run === undefined) return undefined;
  return { run, seq: Number(seq), time: time === '' ? undefined : new Date(Number(time)) };
}

/** The address of a view. */
export function callsPath(fields: CallFields & { readonly before?: string | undefined }): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.set(name, value);
  const text = query.toString();
  return text === '' ? '/calls' : `/calls?${text}`;
}

/** The address of the rows that follow the last one of a page. */
export function olderPath({ fields }: CallFilter, { run, time, entries }: Row): string {
  const at = Date.parse(time);
  return callsPath({ ...fields, before: `${run}:${entries[0]?.seq ?? 0}:${Number.isNaN(at) ? '' : at}` });
}
