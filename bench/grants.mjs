// What a start makes of grants, with more tools than there are: in a process that has just begun, and in one that is warm.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const PROCESSES = 21;
const ROUNDS = 101;

const median = (/** @type {number[]} */ list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;

/** Milliseconds that a policy and an offer take of 250 tools and 200 grants by name. */
export async function grants() {
  const folder = await mkdtemp(join(tmpdir(), 'workos-mcp-bench-'));
  try {
    // The sources are TypeScript, which this Node does not run.
    const outfile = join(folder, 'grants.mjs');
    const entryPoints = [fileURLToPath(new URL('grants.ts', import.meta.url))];
    await build({ entryPoints, outfile, bundle: true, minify: true, platform: 'node', format: 'esm' });
    const fresh = [];
    const code = `import(${JSON.stringify(pathToFileURL(outfile))}).then(({ start }) => console.log(start()))`;
    for (let index = 0; index < PROCESSES; index += 1) {
      const { stdout } = await promisify(execFile)(process.execPath, ['-e', code]);
      fresh.push(Number(stdout));
    }
    /** @type {typeof import('./grants.ts')} */
    const { start } = await import(outfile);
    for (let round = 0; round < 10; round += 1) start();
    return { fresh: median(fresh), warm: median(Array.from({ length: ROUNDS }, start)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// biome-ignore lint/suspicious/noConsole: this is a command's output
if (argv[1] === fileURLToPath(import.meta.url)) console.table(await grants());
