// What the size of the catalogue costs a server over stdio: the one that is built, and one with 250 tools, in turns, under
// the same grants. Linux, for the processor time and the memory that /proc has.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { argv, execPath } from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROUNDS = 31;
const CALLS = 200;
const ROOT = dirname(fileURLToPath(new URL('.', import.meta.url)));

const median = (/** @type {number[]} */ list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;

/** Milliseconds that all threads of a process have run for. */
const busy = (/** @type {number | undefined} */ pid) =>
  readdirSync(`/proc/${pid}/task`)
    .map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, ns) => sum + ns, 0) / 1e6;

const memory = (/** @type {number | undefined} */ pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_000;

/** Starts a server, lists its tools, and calls one of them by its name. */
async function run(/** @type {string} */ main, /** @type {string} */ allow) {
  const child = spawn(execPath, [main, '--sandbox', '--allow', allow], {
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const began = performance.now();
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let ids = 0;
  const ask = async (/** @type {string} */ method, /** @type {object} */ params) => {
    ids += 1;
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: ids, method, params })}\n`);
    return JSON.parse((await lines.next()).value).result;
  };
  const clientInfo = { name: 'bench', version: '1' };
  await ask('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
  child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
  const { tools } = await ask('tools/list', {});
  const listed = { wall: performance.now() - began, cpu: busy(child.pid) };
  const call = () => ask('tools/call', { name: 'list_environment_roles', arguments: {} });
  for (let count = 0; count < CALLS; count += 1) await call();
  const before = busy(child.pid);
  for (let count = 0; count < CALLS; count += 1) await call();
  const perCall = (busy(child.pid) - before) / CALLS;
  const rss = memory(child.pid);
  child.stdin.end();
  await once(child, 'exit');
  return { ...listed, perCall, rss, tools: tools.length };
}

/** Medians of both servers, and how the one with many compares. */
export async function size(/** @type {string} */ allow = '*:read') {
  const folder = mkdtempSync(join(tmpdir(), 'workos-mcp-bench-'));
  try {
    const out = join(folder, 'dist');
    const build = ['scripts/build.mjs', '--tools', 'bench/many-tools.ts', '--out', out];
    execFileSync(execPath, build, { cwd: ROOT });
    const servers = [join(ROOT, 'dist/main.js'), join(out, 'main.js')];
    const runs = /** @type {Awaited<ReturnType<typeof run>>[][]} */ (servers.map(() => []));
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const [which, main] of servers.entries()) {
        const one = await run(main, allow);
        // The first round fills the compile cache.
        if (round > 0) runs[which]?.push(one);
      }
    }
    return runs.map((all, which) => ({
      catalogue: which === 0 ? 'as it is' : '250 tools',
      listed: all[0]?.tools,
      /** Milliseconds from launch to tools/list, and of a processor until then. */
      wall: median(all.map(({ wall }) => wall)),
      cpu: median(all.map(({ cpu }) => cpu)),
      /** Milliseconds of a processor. */
      perCall: median(all.map(({ perCall }) => perCall)),
      /** Megabytes. */
      rss: median(all.map(({ rss }) => rss)),
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// biome-ignore lint/suspicious/noConsole: this is a command's output
if (argv[1] === fileURLToPath(import.meta.url)) console.table(await size(argv[2]));
