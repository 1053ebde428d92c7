import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EntryFields } from '../src/audit/entry.ts';
import { toTime } from '../src/audit/read/time-words.ts';
import { runAudit } from '../src/commands/audit.ts';
import { StartError } from '../src/errors.ts';
import { clock, DECISION, filesOf, folder, linesOf, outcome, recordIn, START, USER } from './support/audit.ts';

const OTHER = {
  ...DECISION,
  agent: 'ops-bot',
  tool: 'get_user',
  rule: '*:read',
  text: `ops-bot asked to read user ${USER}`,
};

const ENTRIES: readonly EntryFields[] = [
  START, // 1
  DECISION, // 2
  { ...OTHER, confirmation: 'client prompt' }, // 3
  outcome(3, {
    agent: 'ops-bot',
    text: `ops-bot tried to read user ${USER}: WorkOS answered 404`,
    outcome: 'error',
    status: 404,
    request_id: 'req_1',
    ms: 7,
  }), // 4
  outcome(2, { request_id: 'req_2' }), // 5
  {
    ...OTHER,
    decision: 'refused',
    rule: 'needs the grant users:read',
    text: `${OTHER.text}: refused, needs the grant users:read`,
  }, // 6
  { ...DECISION, decision: 'ask', text: `${DECISION.text}: needs confirmation` }, // 7
  outcome(7, { outcome: 'asked', text: `${DECISION.text}: confirmation requested` }), // 8
  { kind: 'note', text: '3 failed logins' }, // 9
  DECISION, // 10
  outcome(1, { text: 'of a call in an older file' }), // 11
  { kind: 'stop', reason: 'SIGTERM' }, // 12
];

/** A record that begins 8 seconds before midnight, a second for each entry. */
async function record(entries = ENTRIES): Promise<string> {
  const file = join(folder(), 'audit.jsonl');
  const audit = await recordIn(file, { now: clock('2026-11-22T23:59:52Z') });
  for (const entry of entries) await audit.append(entry);
  await audit.close();
  return file;
}

async function show(...argv: string[]): Promise<string> {
  let text = '';
  const deps = {
    write: (more: string) => {
      text += more;
    },
    now: () => new Date('2026-11-23T00:00:10Z'),
  };
  expect(await runAudit(['show', ...argv], deps)).toBe(0);
  return text;
}

