import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Entry, EntryFields } from '../../src/audit/entry.ts';
import { openAuditFile } from '../../src/audit/file-sink.ts';
import { type AuditRecord, createAuditRecord, type Sink } from '../../src/audit/record.ts';
import { userOf } from '../../src/files/file-owner.ts';

export const USER = 'user_01E4ZCR3C56J083X43JQXF3JK5';

export const START: EntryFields = {
  kind: 'start',
  version: '1.2.3',
  environment: 'staging',
  agent: 'support-bot',
  config: 'c'.repeat(64),
  tools: 12,
  confirm: 'auto',
  transport: 'stdio',
};

export const DECISION = {
  kind: 'decision',
  agent: 'support-bot',
  tool: 'delete_user',
  area: 'users',
  access: 'delete',
  environment: 'staging',
  text: `support-bot asked to delete user ${USER} in staging`,
  ids: { user_id: USER },
  arguments: 'a'.repeat(64),
  decision: 'allowed',
  rule: 'users:delete',
} as const satisfies EntryFields;

export const outcome = (of: number, more: Partial<Extract<EntryFields, { kind: 'outcome' }>> = {}): EntryFields => ({
  kind: 'outcome',
  of,
  agent: 'support-bot',
  tool: 'delete_user',
  environment: 'staging',
  text: `support-bot deleted user ${USER} in staging`,
  outcome: 'ok',
  status: 204,
  ms: 12,
  ...more,
});

/** A folder that is gone after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'audit-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
export const entriesOf = (file: string): Entry[] =>
  linesOf(readFileSync(file, 'utf8')).map((line) => JSON.parse(line) as Entry);

/** The record's file and those it was renamed to, in the order of their names. */
export const filesOf = (path: string): string[] =>
  readdirSync(path)
    .sort()
    .map((name) => join(path, name));

/** A clock that goes on a second with each look. */
export function clock(from = '2026-11-22T10:57:13Z'): () => Date {
  let time = Date.parse(from) - 1_000;
  return () => {
    time += 1_000;
    return new Date(time);
  };
}

/** A record in a file, whose clock goes on a second with each entry. */
export async function recordIn(
  file: string,
  { maxBytes = 1e9, run = 'run-1', now = clock() } = {},
): Promise<AuditRecord> {
  return createAuditRecord({
    // The file has a clock of its own, which it looks at for each line.
    sink: await openAuditFile(file, { maxBytes, run, now: clock(), user: userOf(process) }),
    run,
    now,
  });
}

/** A sink in memory that fails with the error for as long as there is one. */
export function memorySink() {
  const lines: string[] = [];
  const broken: { write: Error | undefined; sync: Error | undefined } = { write: undefined, sync: undefined };
  const sink: Sink = {
    append: (line) => {
      if (broken.write !== undefined) throw broken.write;
      lines.push(line);
    },
    sync: async () => {
      if (broken.sync !== undefined) throw broken.sync;
    },
    close: async () => {},
  };
  const entries = () => lines.map((line) => JSON.parse(line) as Entry);
  return { sink, lines, entries, broken };
}

export const failure = (code: string): Error => Object.assign(new Error(`${code}: some path`), { code });
