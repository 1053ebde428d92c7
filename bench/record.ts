import { join } from 'node:path';
import { openAuditFile } from '../src/audit/file-sink.ts';
import { findRows, type RowFilter, readRows } from '../src/audit/read/find-rows.ts';
import { createAuditRecord, newRun } from '../src/audit/record.ts';
import { userOf } from '../src/files/file-owner.ts';

export const ENTRIES = 1_000_000;

/** The calls of so many days, evenly. */
const DAYS = 10;
const BEGIN = Date.parse('2026-11-01T00:00:00Z');

const AGENTS = Array.from({ length: 40 }, (_, index) => `agent-${index}`);
const TOOLS = ['get_user', 'list_users', 'delete_user', 'update_organization', 'list_events', 'get_organization'];
/** Calls of a process that are in flight at once. */
const IN_FLIGHT = 4;

/** Writes a record of two processes, as a server does. Returns its path. */
export async function writeRecord(folder: string): Promise<string> {
  const path = join(folder, 'audit.jsonl');
  let written = 0;
  const now = () => new Date(BEGIN + (written / ENTRIES) * DAYS * 86_400_000);
  const processes = [];
  for (const run of [newRun(), newRun()]) {
    const sink = await openAuditFile(path, { maxBytes: 100_000_000, run, now, user: userOf(process) });
    processes.push({ record: createAuditRecord({ sink, run, now }), open: [] as (() => Promise<number>)[] });
  }
  for (; written < ENTRIES; written += 1) {
    const { record, open } = processes[written % 3 === 0 ? 0 : 1] ?? {};
    if (record === undefined || open === undefined) throw new Error('there is no process');
    if (open.length === IN_FLIGHT) {
      await open.shift()?.();
      continue;
    }
    // In a fixed order that repeats after 40 · 6 · 97 calls.
    const agent = AGENTS[(written * 7) % AGENTS.length] ?? '';
    const tool = TOOLS[(written * 5) % TOOLS.length] ?? '';
    const user = `user_01E4ZCR3C56J083X43${`${(written * 11) % 97}`.padStart(2, '0')}QXF3JK`;
    const common = { agent, tool, environment: 'staging' };
    const isRefused = written % 20 === 0;
    const of = await record.append({
      kind: 'decision',
      ...common,
      area: 'users',
      access: 'read',
      text: `${agent} asked to ${tool.replace('_', ' ')} ${user} in staging`,
      ids: { user_id: user },
      arguments: record.digest({ user }),
      decision: isRefused ? 'refused' : 'allowed',
      rule: isRefused ? 'needs the grant users:write' : 'users:read',
      trace: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    });
    if (isRefused) continue;
    open.push(() =>
      record.append({
        kind: 'outcome',
        of,
        ...common,
        text: `${agent} did ${tool.replace('_', ' ')} ${user} in staging`,
        outcome: of % 50 === 0 ? 'error' : 'ok',
        object: user,
        status: 200,
        requests: 1,
        attempts: 1,
        ms: 35,
        request_id: 'req_01KE6Z5V0WJ3M8Q2X7T4R9N1CD',
      }),
    );
  }
  for (const { record } of processes) await record.close();
  return path;
}

const HOUR: RowFilter = { since: new Date('2026-11-05T10:00:00Z'), until: new Date('2026-11-05T11:00:00Z') };

async function countRows(path: string, filter: RowFilter): Promise<number> {
  let count = 0;
  for await (const _ of readRows([path], filter)) count += 1;
  return count;
}

/** What is asked of the record. Each resolves to the number of rows that were found. */
export const QUESTIONS: Readonly<Record<string, (path: string) => Promise<number>>> = {
  'every row': (path) => countRows(path, {}),
  'an agent and an hour': (path) => countRows(path, { ...HOUR, agent: 'agent-7' }),
  'an hour': (path) => countRows(path, HOUR),
  'the newest 100 rows of an agent': async (path) =>
    (await findRows([path], { agent: 'agent-7' }, { limit: 100, newestFirst: true })).length,
  'an ID that no row has': (path) => countRows(path, { object: 'user_01JADA0000000000000054K0EG' }),
};
