import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseHead } from '../src/audit/chain.ts';
import { showFile } from '../src/audit/read/show.ts';
import { verifyFiles } from '../src/audit/read/verify.ts';
import { filesOf, folder } from './support/audit.ts';

const built = mkdtempSync(join(tmpdir(), 'audit-built-'));
const script = join(built, 'writer.mjs');

beforeAll(() =>
  build({
    entryPoints: [join(import.meta.dirname, 'support/audit-writer.ts')],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  }),
);
afterAll(() => rmSync(built, { recursive: true }));

function start(...argv: (string | number)[]) {
  const child = spawn(process.execPath, [script, ...argv.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return { child, ended: once(child, 'close').then(([code]: (number | null)[]) => ({ code, output })) };
}

it('loses nothing of two processes that fill and rotate one file at once', { timeout: 60_000 }, async () => {
  const at = folder();
  const file = join(at, 'audit.jsonl');
  const ended = await Promise.all(['one', 'two'].map((run) => start(file, `run-${run}`, 2_000, 50_000).ended));
  expect(ended.map(({ code }) => code)).toEqual([0, 0]);
  const heads = ended.flatMap(({ output }) => parseHead(output) ?? []);
  expect(heads.map(({ seq }) => seq)).toEqual([4_000, 4_000]);
  expect(readdirSync(at).length).toBeGreaterThan(20);
  const report = await verifyFiles(filesOf(at), { heads });
  expect(report).toMatchObject({
    whole: true,
    runs: [
      { entries: 4_000, unknown: { count: 0 } },
      { entries: 4_000, unknown: { count: 0 } },
    ],
    lines: [],
  });
});

it('tells of a call whose process was killed before its outcome', async () => {
  const file = join(folder(), 'audit.jsonl');
  const { child, ended } = start(file, 'run-1', 3, 1e9, 'hang');
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await ended;
  expect(await verifyFiles([file])).toMatchObject({
    whole: true,
    runs: [{ entries: 5, stopped: false, unknown: { count: 1, calls: [{ seq: 5, where: `${file}:5` }] } }],
  });
  const lines: string[] = [];
  for await (const line of showFile([file])) lines.push(line);
  expect(lines.at(-1)).toContain('run-1 asked to read user 2 in staging: outcome unknown');
});

it('shows what comes through a pipe, which can be read only once', async () => {
  const pipe = join(folder(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const lines = ['10:00:00', '10:00:01', '10:00:02'].map((time, index) => {
    const entry = {
      v: 1,
      run: 'r',
      seq: index + 1,
      time: `2026-11-22T${time}.000Z`,
      prev: '',
      kind: 'note',
      text: time,
    };
    return `${JSON.stringify(entry)}\n`;
  });
  const written = writeFile(pipe, lines.join(''));
  const shown: string[] = [];
  for await (const line of showFile([pipe], { since: '2026-11-22T10:00:01Z' })) shown.push(line);
  await written;
  expect(shown).toEqual([
    'Sunday 2026-11-22 (UTC)',
    expect.stringContaining('  10:00:01  note'),
    expect.stringContaining('  10:00:02  note'),
  ]);
});
