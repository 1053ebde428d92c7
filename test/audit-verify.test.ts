import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ChainHead, NO_HASH, toHeadText } from '../src/audit/chain.ts';
import type { EntryFields } from '../src/audit/entry.ts';
import { verifyFiles } from '../src/audit/read/verify.ts';
import { createAuditRecord } from '../src/audit/record.ts';
import { runAudit } from '../src/commands/audit.ts';
import { StartError } from '../src/errors.ts';
import { clock, DECISION, filesOf, folder, linesOf, memorySink, outcome, recordIn, START } from './support/audit.ts';

const CALLS: readonly EntryFields[] = [
  START, // 1
  DECISION, // 2
  outcome(2), // 3
  { ...DECISION, decision: 'refused' }, // 4
  { ...DECISION, text: 'bot asked for this' }, // 5
  DECISION, // 6
  outcome(6), // 7
  { kind: 'stop', reason: 'SIGTERM' }, // 8
];

/** The lines of a run, and its head. */
async function run(id = 'run-1', fields = CALLS): Promise<{ lines: string[]; head: ChainHead }> {
  const { sink, lines } = memorySink();
  const record = createAuditRecord({ sink, run: id, now: clock() });
  for (const each of fields) await record.append(each);
  return { lines, head: record.head() };
}

function write(lines: readonly string[], name = 'audit.jsonl', at = folder()): string {
  const file = join(at, name);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return file;
}

const edit = (lines: readonly string[], index: number, change: (line: string) => string): string[] =>
  lines.map((line, place) => (place === index ? change(line) : line));

describe('a record that is whole', () => {
  it('is told with its times, its end and the calls without an outcome', async () => {
    const { lines, head } = await run();
    const file = write(lines);
    expect(await verifyFiles([file], { heads: [head] })).toEqual({
      whole: true,
      runs: [
        {
          run: 'run-1',
          entries: 8,
          first: '2026-11-22T10:57:13.000Z',
          last: '2026-11-22T10:57:20.000Z',
          stopped: true,
          unknown: {
            count: 1,
            calls: [{ seq: 5, time: '2026-11-22T10:57:17.000Z', where: `${file}:5`, text: 'bot asked for this' }],
          },
        },
      ],
      heads: [{ head: toHeadText(head) }],
      lines: [],
    });
  });

  it('may be of several runs that take turns, some of which still go on', async () => {
    const [one, other] = [await run('one'), await run('other', CALLS.slice(0, 6))];
    const mixed = one.lines.flatMap((line, index) => [line, ...other.lines.slice(index, index + 1)]);
    const { whole, runs } = await verifyFiles([write(mixed)]);
    expect(whole).toBe(true);
    expect(runs).toMatchObject([
      { run: 'one', entries: 8, stopped: true, unknown: { count: 1 } },
      { run: 'other', entries: 6, stopped: false, unknown: { count: 2 } },
    ]);
  });

  it('is found in the files that were rotated away from the one that is given', async () => {
    const { lines, head } = await run();
    const at = folder();
    const rotated = (number: number) => `audit.jsonl.2026-11-22T11-00-00Z.8c5e1f01.${number}`;
    write(lines.slice(0, 2), rotated(9), at);
    const middle = write(lines.slice(2, 6), rotated(10), at);
    const file = write(lines.slice(6), 'audit.jsonl', at);
    const report = await verifyFiles([file], { heads: [head] });
    expect(report).toMatchObject({ whole: true, runs: [{ entries: 8 }] });
    expect(report.runs[0]?.unknown.calls).toMatchObject([{ seq: 5, where: `${middle}:3` }]);
    // A rotated one is verified alone.
    expect(await verifyFiles([middle])).toMatchObject({ whole: false, runs: [{ fault: { kind: 'missing', seq: 1 } }] });
  });

  it('may be in several files, given in any order and more than once', async () => {
    const { lines, head } = await run();
    const at = folder();
    const files = [lines.slice(0, 2), lines.slice(2, 6), lines.slice(6)].map((part, index) =>
      write(part, `${index}.jsonl`, at),
    );
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [2, 0, 1, 0],
    ]) {
      const report = await verifyFiles(
        order.map((index) => files[index] ?? ''),
        { heads: [head] },
      );
      expect(report).toMatchObject({ whole: true, runs: [{ entries: 8, stopped: true, unknown: { count: 1 } }] });
    }
  });

  it("may have a log's lines, blank ones and torn ones between its own", async () => {
    const { lines } = await run();
    const [first = '', second = '', ...rest] = lines;
    const log = '{"level":30,"time":"2026-11-22T10:57:13Z","msg":"serving"}';
    const mixed = [log, first, '', second.slice(0, 40), `${second.slice(0, 30)}${second}`, '{"v', ...rest, '\0\0\0'];
    const file = write(mixed);
    expect(await verifyFiles([file])).toMatchObject({
      whole: true,
      runs: [{ entries: 8 }],
      lines: [
        { what: 'other', count: 2, where: [`${file}:1`, `${file}:13`] },
        { what: 'torn', count: 3, where: [`${file}:4`, `${file}:5`, `${file}:6`] },
      ],
    });
  });
});

