import { appendFileSync, mkdirSync, readdirSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toSeries } from '../src/audit/read/files.ts';
import { findEntry, findRows, type ReadingSettings, type RowFilter, readRows } from '../src/audit/read/find-rows.ts';
import { readEntry } from '../src/audit/read/lines.ts';
import { type DecisionEntry, type Row, STATES, toDecisionRow, toOutcomeRow, toRow } from '../src/audit/read/rows.ts';
import { findSpan } from '../src/audit/read/time-span.ts';
import { DECISION, folder, outcome } from './support/audit.ts';

const BEGIN = Date.parse('2026-11-22T10:00:00.000Z');
const AGENTS = ['support-bot', 'ops-bot', 'a "quoted" one', 'bot.é'];
const TOOLS = ['get_user', 'delete_user'];
const OBJECTS = [
  'user_01JADA00000000000000000000',
  'org_01E4ZCR3C56J083X43JQXF3JK5',
  'user_01E4ZCR3C56J083X43JQXF3JK5',
];
const OUTCOMES = ['ok', 'error', 'unknown', 'not sent', 'asked', 'cancelled', 'dry run'];

/** Far smaller than those of a server, so that short records have all that they make a difference to. */
const SETTINGS: ReadingSettings = { slackMs: 2_000, grainBytes: 2_000, linesApart: 12 };

/** The rows of all lines, each of which is looked at: what reading less must not change. */
function scan(text: string, linesApart: number): readonly Row[] {
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

const isWanted =
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

/** What one line of a record comes to. Runs take turns, calls end late or never, and clocks go back by up to the slack. */
const step = fc.record({
  run: fc.constantFrom('run-1', 'run-2', '8c5e1f01-6f0b-4c57-9d43-2f1f6f6c2b11'),
  kind: fc.constantFrom('start', 'decision', 'decision', 'decision', 'outcome', 'outcome', 'outcome', 'note', 'stop'),
  goneBy: fc.nat(900),
  setBack: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, fc.nat(SETTINGS.slackMs)),
  agent: fc.constantFrom(...AGENTS),
  tool: fc.constantFrom(...TOOLS),
  object: fc.constantFrom(...OBJECTS),
  answers: fc.option(fc.constantFrom(...OBJECTS)),
  decision: fc.constantFrom('allowed', 'allowed', 'ask', 'refused'),
  outcome: fc.constantFrom(...OUTCOMES),
  /** Which of the calls in flight ends. One that is not is of an older file, or ends twice. */
  of: fc.nat(6),
  /** Whether its outcome is of the same agent and tool, as the server writes it. */
  isTampered: fc.boolean(),
  oddness: fc.constantFrom(
    ...Array(12).fill('none'),
    'torn',
    'torn before',
    'log',
    'empty',
    'long',
    'spaced',
    'escaped',
  ),
  isRotated: fc.constantFrom(...Array(20).fill(false), true),
});
type Step = ReturnType<typeof toStep>;
const toStep = () => fc.sample(step, 1)[0];

/** The files of a record, oldest first. */
function toFiles(steps: readonly NonNullable<Step>[], endsTorn: boolean): readonly string[] {
  const files = [''];
  const seqs = new Map<string, number>();
  const calls = new Map<string, { seq: number; agent: string; tool: string }[]>();
  let now = BEGIN;
  for (const each of steps) {
    now += each.goneBy;
    const seq = (seqs.get(each.run) ?? 0) + 1;
    seqs.set(each.run, seq);
    const { agent, tool, object, run, kind } = each;
    const begun = calls.get(run) ?? [];
    calls.set(run, begun);
    const call = begun.at(-1 - each.of);
    const time = new Date(now - each.setBack).toISOString();
    const common = { v: 1, run, seq, time, prev: '0'.repeat(64), kind };
    const same = call === undefined || each.isTampered ? { agent, tool } : { agent: call.agent, tool: call.tool };
    if (kind === 'decision') begun.push({ seq, agent, tool });
    const entry = {
      start: {
        ...common,
        version: '1',
        environment: 'staging',
        config: 'c',
        tools: 1,
        confirm: 'auto',
        transport: 'http',
      },
      decision: { ...common, ...DECISION, agent, tool, ids: { user_id: object }, decision: each.decision },
      outcome: {
        ...common,
        ...outcome(call?.seq ?? 77),
        ...same,
        outcome: each.outcome,
        object: each.answers ?? undefined,
      },
      note: { ...common, text: `of ${agent}`, agent },
      stop: { ...common, reason: 'SIGTERM' },
    }[kind];
    const line = JSON.stringify(entry);
    const written = {
      torn: `${line.slice(0, 150)}\n${line}\n`,
      'torn before': `${line.slice(0, 250)}${line}\n`,
      log: `{"level":"info","agent":"${agent}"}\n${line}\n`,
      empty: `\n${line}\n`,
      long: `${'x'.repeat(70_000)}\n${line}\n`,
      spaced: `${line.replaceAll('":', '": ')}\n`,
      escaped: `${line.replace('"support-bot"', '"support\\u002dbot"')}\n`,
    }[String(each.oddness)];
    if (each.isRotated) files.push('');
    files[files.length - 1] += written ?? `${line}\n`;
  }
  if (endsTorn) files[files.length - 1] += '{"v":1,"run":"run-1","seq":9';
  return files;
}

