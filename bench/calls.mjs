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
  const transport = new StdioClientTransport({ command: process.execPath, args: [...args], env });
  const client = new Client({ name: 'bench', version: '1' });
  await client.connect(transport);
  return { client, pid: transport.pid, close: () => client.close() };
}

const SERVER = [here('../dist/main.js'), '--allow', '*:read', '--log-level', 'error'];

/** The median of so many runs in milliseconds, after one that does not count. */
async function median(/** @type {number} */ runs, /** @type {() => Promise<unknown>} */ run) {
  await run();
  const times = [];
  for (let index = 0; index < runs; index += 1) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? 0;
}

/** One call over stdio, over what bare undici needs for its request, beside a bare SDK server's. */
export async function overhead() {
  const { url, stop } = await upstream();
  const COUNT = 500;
  const pool = new Pool(url);
  const bare = await connect(url, [here('bare-server.mjs')]);
  const ours = await connect(url, SERVER);
  const calls = (/** @type {Client} */ client) => async () => {
    for (let index = 0; index < COUNT; index += 1) {
      await client.callTool({ name: 'get_user', arguments: { user_id: `user_${index}` } });
    }
  };
  const direct = async () => {
    for (let index = 0; index < COUNT; index += 1) {
      const { body } = await pool.request({ method: 'GET', path: `/user_management/users/user_${index}` });
      await body.json();
    }
  };
  const [undici, bareCall, ourCall] = [
    (await median(5, direct)) / COUNT,
    (await median(5, calls(bare.client))) / COUNT,
    (await median(5, calls(ours.client))) / COUNT,
  ];
  await Promise.all([bare.close(), ours.close(), pool.close()]);
  stop();
  return { undici, bareCall, ourCall, ratio: (ourCall - undici) / (bareCall - undici) };
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
  const walk = await import(outfile);
  const { url, stop } = await upstream();
  const { bare, ours } = await walk.pages(url, 9);
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
