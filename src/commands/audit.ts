import { type ChainHead, parseHead } from '../audit/chain.ts';
import { readRows, showFile, toPlain } from '../audit/read/show.ts';
import { type VerifyReport, verifyFiles } from '../audit/read/verify.ts';
import { StartError } from '../errors.ts';
import { ASKS } from '../settings/command-line.ts';
import type { Line } from '../settings/flags.ts';
import { toCommand } from './subcommand.ts';
import type { Look } from './table.ts';

type AuditCommandDeps = { readonly write: (text: string) => void; readonly now: () => Date; readonly look?: Look };

/**
 * `audit verify` and `audit show`: exit code 1 for a record that is not whole. They throw StartError for arguments that
 * make no sense, and files that cannot be read.
 */
export const runAudit = toCommand<AuditCommandDeps>('audit', 'subcommand', {
  verify: {
    words: ['FILE…'],
    examples: ['audit verify audit.jsonl', 'audit verify audit.jsonl --head RUN:SEQ:HASH'],
    options: {
      head: { kind: 'list', value: 'RUN:SEQ:HASH', help: 'An entry that the files have to reach, as shown in the log' },
      json: ASKS.json,
    },
    run: verify,
  },
  show: {
    words: ['FILE'],
    examples: ['audit show audit.jsonl --since 7d --refused', 'audit show audit.jsonl --agent support-bot --json'],
    options: {
      agent: { kind: 'text', value: 'NAME', help: 'Only the calls of this agent' },
      since: { kind: 'text', value: 'WHEN', help: 'Only entries from then on: a date or time, or how long ago (7d)' },
      refused: { kind: 'switch', help: 'Only calls that were refused' },
      json: ASKS.json,
    },
    run: show,
  },
});

async function show({ words: [file = ''], flags }: Line, { write, now }: AuditCommandDeps): Promise<number> {
  const filter = { agent: flags.agent?.[0], since: flags.since?.[0], refused: flags.refused !== undefined };
  if (flags.json !== undefined) {
    for await (const row of readRows(file, filter, now)) write(`${JSON.stringify(row)}\n`);
    return 0;
  }
  let isEmpty = true;
  for await (const line of showFile(file, filter, now)) {
    isEmpty = false;
    write(`${line}\n`);
  }
  if (isEmpty) write('Nothing to show.\n');
  return 0;
}

async function verify({ words: files, flags }: Line, { write }: AuditCommandDeps): Promise<number> {
  const heads = (flags.head ?? []).map((text): ChainHead => {
    const head = parseHead(text);
    if (head === undefined) throw new StartError(`--head ${text}: a head is RUN:SEQ:HASH, as shown in the log.`);
    return head;
  });
  const report = await verifyFiles(files, { heads });
  write(flags.json === undefined ? toText(report) : `${JSON.stringify(report, undefined, 2)}\n`);
  return report.whole ? 0 : 1;
}

const LINES: Readonly<Record<string, (count: string) => string>> = {
  torn: (count) => `${count} torn: a write failed or its process died amid it`,
  other: (count) => `${count} no entry of the record`,
};

/** The report for people. */
function toText({ whole, runs, heads, lines }: VerifyReport): string {
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
  text.push(whole ? 'The record is whole.' : 'The record is NOT whole.');
  if (whole && heads.length === 0)
    text.push('Whether entries were cut off the end shows with --head, which the log has.');
  return text.map((line) => `${toPlain(line)}\n`).join('');
}

const counted = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;