describe('the first broken link', () => {
  const altered = (line: string) => line.replace('"users:delete"', '"users:write"');
  it.each<[string, (lines: string[]) => string[], { kind: string; seq: number; where: string }]>([
    ['an entry that was altered', (l) => edit(l, 4, altered), { kind: 'altered', seq: 5, where: '5' }],
    ['the first of two', (l) => edit(edit(l, 5, altered), 1, altered), { kind: 'altered', seq: 2, where: '2' }],
    [
      'a space that was added',
      (l) => edit(l, 2, (line) => line.replace(',', ', ')),
      { kind: 'altered', seq: 3, where: '3' },
    ],
    ['line feeds of another system', (l) => l.map((line) => `${line}\r`), { kind: 'altered', seq: 1, where: '1' }],
    [
      'a link that was altered',
      (l) => edit(l, 4, (line) => line.replace(/"prev":"../, '"prev":"zz')),
      { kind: 'altered', seq: 4, where: '4' },
    ],
    [
      'a start that claims one before',
      (l) => edit(l.slice(0, 1), 0, (line) => line.replace(NO_HASH, 'f'.repeat(64))),
      { kind: 'altered', seq: 1, where: '1' },
    ],
    ['an entry that is missing', (l) => l.toSpliced(3, 1), { kind: 'missing', seq: 4, where: '4' }],
    ['several that are missing', (l) => l.toSpliced(2, 3), { kind: 'missing', seq: 3, where: '3' }],
    ['a start that is missing', (l) => l.slice(2), { kind: 'missing', seq: 1, where: '1' }],
    [
      'one that was made unreadable',
      (l) => edit(l, 3, (line) => line.slice(1)),
      { kind: 'missing', seq: 4, where: '5' },
    ],
    [
      'an entry that stands there twice',
      (l) => l.toSpliced(3, 0, l[2] ?? ''),
      { kind: 'duplicated', seq: 3, where: '4' },
    ],
    ['a copy at the end', (l) => [...l, l[2] ?? ''], { kind: 'duplicated', seq: 3, where: '9' }],
    [
      'two that changed places',
      (l) => l.toSpliced(3, 2, l[4] ?? '', l[3] ?? ''),
      { kind: 'reordered', seq: 5, where: '4' },
    ],
    ['the last that stands first', (l) => [l[7] ?? '', ...l.slice(0, 7)], { kind: 'reordered', seq: 8, where: '1' }],
  ])('is %s', async (_, change, fault) => {
    const { lines } = await run();
    const file = write(change(lines));
    const { whole, runs } = await verifyFiles([file]);
    expect(whole).toBe(false);
    expect(runs[0]?.fault).toMatchObject({ ...fault, where: `${file}:${fault.where}` });
  });

  it('is found between files', async () => {
    const { lines } = await run();
    const at = folder();
    const first = write(edit(lines.slice(0, 4), 3, altered), '1', at);
    const second = write(lines.slice(4), '2', at);
    expect((await verifyFiles([second, first])).runs[0]?.fault).toEqual({
      kind: 'altered',
      seq: 4,
      where: `${first}:4`,
      text: `entry 4 was altered, or the link to it in entry 5 at ${second}:1`,
    });
    expect((await verifyFiles([second])).runs[0]?.fault?.text).toContain('unless they are in an older file');
  });

  it('of one run does not taint another', async () => {
    const [one, other] = [await run('one'), await run('other')];
    const { whole, runs } = await verifyFiles([write([...one.lines.toSpliced(1, 1), ...other.lines])]);
    expect(whole).toBe(false);
    expect(runs.map(({ run: id, fault }) => [id, fault?.kind])).toEqual([
      ['one', 'missing'],
      ['other', undefined],
    ]);
  });

  it('may be an entry of a version that is not known', async () => {
    const { lines } = await run();
    const file = write([...lines, (lines[7] ?? '').replace('"v":1', '"v":2')]);
    expect(await verifyFiles([file])).toMatchObject({
      whole: false,
      lines: [{ what: 'version 2', count: 1, where: [`${file}:9`] }],
    });
  });

  it('is that there is no entry at all', async () => {
    expect(await verifyFiles([write(['nothing'])])).toMatchObject({ whole: false, runs: [] });
  });
});

describe('a head', () => {
  it('finds a tail that was cut off, which the chain alone does not', async () => {
    const { lines, head } = await run();
    const file = write(lines.slice(0, -1));
    expect((await verifyFiles([file])).whole).toBe(true);
    expect(await verifyFiles([file], { heads: [head] })).toMatchObject({
      whole: false,
      heads: [{ fault: 'the run was truncated: it ends with entry 7, but entry 8 was written' }],
    });
  });

  it('finds a last entry that was altered', async () => {
    const { lines, head } = await run();
    const file = write(edit(lines, 7, (line) => line.replace('SIGTERM', 'SIGINT')));
    expect((await verifyFiles([file])).whole).toBe(true);
    expect(await verifyFiles([file], { heads: [head] })).toMatchObject({
      whole: false,
      heads: [{ fault: 'entry 8 is not the one that was written' }],
    });
  });

  it('finds a run that was made anew, or is gone', async () => {
    const { head } = await run('run-1', CALLS.slice(0, 3));
    const anew = await run('run-1', [...CALLS.slice(1), ...CALLS]);
    expect((await verifyFiles([write(anew.lines)], { heads: [head] })).heads[0]?.fault).toContain('is not the one');
    const other = await run('run-2');
    expect((await verifyFiles([write(other.lines)], { heads: [head] })).heads[0]?.fault).toContain(
      'have no entry of that run',
    );
  });

  it('may be of any entry, and there may be several', async () => {
    const heads = await Promise.all([1, 4, 8].map(async (count) => (await run('run-1', CALLS.slice(0, count))).head));
    const { lines } = await run();
    expect((await verifyFiles([write(lines)], { heads })).whole).toBe(true);
    expect(
      (await verifyFiles([write(lines.slice(0, 5))], { heads })).heads.map(({ fault }) => fault === undefined),
    ).toEqual([true, true, false]);
  });
});

it('reads a file of long lines and without line feeds without keeping it', async () => {
  const { lines } = await run();
  const file = write(lines);
  appendFileSync(file, `${'x'.repeat(3_000_000)}\n{"v":1,${' '.repeat(700_000)}`);
  expect(await verifyFiles([file])).toMatchObject({
    whole: true,
    lines: [
      { what: 'other', count: 1, where: [`${file}:9`] },
      { what: 'torn', count: 1, where: [`${file}:10`] },
    ],
  });
});

describe('audit verify', () => {
  async function audit(...argv: string[]) {
    let text = '';
    const deps = {
      write: (more: string) => {
        text += more;
      },
      now: clock('2026-11-22T11:00:00Z'),
    };
    const code = await runAudit(argv, deps);
    return { code, text };
  }

  it('says that a record is whole, in words', async () => {
    const { lines, head } = await run();
    const file = write(lines);
    expect(await audit('verify', file, '--head', toHeadText(head))).toEqual({
      code: 0,
      text: [
        'run run-1: 8 entries, 2026-11-22T10:57:13.000Z to 2026-11-22T10:57:20.000Z, stopped',
        '  whole',
        '  1 call with outcome unknown:',
        `    2026-11-22T10:57:17.000Z  ${file}:5  bot asked for this`,
        `head ${toHeadText(head)}: reached`,
        'The record is whole.',
        '',
      ].join('\n'),
    });
    expect((await audit('verify', file)).text).toContain('Only --head shows whether');
  });

  it('ends with 1 where it is not, and says where first', async () => {
    const { lines, head } = await run();
    const file = write([...lines.toSpliced(3, 1), '{"v":9,"run":"r","seq":1}', '{"v":1,', 'log']);
    const { code, text } = await audit('verify', `--head=${toHeadText({ ...head, seq: 99 })}`, file);
    expect(code).toBe(1);
    expect(linesOf(text).slice(1)).toEqual([
      `  BROKEN at ${file}:4: entry 4 is missing before entry 5`,
      '  1 call with outcome unknown:',
      `    2026-11-22T10:57:17.000Z  ${file}:4  bot asked for this`,
      `head run-1:99:${head.hash}: BROKEN: the run was truncated: it ends with entry 8, but entry 99 was written`,
      `BROKEN: 1 entry of version 9, which this version of workos-mcp does not know: ${file}:8`,
      `1 line is torn: a write failed or its process died amid it: ${file}:9`,
      `1 line is not part of the record: ${file}:10`,
      'The record is NOT whole.',
    ]);
    expect(JSON.parse((await audit('verify', file, '--json')).text)).toEqual(await verifyFiles([file]));
  });

  it('lists so many calls, and counts the rest', async () => {
    const { lines } = await run(
      'run-1',
      Array.from({ length: 30 }, () => DECISION),
    );
    const { text } = await audit('verify', write(lines));
    expect(text).toContain('30 calls with outcome unknown');
    expect(text).toContain('    and 10 more\n');
  });

  it('lets nothing in a file reach the terminal', async () => {
    const { lines } = await run('run-1', [{ ...DECISION, text: 'a\u001b[2Jb\nc\u202ed' }]);
    expect((await audit('verify', write(lines))).text).toContain(':1  ab cd\n');
  });

  const H = `r:1:${'a'.repeat(64)}`;
  it.each<[string[], RegExp]>([
    [[], /^audit: a subcommand is required\.\n {2}workos-mcp audit verify FILE…/],
    [['verfy'], /^audit: there is no subcommand "verfy"\. Did you mean "verify"\?\n/],
    [['verify'], /^audit verify: FILE is missing\.\n {2}workos-mcp audit verify FILE…/],
    [['show'], /^audit show: FILE is missing\.\n {2}workos-mcp audit show FILE/],
    [['verify', 'f', '--haed', H], /^audit verify: There is no option --haed\. Did you mean "--head"\? See --help\.\n/],
    [['verify', 'f', '--since', '2h'], /^audit verify: There is no option --since\./],
    [['show', 'f', '--refuse'], /^audit show: There is no option --refuse\. Did you mean "--refused"\?/],
    [['show', 'f', '--constructor'], /^audit show: There is no option --constructor\./],
    [['show', 'f', '-a'], /^audit show: There is no option -a\./],
    [['show', 'f', '--agent'], /^audit show: --agent needs a value: --agent NAME\n/],
    [['show', 'f', '--agent', '--refused'], /^audit show: --agent needs a value: --agent NAME\n/],
    [['show', 'f', '--refused=yes'], /^audit show: --refused takes no value\./],
    [['show', 'f', '--agent', 'a', '--agent', 'b'], /^audit show: --agent is given twice\./],
    [['show', '--json', '--', '--agent'], /^--agent cannot be read \(ENOENT\)\./],
    [['show', 'f', '--since', 'soon'], /^--since soon: give a date or time such as/],
    [['verify', 'f', '--head', 'abc'], /^--head abc: a head is RUN:SEQ:HASH/],
    [['verify', '/nowhere'], /^\/nowhere cannot be read \(ENOENT\)\.$/],
    [['verify', '/'], /^\/ cannot be read \(EISDIR\)\.$/],
  ])('refuses %j', async (argv, message) => {
    const refused = audit(...argv);
    await expect(refused).rejects.toThrow(StartError);
    await expect(refused).rejects.toThrow(message);
  });
});

it('verifies what a record in files wrote', async () => {
  const at = folder();
  const record = await recordIn(join(at, 'audit.jsonl'), { maxBytes: 1_000 });
  for (const each of CALLS) await record.append(each, { sync: true });
  await record.close();
  const report = await verifyFiles(filesOf(at), { heads: [record.head()] });
  expect(report).toMatchObject({ whole: true, runs: [{ entries: 8 }] });
  expect(readFileSync(join(at, 'audit.jsonl'), 'utf8')).not.toBe('');
});