describe('audit show', () => {
  it('reads like a page: a heading for each day, a line for each call', async () => {
    expect(await show(await record())).toMatchInlineSnapshot(`
      "Sunday 2026-11-22 (UTC)
        23:59:52  start         workos-mcp 1.2.3 serves staging over stdio for support-bot: 12 tools, confirmation auto  (settings cccccccccccc, run run-1)
        23:59:53  ok            support-bot deleted user user_01E4ZCR3C56J083X43JQXF3JK5 in staging  (users:delete, 12 ms)
        23:59:54  error         ops-bot tried to read user user_01E4ZCR3C56J083X43JQXF3JK5: WorkOS answered 404  (*:read, confirmation client prompt, 7 ms, request req_1)
        23:59:57  refused       ops-bot asked to read user user_01E4ZCR3C56J083X43JQXF3JK5: refused, needs the grant users:read
        23:59:58  confirmation  support-bot asked to delete user user_01E4ZCR3C56J083X43JQXF3JK5 in staging: confirmation requested  (users:delete, 12 ms)

      Monday 2026-11-23 (UTC)
        00:00:00  note          3 failed logins  (run run-1)
        00:00:01  unknown       support-bot asked to delete user user_01E4ZCR3C56J083X43JQXF3JK5 in staging: outcome unknown  (users:delete)
        00:00:02  ok            of a call in an older file  (12 ms)
        00:00:03  stop          SIGTERM  (run run-1)
      "
    `);
  });

  it.each<[string[], RegExp[]]>([
    [
      ['--agent', 'ops-bot'],
      [/error .* ops-bot/, /refused .* ops-bot/],
    ],
    [['--refused'], [/refused .* ops-bot/]],
    [
      ['--since', '2026-11-23'],
      [/note/, /unknown/, /ok .* older file/, /stop/],
    ],
    [
      ['--since', '9s', '--agent=support-bot'],
      [/unknown/, /ok .* older file/],
    ],
    [['--since', '1s'], []],
    [['--until', '2026-11-22T23:59:53'], [/start/]],
    [
      ['--tool', 'get_user'],
      [/error .* ops-bot/, /refused .* ops-bot/],
    ],
    [['--outcome', 'confirmation'], [/confirmation/]],
    [['--outcome', 'unknown'], [/unknown/]],
    [['--outcome', 'error', '--object', USER], [/error .* ops-bot/]],
    [['--object', 'user_01JADA0000000000000054K0EG'], []],
    [['--tool', 'get_user', '--since', '2026-11-22T23:59:55', '--until', '2026-11-23'], [/refused .* ops-bot/]],
  ])('shows only what %j asks for', async (argv, expected) => {
    const rows = linesOf(await show(await record(), ...argv)).filter((line) => line.startsWith('  '));
    expect(rows.length).toBe(expected.length);
    for (const [index, row] of rows.entries()) expect(row).toMatch(expected[index] ?? /^$/);
  });

  it('refuses an outcome that there is none of', async () => {
    await expect(show(await record(), '--outcome', 'failed')).rejects.toThrow(
      'It is one of ok, error, refused, confirmation, not sent, cancelled, dry run, unknown.',
    );
  });

  it('names the approver of a call, and who said no to one', async () => {
    const approved = { confirmation: 'console', approver: 'ann', approver_by: 'link', same_person: true } as const;
    const file = await record([
      { ...DECISION, ...approved }, // 1
      outcome(1), // 2
      { ...DECISION, decision: 'refused', rule: 'an approver declined', approver: 'bob', approver_by: 'issuer' }, // 3
    ]);
    const rows = linesOf(await show(file)).slice(1);
    expect(rows[0]).toMatch(/\(users:delete, confirmation console by ann, 12 ms\)$/);
    expect(rows[1]).toMatch(/\(approver bob\)$/);
    expect(JSON.parse(linesOf(await show(file, '--json'))[0] ?? '').entries[0]).toMatchObject(approved);
  });

  it('says so where there is nothing', async () => {
    expect(await show(await record(), '--agent', 'nobody')).toBe('Nothing to show.\n');
  });

  it('gives machines the entries behind each line', async () => {
    const rows = linesOf(await show(await record(), '--json', '--agent', 'ops-bot')).map((line) => JSON.parse(line));
    expect(rows).toMatchObject([
      { state: 'error', agent: 'ops-bot', entries: [{ seq: 3 }, { seq: 4, status: 404 }] },
      { state: 'refused', entries: [{ seq: 6, decision: 'refused' }] },
    ]);
  });

  it('lets nothing in a file reach the terminal, and keeps a line one line', async () => {
    const text = await show(
      await record([{ kind: 'note', text: 'a\u001b[2J\u0007b\nc\u202e\td\u009b\u200be\u2028f' }]),
    );
    expect(text.endsWith('note          ab c de f  (run run-1)\n')).toBe(true);
  });

  it('does not trip over lines that are no entries, or whose members are anything', async () => {
    const file = await record();
    const odd = { v: 1, run: 'r', seq: 1, time: 'whenever', prev: '', kind: 'start' };
    appendFileSync(
      file,
      `log\n{"v":1\n${JSON.stringify(odd)}\n${JSON.stringify({ ...odd, kind: 'decision', text: 7 })}\n`,
    );
    appendFileSync(file, `${JSON.stringify({ ...odd, kind: 'nothing', text: { a: 1 } })}\n`);
    expect((await show(file)).split('\n').length).toBeGreaterThan(10);
  });

  it('does not keep a long record in memory for a call that never ended', async () => {
    const file = join(folder(), 'audit.jsonl');
    const entry = { v: 1, run: 'r', time: '2026-11-22T10:00:00.000Z', prev: '' };
    const lines = [{ ...entry, seq: 1, ...DECISION }];
    const notes = Array.from({ length: 20_000 }, (_, index) => ({
      ...entry,
      seq: index + 2,
      kind: 'note',
      text: `note ${index}`,
    }));
    const late = { ...entry, seq: 20_002, ...outcome(1), text: 'it ended after all' };
    writeFileSync(file, [...lines, ...notes, late].map((line) => `${JSON.stringify(line)}\n`).join(''));
    const rows = linesOf(await show(file));
    expect([rows[1], rows[2], rows.at(-1)]).toEqual([
      expect.stringContaining('outcome unknown'),
      expect.stringContaining('note 0'),
      expect.stringContaining('it ended after all'),
    ]);
  });
});

