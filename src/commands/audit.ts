import { type ChainHead, parseHead } from '../audit/chain.ts';
import { COUNTED, countRows } from '../audit/read/count.ts';
import { toAsciiJson, toPlain } from '../audit/read/plain-line.ts';
import { reportWords } from '../audit/read/report-words.ts';
import { STATES } from '../audit/read/rows.ts';
import { rowsOf, showFile } from '../audit/read/show.ts';
import { verifyFiles } from '../audit/read/verify.ts';
import { StartError } from '../errors.ts';
import { ASKS } from '../settings/command-line.ts';
import type { Line } from '../settings/flags.ts';
import { toCommand } from './subcommand.ts';
import { header, type Look, table } from './table.ts';

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
    words: ['FILE…'],
    examples: [
      'audit show audit.jsonl --since 7d --refused',
      'audit show audit.jsonl --agent support-bot --json',
      'audit show server-1.jsonl server-2.jsonl --since 2026-11-01 --until 2026-12-01 --count-by tool',
    ],
    options: {
      agent: { kind: 'text', value: 'NAME', help: 'Only the calls of this agent' },
      since: { kind: 'text', value: 'WHEN', help: 'Only entries from then on: a date or time, or how long ago (7d)' },
      until: { kind: 'text', value: 'WHEN', help: 'Only entries from before then' },
      tool: { kind: 'text', value: 'NAME', help: 'Only calls of this tool' },
      object: { kind: 'text', value: 'ID', help: 'Only calls with this ID among their arguments or in their answer' },
      outcome: { kind: 'choice', choices: STATES, help: 'Only calls with this outcome' },
      'count-by': { kind: 'choice', choices: COUNTED, help: 'Count the calls instead of showing them' },
      refused: { kind: 'switch', help: 'Only calls that were refused' },
      json: ASKS.json,
    },
    run: show,
  },
});

async function show({ words: files, flags }: Line, { write, now, look }: AuditCommandDeps): Promise<number> {
  const one = (name: string) => flags[name]?.[0];
  const filter = {
    agent: one('agent'),
    tool: one('tool'),
    object: one('object'),
    state: one('outcome'),
    since: one('since'),
    until: one('until'),
    refused: flags.refused !== undefined,
  };
  const by = COUNTED.find((each) => each === one('count-by'));
  if (by !== undefined) {
    const counts = await countRows(rowsOf(files, filter, now), by);
    if (flags.json !== undefined) for (const count of counts) write(`${toAsciiJson(count)}\n`);
    else if (counts.length === 0) write('Nothing to show.\n');
    else write(table([header(by.toUpperCase(), 'CALLS'), ...counts.map(toCells)], look));
    return 0;
  }
  if (flags.json !== undefined) {
    for await (const row of rowsOf(files, filter, now)) write(`${toAsciiJson(row)}\n`);
    return 0;
  }
  let isEmpty = true;
  for await (const line of showFile(files, filter, now)) {
    isEmpty = false;
    write(`${line}\n`);
  }
  if (isEmpty) write('Nothing to show.\n');
  return 0;
}

const toCells = ({ name, calls }: { readonly name: string; readonly calls: number }) => [toPlain(name), `${calls}`];

async function verify({ words: files, flags }: Line, { write }: AuditCommandDeps): Promise<number> {
  const heads = (flags.head ?? []).map((text): ChainHead => {
    const head = parseHead(text);
    if (head === undefined) throw new StartError(`--head ${text}: a head is RUN:SEQ:HASH, as shown in the log.`);
    return head;
  });
  const report = await verifyFiles(files, { heads });
  const told = [...reportWords(report), ...(report.whole && heads.length === 0 ? [WITHOUT_HEAD] : [])];
  write(flags.json === undefined ? told.map((line) => `${toPlain(line)}\n`).join('') : `${toAsciiJson(report, 2)}\n`);
  return report.whole ? 0 : 1;
}

const WITHOUT_HEAD =
  'Only --head shows whether the end or a whole run was changed or removed. The heads are on stderr.';
