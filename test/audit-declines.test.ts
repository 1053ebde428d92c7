import fs, { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EntryFields } from '../src/audit/entry.ts';
import { readDeclines, readNoes } from '../src/audit/read/declines.ts';
import { LIFTED } from '../src/call/confirm/approvals.ts';
import { keptNoes, openPending } from '../src/start/kept-declines.ts';
import { DECISION, folder, USER } from './support/audit.ts';
import { catalog } from './support/catalog.ts';

const NOW = Date.parse('2026-11-26T12:00:00.000Z');
const MINUTE_MS = 60_000;

let seq = 0;
/** A line of a record, so many minutes ago. */
const line = (minutes: number, fields: EntryFields): string => {
  seq += 1;
  const time = new Date(NOW - minutes * MINUTE_MS).toISOString();
  return `${JSON.stringify({ v: 1, run: 'run-1', seq, time, prev: '0'.repeat(64), ...fields })}\n`;
};
const no = (rule: string, agent = 'cleaner'): EntryFields => ({ ...DECISION, agent, decision: 'refused', rule });
const lift = (agent = 'cleaner'): EntryFields => ({ kind: 'note', agent, text: `${LIFTED}, lifted by ann` });

/** A record whose files hold these lines, the one that is written to last. */
function write(...files: readonly (readonly string[])[]): string {
  const path = join(folder(), 'audit.jsonl');
  mkdirSync(join(path, '..'), { recursive: true });
  files.forEach((lines, index) => {
    const rotated = `${path}.2026-11-26T1${index}-00-00Z.0123abcd.${index + 1}`;
    writeFileSync(index === files.length - 1 ? path : rotated, lines.join(''), { mode: 0o600 });
  });
  return path;
}

const PAD = Array.from({ length: 4_000 }, (_, index) => line(8 - index / 1_000, DECISION));

describe('what was declined before a start', () => {
  it('is found by the rules of a no alone, in the order of the record', () => {
    const path = write([
      line(11, no('the client passed on a no', 'too-old')),
      line(9, no('an approver declined', 'one')),
      line(8, no('an approver has declined it', 'again')),
      line(7, no('the client passed on a no to the same call', 'again')),
      line(6, { ...DECISION, agent: 'allowed', rule: 'the client passed on a no' }),
      line(5, { kind: 'note', text: '"rule":"the client passed on a no"' }),
      line(4, no('the client passed on a no', 'two')),
    ]);
    const found = readDeclines(path, NOW - 10 * MINUTE_MS);
    expect(found).toEqual([
      { agent: 'one', tool: 'delete_user', ids: { user_id: USER }, at: NOW - 9 * MINUTE_MS },
      { agent: 'two', tool: 'delete_user', ids: { user_id: USER }, at: NOW - 4 * MINUTE_MS },
    ]);
  });

  it('is found in files that were rotated away, and across the chunks in which they are read', () => {
    const path = write(
      [line(9, no('the client passed on a no', 'first')), ...PAD],
      [...PAD, line(2, no('an approver declined', 'second')), ...PAD],
      [line(1, no('the client passed on a no', 'third'))],
    );
    expect(readDeclines(path, NOW - 10 * MINUTE_MS).map(({ agent }) => agent)).toEqual(['first', 'second', 'third']);
  });

  it('is found behind the torn line of a process that died', () => {
    const torn = line(3, no('an approver declined', 'torn')).slice(0, 200);
    const path = write([`${torn}${line(2, no('an approver declined', 'whole'))}`]);
    expect(readDeclines(path, NOW - 10 * MINUTE_MS).map(({ agent }) => agent)).toEqual(['whole']);
  });

  it('is found in a file that is rotated away while the record is looked at', () => {
    const path = write([line(2, no('an approver declined', 'rotated'))]);
    const { openSync } = fs;
    fs.openSync = (...args) => {
      fs.openSync = openSync;
      syncBuiltinESMExports();
      renameSync(path, `${path}.2026-11-26T12-00-00Z.0123abcd.9`);
      writeFileSync(path, line(1, no('an approver declined', 'too late')));
      return openSync(...args);
    };
    syncBuiltinESMExports();
    expect(readDeclines(path, NOW - 10 * MINUTE_MS).map(({ agent }) => agent)).toEqual(['rotated']);
  });

  it('is nothing in a record that cannot be read', () => {
    expect(readDeclines(join(folder(), 'none.jsonl'), 0)).toEqual([]);
  });
});

describe('what a start keeps of that', () => {
  const EMAIL = 'ADA@ACME.TEST';
  const open = (...lines: string[]) => openPending(catalog, write(lines), { now: () => 0 }, NOW);

  it('is about the object', async () => {
    const pending = open(line(3, no('an approver declined')));
    expect(await pending.isDeclined('cleaner', `delete_user ${USER.toUpperCase()}`)).toBe(true);
    expect(await pending.isDeclined('cleaner', 'delete_user USER_01JOTHER')).toBe(false);
    expect(await pending.isDeclined('other', `delete_user ${USER.toUpperCase()}`)).toBe(false);
  });

  it('is about all objects of a tool where the record cannot have the one', async () => {
    const pending = open(line(3, { ...no('an approver declined'), tool: 'create_invitation', ids: {} } as EntryFields));
    expect(await pending.isDeclined('cleaner', `create_invitation ${EMAIL}`)).toBe(true);
    expect(await pending.isDeclined('cleaner', `delete_user ${USER.toUpperCase()}`)).toBe(false);
    expect(await pending.isDeclined('other', `create_invitation ${EMAIL}`)).toBe(false);
  });
});

describe('the noes of approvers', () => {
  it('hold an agent after a start if there were three within an hour, until a lift', () => {
    const noes = (...minutes: number[]) => minutes.map((ago) => line(ago, no('an approver declined')));
    const isHeld = (...lines: string[]) => keptNoes(write(lines), NOW).get('cleaner')?.isHeld;
    expect(isHeld(...noes(50, 40, 30))).toBe(true);
    expect(isHeld(...noes(90, 40, 30))).toBe(false);
    expect(isHeld(...noes(61, 40, 30))).toBe(true);
    expect(isHeld(...noes(5_000, 4_990, 4_980))).toBe(true);
    expect(isHeld(...noes(5_000, 4_990, 4_980), line(4_000, lift()))).toBeUndefined();
    expect(isHeld(...noes(5_000, 4_990, 4_980), line(4_000, lift()), ...noes(50, 40))).toBe(false);
    expect(isHeld(...noes(40, 30), line(20, no('the client passed on a no')))).toBe(false);
    expect(isHeld(...noes(50, 40, 30), line(20, lift()))).toBeUndefined();
    expect(isHeld(...noes(50, 40, 30), line(20, lift('other')))).toBe(true);
    expect(isHeld(line(55, lift()), ...noes(50, 40, 30))).toBe(true);
    expect(isHeld(...noes(50, 40), line(35, lift()), ...noes(30, 20))).toBe(false);
  });

  it('are of their agents alone', () => {
    const path = write([line(3, no('an approver declined', 'one')), line(2, no('an approver declined', 'two'))]);
    expect(readNoes(path, LIFTED)).toEqual([
      { agent: 'one', at: NOW - 3 * MINUTE_MS, isLift: false },
      { agent: 'two', at: NOW - 2 * MINUTE_MS, isLift: false },
    ]);
  });
});
