import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { NO_HASH } from '../src/audit/chain.ts';
import { verifyFiles } from '../src/audit/read/verify.ts';
import { runAudit } from '../src/commands/audit.ts';
import { StartError } from '../src/errors.ts';

const TIME = '2026-01-01T00:00:00.000Z';
const entry = (members: object) => JSON.stringify({ v: 1, run: 'r', seq: 1, time: TIME, prev: NO_HASH, ...members });
const note = (text: string) => entry({ kind: 'note', text });

const at = mkdtempSync(join(tmpdir(), 'hostile-'));
afterAll(() => rmSync(at, { recursive: true }));
let files = 0;
function write(...lines: readonly (string | Buffer)[]): string {
  files += 1;
  const file = join(at, `${files}.jsonl`);
  writeFileSync(file, Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')])));
  return file;
}

async function audit(...argv: string[]) {
  let text = '';
  const code = await runAudit(argv, {
    write: (more) => {
      text += more;
    },
    now: () => new Date(TIME),
  });
  return { code, text };
}

/** What each command prints of a file, for people and as JSON. */
const readings = (file: string) =>
  Promise.all([
    audit('show', file),
    audit('show', file, '--json'),
    audit('verify', file),
    audit('verify', file, '--json'),
  ]);

/** What a terminal would act on, or a person would not see. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const UNSAFE = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('a line that only an attacker writes', () => {
  it.each<[string, string | Buffer]>([
    ['a C1 control and a bidi override', note('a\u009b31mRED\u202egnp')],
    ['a terminal sequence', note('\u001b]0;title\u0007\u001b[2Jgone')],
    ['a line feed of Unicode', note('one\u2028two')],
    ['invalid UTF-8', Buffer.concat([Buffer.from('{"v":1,"run":"'), Buffer.from([0xff, 0xc0]), Buffer.from('"}')])],
    ['invalid UTF-8 in an entry', Buffer.from(note('aa').replace('aa', '\u00e9'), 'latin1')],
    ['NUL bytes', Buffer.alloc(5_000)],
    ['deep JSON', entry({ kind: 'note', text: 0 }).replace(':0}', `:${deep(2_000)}}`)],
    ['JSON that is as deep as a line is long', `{"v":${'['.repeat(60_000)}`],
    ['a huge text', note('x'.repeat(1_000_000))],
    ['an entry of 60,000 bytes', note('x'.repeat(60_000))],
    ['__proto__', entry({ kind: 'note' }).replace('{', '{"__proto__":{"text":"x","toString":1},')],
    ['a version that is an object', '{"v":{"toString":1,"valueOf":2},"run":"r","seq":1}'],
    ['a version that is deep', `{"v":${deep(1_000)},"run":"r","seq":1}`],
    ['a version that is long', `{"v":"\u009b${'9'.repeat(2_000)}","run":"r","seq":1}`],
    ['a number that is a string', entry({ seq: '1', kind: 'note', text: 'x' })],
    ['a number that is too large', entry({ kind: 'note', text: 'x' }).replace('"seq":1', '"seq":1e999')],
    ['a name of a method', entry({ kind: 'constructor', text: 'x' })],
    ['an array', '[1,{"v":1}]'],
    ['null', 'null'],
  ])('neither stops a reader nor reaches the terminal: %s', async (_, line) => {
    const file = write(line, note('behind it'));
    for (const { text } of await readings(file)) {
      expect(text).not.toMatch(UNSAFE);
      expect(text.length).toBeLessThan(20_000);
    }
    const [shown, json] = await readings(file);
    expect(shown.text).toContain('behind it');
    const rows = json.text.trim().split('\n');
    expect(rows.map((row) => JSON.parse(row).text)).toContain('behind it');
  });

  it('is in the JSON as it stands in the file', async () => {
    const text = 'a\u009b31mRED\u202egnp \u{1f600}';
    const { text: json } = await audit('show', write(note(text)), '--json');
    expect(JSON.parse(json)).toMatchObject({ text, entries: [{ text }] });
    expect(json).toMatch(/^[\x20-\x7e]+\n$/);
  });

  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.constantFrom(null, true, 0, -1, [], {}, { toString: 1 }, [[[{ valueOf: 1 }]]], '__proto__', 'allowed', 'ask'),
  );
  const NAMES =
    'agent tool environment text decision rule outcome of ms ids reason version config tools transport'.split(' ');

  it('may have any values in the members of any kind', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('start', 'decision', 'outcome', 'note', 'stop', 'other'),
        fc.dictionary(fc.constantFrom(...NAMES, 'confirmation', 'request_id', 'more_ids'), hostile),
        async (kind, members) => {
          const file = write(entry({ ...members, kind }), entry({ ...members, kind, seq: 2 }));
          for (const { text } of await readings(file)) expect(text).not.toMatch(UNSAFE);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('may be any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('', '{"v":1,"run":"r","seq":'),
        async (bytes, start) => {
          const file = write(Buffer.concat([Buffer.from(start), bytes]));
          for (const { text } of await readings(file)) expect(text).not.toMatch(UNSAFE);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('what verify says', () => {
  it('of an entry that stands behind something else on its line', async () => {
    const line = note('x');
    expect((await verifyFiles([write(`garbage ${line}`)])).lines).toMatchObject([{ what: 'other', count: 1 }]);
    expect((await verifyFiles([write(`${line.slice(0, 20)}${line}`)])).lines).toMatchObject([
      { what: 'torn', count: 1 },
    ]);
  });

  it('of more runs than it can follow', async () => {
    const lines = Array.from({ length: 11 }, (_, index) => entry({ run: `r${index}`, kind: 'note', text: '' }));
    expect((await verifyFiles([write(...lines.slice(1))], { maxRuns: 10 })).runs).toHaveLength(10);
    await expect(verifyFiles([write(...lines)], { maxRuns: 10 })).rejects.toEqual(
      new StartError('The files have more than 10 runs: verify fewer files at once.'),
    );
  });

  it('of a run that is in more pieces than there is room for: it is not whole', async () => {
    const scattered = Array.from({ length: 20 }, (_, index) => entry({ seq: 40 - 2 * index, kind: 'note', text: '' }));
    const whole = entry({ run: 'other', kind: 'note', text: '' });
    for (const maxKept of [0, 1, 5]) {
      const { runs } = await verifyFiles([write(whole, ...scattered, whole.replace('"seq":1', '"seq":9'))], {
        maxKept,
      });
      expect(runs.map(({ fault }) => fault !== undefined)).toEqual([true, true]);
    }
  });

  it('of more decisions than there is room for: how many have no outcome', async () => {
    const decision = { kind: 'decision', decision: 'allowed', text: 'y'.repeat(2_000) };
    const lines = Array.from({ length: 50 }, (_, index) => entry({ seq: index + 1, ...decision }));
    const [run] = (await verifyFiles([write(...lines)], { maxKept: 10 })).runs;
    expect(run?.unknown.count).toBe(50);
    expect(run?.unknown.calls.map(({ text }) => text.length)).toEqual(Array.from({ length: 10 }, () => 300));
  });
});
