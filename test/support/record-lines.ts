import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RowFilter } from '../../src/audit/read/find-rows.ts';
import { readEntry } from '../../src/audit/read/lines.ts';
import { type DecisionEntry, type Row, toDecisionRow, toOutcomeRow, toRow } from '../../src/audit/read/rows.ts';
import { folder } from './audit.ts';

export const BEGIN = Date.parse('2026-11-22T10:00:00.000Z');

export const OBJECTS = [
  'user_01JADA0000000000000054K0EG',
  'org_01E4ZCR3C56J083X43JQXF3JK5',
  'user_01E4ZCR3C56J083X43JQXF3JK5',
];

/** The rows of all lines, each of which is looked at: what reading less must not change. */
export function scan(text: string, linesApart: number): readonly Row[] {
  const rows: { row: Row; decision?: DecisionEntry; line: number }[] = [];
  const open = new Map<string, (typeof rows)[number]>();
  for (const [line, bytes] of text.split('\n').entries()) {
    const read = readEntry(Buffer.from(bytes).subarray(0, 65_536));
    if (read.what !== 'entry') continue;
    const { entry } = read;
    if (entry.kind === 'outcome') {
      const begun = open.get(`${entry.run} ${entry.of}`);
      open.delete(`${entry.run} ${entry.of}`);
      if (begun === undefined || line - begun.line > linesApart)
        rows.push({ row: toOutcomeRow(undefined, entry), line });
      else begun.row = toOutcomeRow(begun.decision, entry);
    } else if (entry.kind === 'decision') {
      const begun = { row: toDecisionRow(entry), decision: entry, line };
      rows.push(begun);
      if (entry.decision !== 'refused') open.set(`${entry.run} ${entry.seq}`, begun);
    } else rows.push({ row: toRow(entry), line });
  }
  return rows.map(({ row }) => row);
}

export const isWanted =
  ({ agent, agents, tool, state, object, refused, since, until }: RowFilter) =>
  (row: Row): boolean =>
    [
      agent === undefined || row.agent === agent,
      agents === undefined || agents(row.agent),
      tool === undefined || row.tool === tool,
      state === undefined || row.state === state,
      object === undefined || JSON.stringify(row.entries).includes(`"${object}"`),
      !refused || ['refused', 'not sent'].includes(row.state),
      since === undefined || Date.parse(row.time) >= since.getTime(),
      until === undefined || Date.parse(row.time) < until.getTime(),
    ].every(Boolean);

/** The beginning of the ID of the run that rotated the files. */
export const RUN = '8c5e1f01';

/** Writes them as the server rotates them. Returns the path of the file that it writes to. */
export function write(files: readonly string[], at = folder()): string {
  for (const [index, text] of files.entries()) {
    const suffix = index === files.length - 1 ? '' : `.2026-11-22T11-00-00Z.${RUN}.${index + 1}`;
    writeFileSync(join(at, `audit.jsonl${suffix}`), text);
  }
  return join(at, 'audit.jsonl');
}

/** The rows that a reader yields. */
export async function all(rows: AsyncIterable<Row>): Promise<Row[]> {
  const list: Row[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

/** Entries of one run, a note a second, in files of so many. */
export function notes(count: number, perFile = count, at = (index: number) => BEGIN + index * 1_000): string[] {
  const files: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const time = new Date(at(index)).toISOString();
    const line = JSON.stringify({
      v: 1,
      run: 'r',
      seq: index + 1,
      time,
      prev: '',
      kind: 'note',
      text: `note ${index}`,
    });
    const file = Math.floor(index / perFile);
    files[file] = `${files[file] ?? ''}${line}\n`;
  }
  return files;
}

export const secondsLater = (seconds: number) => new Date(BEGIN + seconds * 1_000);
export const textsOf = (rows: readonly Row[]) => rows.map(({ text }) => text);

/** A line of a record, so many seconds after its beginning. */
export const line = (seconds: number, members: object, run = 'r') =>
  `${JSON.stringify({ v: 1, run, seq: seconds, time: secondsLater(seconds).toISOString(), prev: '', ...members })}\n`;

/** Lines without an agent, one for each second. */
export const filling = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => line(from + index, { kind: 'note', text: `note ${from + index}` }));
