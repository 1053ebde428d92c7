import { StartError } from '../../errors.ts';

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DATE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/**
 * The time that a date, a time or an age stands for. A time without a zone is UTC, as are the times shown.
 * @throws StartError for any other text
 */
export function toTime(text: string, now: Date, name = '--since'): Date {
  const [, count, unit = ''] = /^(\d{1,5})([smhdw])$/.exec(text) ?? [];
  if (count !== undefined) return new Date(now.getTime() - Number(count) * (MS_PER_UNIT[unit] ?? 0));
  const hasZone = /(?:Z|[+-]\d\d:\d\d)$/.test(text.slice(10));
  const time = new Date(DATE.test(text) ? `${text.replace(' ', 'T')}${text.length > 10 && !hasZone ? 'Z' : ''}` : '');
  // Date parses 30 February as 2 March.
  const isReal = text.slice(0, 10) === new Date(`${text.slice(0, 10)}T00:00Z`).toJSON()?.slice(0, 10);
  if (!Number.isNaN(time.getTime()) && isReal) return time;
  throw new StartError(
    `${name} ${text}: give a date or time such as 2026-11-22T10:57Z, or an age such as 30m, 2h or 7d.`,
  );
}

/**
 * The times that a filter names, by `prefix` and the member in messages.
 * @throws StartError for a text that is not a time, and where no entry can be between the two
 */
export function toTimeRange(
  { since, until }: { readonly since?: string | undefined; readonly until?: string | undefined },
  now: Date,
  prefix = '--',
) {
  const times = {
    since: since === undefined ? undefined : toTime(since, now, `${prefix}since`),
    until: until === undefined ? undefined : toTime(until, now, `${prefix}until`),
  };
  if (times.since !== undefined && times.until !== undefined && times.since >= times.until)
    throw new StartError(
      `${prefix}since ${since} is not before ${prefix}until ${until}: no entry can be between them. An age such as 2h counts back from now.`,
    );
  return times;
}
