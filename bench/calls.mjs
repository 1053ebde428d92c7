import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { build } from 'esbuild';
import { Pool } from 'undici';

const here = (/** @type {string} */ name) => new URL(name, import.meta.url).pathname;

/** Starts the instant upstream and returns its URL and how to end it. */
export async function upstream() {
  const child = fork(here('upstream.mjs'));
  const [{ port }] = await once(child, 'message');
  return { url: `http://127.0.0.1:${port}`, stop: () => child.kill() };
}

/**
 * @param {string} url
 * @param {readonly string[]} args of node
 */
export async function connect(url, args) {
  // A real key never meets the bench: the upstream is loopback.
  const env = { WORKOS_API_KEY: 'sk_test_bench', WORKOS_BASE_URL: url };
  const transport = new StdioClientTransport({ command: process.execPath, args: [...args], env, stderr: 'ignore' });
  const client = new Client({ name: 'bench', version: '1' });
  await client.connect(transport);
  return { client, pid: transport.pid, close: () => client.close() };
}

// The documented limits would have the bench wait.
const UNLIMITED = ['--limit', 'general=1000000/1,user_management_reads=1000000/1'];
const SERVER = [here('../dist/main.js'), '--allow', '*:read', '--log-level', 'error', ...UNLIMITED];

/**
 * Milliseconds that each contender takes, as the median of so many rounds in which they take turns: what else the
 * machine does then meets them all alike. Ten rounds before do not count, in which Node compiles what runs often.
 * @param {Record<string, () => Promise<unknown>>} contenders
 */
async function race(/** @type {number} */ rounds, contenders) {
  /** @type {Record<string, number[]>} */
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = -10; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(contenders)) {
      const start = performance.now();
      await run();
      if (round >= 0) times[name]?.push(performance.now() - start);
    }
  }
  const median = (/** @type {number[]} */ list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
}

/** The calls whose overhead is measured: the arguments, and what bare undici asks for. */
const CALLS = [
  {
    tool: 'get_user',
    count: 200,
    args: { user_id: `user_${'1'.padStart(26, '0')}` },
    path: `/user_management/users/1`,
  },
  { tool: 'list_users', count: 50, args: { limit: 100 }, path: '/user_management/users?limit=100' },
];

/** One call over stdio, over what bare undici needs for its request, beside a bare SDK server's. */
export async function overhead() {
  const { url, stop } = await upstream();
  const pool = new Pool(url);
  const bare = await connect(url, [here('bare-server.mjs')]);
  const ours = await connect(url, SERVER);
  const rows = [];
  for (const { tool, count, args, path } of CALLS) {
    const calls = (/** @type {Client} */ client) => async () => {
      for (let index = 0; index < count; index += 1) await client.callTool({ name: tool, arguments: args });
    };
    const direct = async () => {
      for (let index = 0; index < count; index += 1) {
        const { body } = await pool.request({ method: 'GET', path });
        await body.json();
      }
    };
    const times = await race(41, { direct, bare: calls(bare.client), ours: calls(ours.client) });
    const perCall = (time = 0) => time / count;
    const [undici, bareCall, ourCall] = [perCall(times.direct), perCall(times.bare), perCall(times.ours)];
    rows.push({ tool, undici, bareCall, ourCall, ratio: (ourCall - undici) / (bareCall - undici) });
  }
  await Promise.all([bare.close(), ours.close(), pool.close()]);
  stop();
  return rows;
}

/** 10,000 records, page after page: the server's walk beside a bare undici loop. */
export async function pages() {
  // The layers are TypeScript, which this Node does not run; what they import stays in node_modules.
  const outfile = here('../dist/bench-walk.mjs');
  await build({
    entryPoints: [here('walk.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  const { contenders } = await import(outfile);
  const { url, stop } = await upstream();
  const { close, ...walks } = contenders(url);
  const whole = Object.entries(walks).map(([name, walk]) => [
    name,
    async () => {
      if ((await walk()) !== 10_000) throw new Error('records are missing');
    },
  ]);
  const { bare = 0, ours = 0 } = await race(31, Object.fromEntries(whole));
  await close();
  stop();
  return { bare, ours, ratio: ours / bare };
}

/** Peak memory of the server in MiB, before and while a gibibyte streams at it (Linux only). */
export async function memory() {
  const { url, stop } = await upstream();
  const { client, pid, close } = await connect(url, SERVER);
  const peak = async () => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
  };
  await client.callTool({ name: 'get_user', arguments: { user_id: 'user_1' } });
  const before = await peak();
  const start = performance.now();
  const result = await client.callTool({ name: 'get_user', arguments: { user_id: 'endless' } });
  const seconds = (performance.now() - start) / 1000;
  const after = await peak();
  await close();
  stop();
  return { before, after, seconds, isError: result.isError === true };
}