const RUN = '8c5e1f01';

/** Writes them as the server rotates them. Returns the path of the file that it writes to. */
function write(files: readonly string[], at = folder()): string {
  for (const [index, text] of files.entries()) {
    const suffix = index === files.length - 1 ? '' : `.2026-11-22T11-00-00Z.${RUN}.${index + 1}`;
    writeFileSync(join(at, `audit.jsonl${suffix}`), text);
  }
  return join(at, 'audit.jsonl');
}

async function all(rows: AsyncIterable<Row>): Promise<Row[]> {
  const list: Row[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

const time = fc.option(
  fc.integer({ min: -3_000, max: 90_000 }).map((ms) => new Date(BEGIN + ms)),
  { nil: undefined },
);
const maybe = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
const filters = fc.record({
  agent: maybe(AGENTS),
  agents: maybe([(agent?: string) => agent === undefined || agent.endsWith('bot')]),
  tool: maybe([...TOOLS, 'none']),
  state: maybe([...STATES, 'note']),
  object: maybe(OBJECTS),
  refused: fc.constantFrom(false, false, true),
  since: time,
  until: time,
});

describe('reading a part of a record', () => {
  it('shows what a look at every line would, from either end', async () => {
    const at = folder();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 160, size: 'max' }),
        fc.boolean(),
        fc.array(filters, { minLength: 2, maxLength: 2 }),
        async (steps, endsTorn, wanted) => {
          count += 1;
          mkdirSync(join(at, `${count}`));
          const files = toFiles(steps, endsTorn);
          const path = write(files, join(at, `${count}`));
          // A file whose last line is torn goes on with the next file.
          const rows = scan(files.join(''), SETTINGS.linesApart);
          for (const filter of [{}, ...wanted, ...wanted.map(({ since, until }) => ({ since, until }))]) {
            const expected = rows.filter(isWanted(filter));
            expect(await all(readRows([path], filter, { settings: SETTINGS }))).toEqual(expected);
            expect(await all(readRows([path], filter, { settings: SETTINGS, newestFirst: true }))).toEqual(
              expected.toReversed(),
            );
            expect(await findRows([path], filter, { settings: SETTINGS, newestFirst: true, limit: 3 })).toEqual(
              expected.toReversed().slice(0, 3),
            );
          }
        },
      ),
      { numRuns: 12 },
    );
  });
});

/** Entries of one run, a note a second, in files of so many. */
function notes(count: number, perFile = count, at = (index: number) => BEGIN + index * 1_000): string[] {
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

const secondsLater = (seconds: number) => new Date(BEGIN + seconds * 1_000);
const textsOf = (rows: readonly Row[]) => rows.map(({ text }) => text);

describe('finding a time', () => {
  const spanOf = (path: string, range: { since?: number; until?: number }) => {
    const [files = []] = toSeries([path]);
    return findSpan(files, range, { slackMs: 1_000, grainBytes: 200 });
  };

  it('leaves out the files and the bytes that are earlier or later', async () => {
    const path = write(notes(3_000, 1_000));
    const { from, to } = await spanOf(path, { since: BEGIN + 1_500_000, until: BEGIN + 1_510_000 });
    expect([from.file, to.file]).toEqual([1, 1]);
    const read = notes(3_000, 1_000)[1]?.slice(from.at, to.at).split('\n') ?? [];
    expect(read[0]).toMatch(/"note 149[0-9]"}$/);
    expect(read.at(-2)).toMatch(/"note 151[0-9]"}$/);
  });

  it('takes whole files where the time begins or ends between two', async () => {
    const path = write(notes(3_000, 1_000));
    expect(await spanOf(path, { since: BEGIN + 1_003_000 })).toMatchObject({
      from: { file: 1 },
      to: { file: 3, at: 0 },
    });
    expect(await spanOf(path, { since: BEGIN - 9_000, until: BEGIN + 998_500 })).toMatchObject({
      from: { file: 0, at: 0 },
      to: { file: 1, at: 0 },
    });
    expect(await spanOf(path, { since: BEGIN + 9_000_000 })).toMatchObject({ from: { file: 3, at: 0 } });
  });

  it.each<[string, (index: number) => number]>([
    ['was set back by a quarter of an hour', (index) => BEGIN + index * 1_000 - (index < 1_500 ? 0 : 900_000)],
    ['was set back and on again', (index) => BEGIN + index * 1_000 - (index < 1_400 || index > 1_500 ? 0 : 900_000)],
    ['was ahead at first', (index) => BEGIN + index * 1_000 + (index < 100 ? 900_000 : 0)],
    ['went backwards', (index) => BEGIN - index * 1_000],
  ])('reads all of a record whose clock %s', async (_, at) => {
    for (const perFile of [3_000, 1_000]) {
      const path = write(notes(3_000, perFile, at));
      for (const since of [-1_000, 700, 1_000, 1_450]) {
        const filter = { since: secondsLater(since), until: secondsLater(since + 300) };
        const expected = scan(notes(3_000, 3_000, at).join(''), 1).filter(isWanted(filter));
        const settings = { ...SETTINGS, slackMs: 60_000 };
        expect(await all(readRows([path], filter, { settings }))).toEqual(expected);
      }
    }
  });

  it('is not stopped by files without entries, or by long stretches of other text', async () => {
    const [one = '', two = ''] = notes(200, 100);
    const log = '{"level":"info"}\n'.repeat(3_000);
    const path = write(['', one, log, two, '', `${log}`]);
    const filter = { since: secondsLater(90), until: secondsLater(110) };
    const rows = await all(readRows([path], filter, { settings: SETTINGS }));
    expect(textsOf(rows)).toEqual(Array.from({ length: 20 }, (_, index) => `note ${index + 90}`));
  });
});