describe('audit show of several files', () => {
  const RUN = '8c5e1f01-6f0b-4c57-9d43-2f1f6f6c2b11';
  /** Every entry in a file of its own but the last. */
  const rotated = async (name: string, entries: readonly EntryFields[], from?: string) => {
    const file = join(folder(), name);
    const audit = await recordIn(file, { maxBytes: 1, run: RUN, now: clock(from) });
    for (const entry of entries) await audit.append(entry);
    await audit.close();
    return file;
  };
  const rowsOf = async (...argv: string[]) => linesOf(await show(...argv)).filter((line) => line.startsWith('  '));

  it('finds the rotated ones, and joins what stands in two of them', async () => {
    const file = await rotated('audit.jsonl', [START, DECISION, OTHER, outcome(2), outcome(3, { agent: 'ops-bot' })]);
    const files = filesOf(join(file, '..'));
    expect(files).toHaveLength(5);
    const rows = await rowsOf(file);
    expect(rows).toHaveLength(3);
    expect(rows.map((row) => row.trim().split(/\s+/)[1])).toEqual(['start', 'ok', 'ok']);
    // As a shell writes audit.jsonl*, and twice: each is read once.
    expect(await rowsOf(...files, file)).toEqual(rows);
    // A rotated one is shown alone.
    expect(await rowsOf(files.find((name) => name !== file) ?? '')).toHaveLength(1);
  });

  it('leaves files alone that only look alike', async () => {
    const file = await rotated('audit.jsonl', [START]);
    for (const name of ['audit.jsonl.bak', 'audit.jsonl.2.2026-11-22T10-57-13Z.8c5e1f01.1', 'audit.jsonl2'])
      writeFileSync(join(file, '..', name), 'not read');
    expect(await rowsOf(file)).toHaveLength(1);
  });

  it('shows those of several servers in the order of time', async () => {
    const one = await rotated('one.jsonl', [START, DECISION, outcome(2)], '2026-11-22T10:00:00Z');
    const two = await rotated('two.jsonl', [START, OTHER, outcome(2)], '2026-11-22T10:00:02Z');
    const times = (await rowsOf(two, one)).map((row) => row.trim().split(' ')[0] ?? '');
    expect(times).toHaveLength(4);
    expect(times).toEqual(times.toSorted());
    expect(await rowsOf(two, one)).toEqual(await rowsOf(one, two));
  });

  it('names a file that cannot be read', async () => {
    const file = await rotated('one.jsonl', [START]);
    await expect(show(file, 'nowhere.jsonl')).rejects.toThrow('nowhere.jsonl cannot be read (ENOENT).');
  });
});

describe('audit show --count-by', () => {
  it('counts calls by agent, tool or outcome, most first', async () => {
    const file = await record();
    expect(await show(file, '--count-by', 'agent')).toBe('AGENT        CALLS\nsupport-bot  4\nops-bot      2\n');
    expect(await show(file, '--count-by', 'tool', '--agent', 'ops-bot')).toBe('TOOL      CALLS\nget_user  2\n');
    expect(linesOf(await show(file, '--count-by', 'outcome', '--json')).map((line) => JSON.parse(line))).toEqual([
      { name: 'ok', calls: 2 },
      { name: 'confirmation', calls: 1 },
      { name: 'error', calls: 1 },
      { name: 'refused', calls: 1 },
      { name: 'unknown', calls: 1 },
    ]);
    expect(await show(file, '--count-by', 'tool', '--tool', 'none')).toBe('Nothing to show.\n');
  });

  it('refuses what cannot be counted by', async () => {
    await expect(show(await record(), '--count-by', 'user')).rejects.toThrow('It is one of agent, tool, outcome.');
  });
});

describe('what --since means', () => {
  const now = new Date('2026-11-22T10:57:13Z');
  it.each([
    ['30s', '2026-11-22T10:56:43.000Z'],
    ['45m', '2026-11-22T10:12:13.000Z'],
    ['2h', '2026-11-22T08:57:13.000Z'],
    ['7d', '2026-11-15T10:57:13.000Z'],
    ['1w', '2026-11-15T10:57:13.000Z'],
    ['2026-11-22', '2026-11-22T00:00:00.000Z'],
    ['2026-11-22T10:57', '2026-11-22T10:57:00.000Z'],
    ['2026-11-22 10:57:13', '2026-11-22T10:57:13.000Z'],
    ['2026-11-22T10:57:13.5Z', '2026-11-22T10:57:13.500Z'],
    ['2026-11-22T10:57+02:00', '2026-11-22T08:57:00.000Z'],
  ])('%s is %s', (since, time) => {
    expect(toTime(since, now).toISOString()).toBe(time);
  });

  it.each([
    '',
    'soon',
    '2',
    'h',
    '-2h',
    '2y',
    '9999999d',
    '999999w',
    '2026',
    '2026-13-01',
    '2026-02-30',
    '2026-11-22T25:00',
    '22.11.2026',
  ])('refuses %j', (since) => {
    expect(() => toTime(since, now)).toThrow(StartError);
  });
});

it('names --until where its time is not valid', async () => {
  await expect(show(await record(), '--until', 'soon')).rejects.toThrow('--until soon: give a date or time');
});

it.each([
  ['2026-11-23', '2026-11-22'],
  ['2026-11-23', '2026-11-23'],
  ['1h', '2h'],
])('refuses --since %s --until %s, between which no entry can be', async (since, until) => {
  await expect(show(await record(), '--since', since, '--until', until)).rejects.toThrow(
    `--since ${since} is not before --until ${until}: no entry can be between them.`,
  );
});
