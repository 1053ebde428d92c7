import type { VerifyReport } from './verify.ts';

const LINES: Readonly<Record<string, (count: string) => string>> = {
  torn: (count) => `${count} torn: a write failed or its process died amid it`,
  other: (count) => `${count} not part of the record`,
};

export const verdictWords = ({ whole }: Pick<VerifyReport, 'whole'>): string =>
  whole ? 'The record is whole.' : 'The record is NOT whole.';

/** The report for people, line by line. Texts of the record in it may have been altered. */
export function reportWords(report: VerifyReport): readonly string[] {
  const { runs, heads, lines } = report;
  const text = runs.flatMap(({ run, entries, first, last, stopped, unknown, fault }) => {
    const end = stopped ? 'stopped' : 'no stop: it still runs, or was killed';
    const { count, calls } = unknown;
    const left = count - calls.length;
    return [
      `run ${run}: ${counted(entries, 'entry', 'entries')}, ${first} to ${last}, ${end}`,
      fault === undefined ? '  whole' : `  BROKEN at ${fault.where}: ${fault.text}`,
      ...(count === 0 ? [] : [`  ${counted(count, 'call', 'calls')} with outcome unknown:`]),
      ...calls.map((call) => `    ${call.time}  ${call.where}  ${call.text}`),
      ...(left > 0 ? [`    and ${left} more`] : []),
    ];
  });
  for (const { head, fault } of heads)
    text.push(`head ${head}: ${fault === undefined ? 'reached' : `BROKEN: ${fault}`}`);
  for (const { what, count, where } of lines) {
    const told = LINES[what]?.(counted(count, 'line is', 'lines are'));
    const places = `${where.join(', ')}${count > where.length ? ', …' : ''}`;
    text.push(
      told === undefined
        ? `BROKEN: ${counted(count, 'entry', 'entries')} of ${what}, which this version of workos-mcp does not know: ${places}`
        : `${told}: ${places}`,
    );
  }
  if (runs.length === 0) text.push('There is no entry of a record.');
  text.push(verdictWords(report));
  return text;
}

const counted = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;