describe('a record that goes on while it is read', () => {
  it.each([
    false,
    true,
  ])('is shown as it was, whatever is rotated meanwhile (newest first: %s)', async (newestFirst) => {
    const path = write(notes(9_000, 3_000));
    const rows = readRows([path], {}, { newestFirst });
    const first = await rows.next();
    renameSync(path, `${path}.2026-11-22T12-00-00Z.${RUN}.9`);
    writeFileSync(path, notes(1)[0] ?? '');
    const found = [first.value, ...(await all(rows))];
    expect(found).toHaveLength(9_000);
    expect(new Set(found.map((row) => Object(row).text)).size).toBe(9_000);
  });

  it('may grow', async () => {
    const path = write(notes(9_000));
    const rows = readRows([path], {});
    await rows.next();
    appendFileSync(path, '{"v":1,"run":"r","seq":9001');
    expect(await all(rows)).toHaveLength(8_999);
  });
});

describe('finding an entry', () => {
  const entry = (seq: number, members: object, run = 'run-1') =>
    JSON.stringify({ v: 1, run, seq, time: new Date(BEGIN + seq * 1_000).toISOString(), prev: '', ...members });
  const lines = [
    entry(1, DECISION),
    entry(1, DECISION, 'run-2'),
    entry(2, { ...DECISION, tool: 'get_user' }),
    entry(3, { kind: 'note', text: 'a note' }),
    entry(4, outcome(2)),
    entry(5, { ...DECISION, decision: 'refused' }),
    entry(6, outcome(7)),
  ];

  it.each<[number, object | undefined]>([
    [1, { state: 'unknown', run: 'run-1', entries: [{ seq: 1 }] }],
    [2, { state: 'ok', tool: 'get_user', entries: [{ seq: 2 }, { seq: 4 }] }],
    [3, { state: 'note' }],
    [4, { state: 'ok', tool: 'get_user', entries: [{ seq: 2 }, { seq: 4 }] }],
    [5, { state: 'refused' }],
    [6, { state: 'ok', entries: [{ seq: 6, of: 7 }] }],
    [7, undefined],
  ])('gives the row of entry %d', async (seq, expected) => {
    for (const files of [[lines], lines.map((line) => [line])]) {
      const path = write(files.map((part) => part.map((line) => `${line}\n`).join('')));
      const row = await findEntry([path], 'run-1', seq);
      if (expected === undefined) expect(row).toBeUndefined();
      else expect(row).toMatchObject(expected);
      expect(await findEntry([path], 'run-9', seq)).toBeUndefined();
    }
  });
});

describe('a reader that stops', () => {
  it('closes its files', async () => {
    const one = write(notes(3_000, 1_000));
    const two = write(notes(3_000, 1_000));
    const open = () => readdirSync('/proc/self/fd').filter((fd) => isOneOf(fd, [one, two])).length;
    expect(await findRows([one, two], {}, { limit: 2, newestFirst: true })).toHaveLength(2);
    expect(await findRows([one, two], {}, { limit: 2 })).toHaveLength(2);
    expect(open()).toBe(0);
  });

  it('does so when its signal aborts', async () => {
    const path = write(notes(3_000, 1_000));
    const signal = AbortSignal.abort(new Error('the client is gone'));
    await expect(findRows([path], {}, { limit: 2, signal })).rejects.toThrow('the client is gone');
    await expect(findEntry([path], 'r', 1, { signal })).rejects.toThrow('the client is gone');
  });

  it('names the file that cannot be read', async () => {
    const path = join(folder(), 'nowhere.jsonl');
    await expect(findRows([path], {}, { limit: 1, newestFirst: true })).rejects.toThrow(
      `${path} cannot be read (ENOENT).`,
    );
    await expect(findRows([join(path, '..')], {}, { limit: 1 })).rejects.toThrow('cannot be read (EISDIR).');
  });
});

function isOneOf(fd: string, paths: readonly string[]): boolean {
  try {
    const target = readlinkSync(`/proc/self/fd/${fd}`);
    return paths.some((path) => target.startsWith(path));
  } catch {
    return false; // that of the listing itself
  }
}
