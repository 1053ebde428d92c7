import { appendFileSync, linkSync, readdirSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toSeries } from '../src/audit/read/files.ts';
import { findEntry, findRows, type ReadingSettings, type RowFilter, readRows } from '../src/audit/read/find-rows.ts';
import { findSpan } from '../src/audit/read/time-span.ts';
import { DECISION, folder, outcome } from './support/audit.ts';
import {
  all,
  BEGIN,
  filling,
  isWanted,
  line,
  notes,
  OBJECTS,
  RUN,
  scan,
  secondsLater,
  textsOf,
  write,
} from './support/record-lines.ts';

const SETTINGS: ReadingSettings = { slackMs: 2_000, grainBytes: 2_000, linesApart: 12 };

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

  it.each([
    ['behind', (zeros: string, lines: string) => lines + zeros],
    ['before', (zeros: string, lines: string) => `${zeros}\n${lines}`],
    ['among', (zeros: string, lines: string) => `${lines}${zeros}\n`],
  ])('reads little of the zeros that a power cut has left %s the entries, and no more once it is stopped', async (_, join) => {
    const [one = '', two = ''] = notes(4_000, 2_000);
    const path = write([`${join('\0'.repeat(30_000_000), one)}${two}`]);
    const filter = { since: secondsLater(3_000), until: secondsLater(3_005) };
    const settings = { ...SETTINGS, grainBytes: 65_536 };
    const started = process.cpuUsage();
    const [files = []] = toSeries([path]);
    const range = { since: filter.since.getTime(), until: filter.until.getTime() };
    await findSpan(files, range, settings);
    const { user, system } = process.cpuUsage(started);
    expect(user + system).toBeLessThan(1_000_000); // microseconds
    expect(textsOf(await all(readRows([path], filter, { settings })))).toEqual(
      [3_000, 3_001, 3_002, 3_003, 3_004].map((index) => `note ${index}`),
    );
    const stopped = new Error('the client is gone');
    let looks = 0;
    const signal = {
      throwIfAborted: () => {
        looks += 1;
        if (looks > 1) throw stopped;
      },
    } as AbortSignal; // it asks for no more of it
    await expect(findSpan(files, range, { ...settings, signal })).rejects.toBe(stopped);
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

describe('a call', () => {
  const settings = { slackMs: 0, grainBytes: 1, linesApart: 12 };
  const called = (decided: number, ended: number) => [
    ...filling(1, decided),
    line(decided, DECISION),
    ...filling(decided + 1, ended),
    line(ended, outcome(decided)),
    ...filling(ended + 1, 300),
  ];
  const statesOf = async (lines: readonly string[], filter: RowFilter, newestFirst = false) => {
    const rows = await all(readRows([write([lines.join('')])], filter, { settings, newestFirst }));
    return rows.filter(({ state }) => state !== 'note').map(({ state, entries }) => [state, entries.length]);
  };

  it.each([false, true])('belongs to the time when it began (newest first: %s)', async (newestFirst) => {
    const lines = called(100, 110);
    for (const [since, until] of [
      [108, undefined],
      [101, 109],
      [undefined, 100],
    ]) {
      const filter = {
        since: since === undefined ? undefined : secondsLater(since),
        until: until === undefined ? undefined : secondsLater(until),
      };
      expect(await statesOf(lines, filter, newestFirst)).toEqual([]);
    }
    const around = { since: secondsLater(95), until: secondsLater(105) };
    expect(await statesOf(lines, around, newestFirst)).toEqual([['ok', 2]]);
  });

  it.each([false, true])('ends across so many lines and no more (newest first: %s)', async (newestFirst) => {
    for (const filter of [{}, { agent: 'support-bot' }, { object: OBJECTS[2] }]) {
      expect(await statesOf(called(100, 112), filter, newestFirst)).toEqual([['ok', 2]]);
      const apart = [
        ['unknown', 1],
        ['ok', 1],
      ].filter(([state]) => state === 'unknown' || filter.object === undefined);
      expect(await statesOf(called(100, 113), filter, newestFirst)).toEqual(newestFirst ? apart.toReversed() : apart);
    }
  });

  it('is found by an ID that only one of its entries has', async () => {
    const lines = [...filling(1, 5), line(5, DECISION), line(6, outcome(5, { object: OBJECTS[0] }))];
    for (const newestFirst of [false, true])
      for (const object of [OBJECTS[0], OBJECTS[2]])
        expect(await statesOf(lines, { object }, newestFirst)).toEqual([['ok', 2]]);
  });

  it('does not end with an outcome of a refused one', async () => {
    const lines = [line(1, { ...DECISION, decision: 'refused' }), line(2, outcome(1, { object: OBJECTS[0] }))];
    for (const newestFirst of [false, true])
      expect(await statesOf(lines, { object: OBJECTS[0] }, newestFirst)).toEqual([['ok', 1]]);
  });

  it('does not end with a torn line, behind which another entry stands', async () => {
    const torn = line(3, outcome(2)).slice(0, line(3, outcome(2)).indexOf('"agent"'));
    const lines = [line(2, DECISION), `${torn}${line(3, { kind: 'note', text: '' })}`, line(4, outcome(2))];
    for (const newestFirst of [false, true])
      expect(await statesOf(lines, { agent: 'support-bot' }, newestFirst)).toEqual([['ok', 2]]);
  });

  it('is found in JSON that another program wrote', async () => {
    const lines = [
      line(1, DECISION).replace('support-bot', 'support\\u002dbot'),
      line(2, DECISION).replaceAll('":', '": '),
    ];
    expect(await statesOf(lines, { agent: 'support-bot' })).toEqual([
      ['unknown', 1],
      ['unknown', 1],
    ]);
  });

  it('is found where a clock goes back by the slack again and again', async () => {
    const lines = Array.from({ length: 300 }, (_, index) =>
      line(index + 1, DECISION, `run-${index}`).replace(
        secondsLater(index + 1).toISOString(),
        secondsLater(index + 1 - (index % 2) * 4).toISOString(),
      ),
    );
    const path = write([lines.join('')]);
    for (let since = 100; since < 120; since += 1) {
      const filter = { since: secondsLater(since), until: secondsLater(since + 5) };
      const expected = scan(lines.join(''), 12).filter(isWanted(filter));
      const apart = { ...settings, slackMs: 4_000, linesApart: 0 };
      expect(await all(readRows([path], filter, { settings: apart }))).toEqual(expected);
      expect(await all(readRows([path], filter, { settings: apart, newestFirst: true }))).toEqual(
        expected.toReversed(),
      );
    }
  });
});

describe('a line that is longer than a block', () => {
  it.each([70_000, 262_143, 262_144, 300_000, 1_000_000])('of %d bytes hides none beside it', async (length) => {
    const lines = [...filling(1, 3), `${'x'.repeat(length)}\n`, ...filling(3, 5), `${'{'.repeat(length)}\n`];
    for (const end of ['', line(5, DECISION), '{"v":1', 'x'.repeat(length)]) {
      const path = write([lines.join('') + end]);
      const rows = await all(readRows([path], {}));
      expect(rows).toHaveLength(end.includes('decision') ? 5 : 4);
      expect(await all(readRows([path], {}, { newestFirst: true }))).toEqual(rows.toReversed());
    }
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

  it('is read once where it is renamed while the files are listed', async () => {
    const path = write(notes(100));
    linkSync(path, `${path}.2026-11-22T12-00-00Z.${RUN}.1`);
    expect(await all(readRows([path], {}))).toHaveLength(100);
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
    for (const newestFirst of [false, true])
      await expect(findRows([join(path, '..')], {}, { limit: 1, newestFirst })).rejects.toThrow(
        'cannot be read (EISDIR).',
      );
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
