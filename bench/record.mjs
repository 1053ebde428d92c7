// A million entries on record in rotated files, and what reading a part of them takes against reading all.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

/** Of an odd number of processes, since the first reads what is not in memory yet. */
const ROUNDS = 3;

const CHILD = `
const [file, path, name] = process.argv.slice(1);
const { QUESTIONS } = await import(file);
const [begun, used] = [performance.now(), process.cpuUsage()];
const rows = await QUESTIONS[name](path);
const { user, system } = process.cpuUsage(used);
const mib = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ rows, ms: performance.now() - begun, cpu: (user + system) / 1000, mib }));`;

/** @returns {Promise<{ entries: number, rows: { name: string, rows: number, ms: number, cpu: number, mib: number, ratio: number }[] }>} */
export async function record() {
  const folder = await mkdtemp(join(tmpdir(), 'workos-mcp-bench-'));
  try {
    // The sources are TypeScript, which this Node does not run.
    const outfile = join(folder, 'record.mjs');
    const entryPoints = [fileURLToPath(new URL('record.ts', import.meta.url))];
    await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm' });
    /** @type {typeof import('./record.ts')} */
    const { ENTRIES, QUESTIONS, writeRecord } = await import(pathToFileURL(outfile).href);
    const path = await writeRecord(folder);
    const rows = [];
    for (const name of Object.keys(QUESTIONS)) {
      const rounds = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const args = ['--input-type=module', '-e', CHILD, pathToFileURL(outfile).href, path, name];
        const { stdout } = await promisify(execFile)(process.execPath, args);
        rounds.push({ name, ...JSON.parse(stdout) });
      }
      rows.push(rounds.sort((one, other) => one.ms - other.ms)[Math.floor(ROUNDS / 2)]);
    }
    const all = rows[0].cpu;
    return { entries: ENTRIES, rows: rows.map((row) => ({ ...row, ratio: row.cpu / all })) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// biome-ignore lint/suspicious/noConsole: this is a command's output
if (argv[1] === fileURLToPath(import.meta.url)) console.table((await record()).rows);
