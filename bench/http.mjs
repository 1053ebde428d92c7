// tools/call over HTTP: this server, a bare one of the SDK's and a generic bridge, each a process, in turns.
import { execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { upstream } from './calls.mjs';

const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

const BRIDGE = '@ivotoby/openapi-mcp-server@1.16.1';
const CONNECTIONS = [16, 64];
const ROUNDS = 5;
const ROUND_MS = 2_000;
const WARM_UP_MS = 4_000;
/** Calls between the two looks at the memory. */
const MANY = 50_000;
/** An agent may make at most 10,000 requests a minute: it takes as many agents to use up a core. */
const AGENTS = 40;

/** @typedef {import('./http-load.mjs').Load} Load */
/** @typedef {Pick<Load, 'url' | 'shape' | 'tool' | 'args' | 'tokens'> & { name: string, pid: number }} Contender */
/**
 * @typedef {{ name: string, connections: number, perSecond: number, cpu: number, ahead?: number | undefined }} Row `cpu` in
 *   ms a call; `ahead`: calls a second of this server's, in the same protocol, for each one here
 */

/** A process of Node's, once something listens on its port. */
async function start(
  /** @type {string[]} */ args,
  /** @type {Record<string, string>} */ env,
  /** @type {number} */ port,
) {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  while (!(await isOpen(port))) {
    if (child.exitCode !== null) throw new Error(`${args[0]} ended with ${child.exitCode}`);
    await sleep(50);
  }
  const stop = async () => {
    child.kill();
    if (child.exitCode === null) await once(child, 'exit');
  };
  return { pid: child.pid ?? 0, stop };
}

const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function isOpen(/** @type {number} */ port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = Object(server.address());
  server.close();
  await once(server, 'close');
  return /** @type {number} */ (port);
}

/** Starts what `npm run bench` measures: agents with tokens, every call on record, WorkOS's limits out of the way. */
async function startOurs(/** @type {string} */ folder, /** @type {string} */ baseUrl) {
  const main = here('../dist/main.js');
  const config = join(folder, 'workos-mcp.yaml');
  await writeFile(config, `base-url: ${baseUrl}\n`, { mode: 0o600 });
  const tokens = [];
  for (let index = 0; index < AGENTS; index += 1) {
    const args = ['agent', 'add', `agent-${index}`, '--config', config, '--allow', '*:read'];
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...args], { env: {} });
    tokens.push(/wmcp_\S+/.exec(stdout)?.[0] ?? '');
  }
  const text = await readFile(config, 'utf8');
  await writeFile(config, text.replace(/^( +)(tokens:)/gm, '$1requests-per-minute: 10000\n$1$2'));
  const port = await freePort();
  const limits = 'general=1000000/1,user_management_reads=1000000/1';
  const record = join(folder, 'record');
  const flags = [
    '--config',
    config,
    '--audit-log',
    record,
    '--limit',
    limits,
    '--port',
    String(port),
    '--log-level',
    'error',
  ];
  const { pid, stop } = await start([main, 'http', ...flags], { WORKOS_API_KEY: 'sk_test_bench' }, port);
  const args = { user_id: `user_${'0'.repeat(26)}` };
  return { pid, stop, tokens, tool: 'get_user', args, url: `http://127.0.0.1:${port}/mcp` };
}

async function startBare(/** @type {string} */ baseUrl) {
  const port = await freePort();
  const env = { WORKOS_API_KEY: 'sk_test_bench', WORKOS_BASE_URL: baseUrl };
  const { pid, stop } = await start([here('http-bare.mjs'), String(port)], env, port);
  return { pid, stop, tokens: [], tool: 'get_user', args: { user_id: 'user_1' }, url: `http://127.0.0.1:${port}/mcp` };
}

/** Installs the bridge, which is nobody's dependency here, and starts it over the official OpenAPI file. */
async function startBridge(/** @type {string} */ folder, /** @type {string} */ baseUrl) {
  const install = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', BRIDGE];
  await promisify(execFile)('npm', install);
  const port = await freePort();
  const settings = {
    'api-base-url': baseUrl,
    'openapi-spec': here('../node_modules/@workos/openapi-spec/open-api-spec.yaml'),
    headers: 'Authorization:Bearer sk_test_bench',
    transport: 'http',
    port: String(port),
    verbose: 'false',
  };
  const main = join(folder, 'node_modules/@ivotoby/openapi-mcp-server/bin/mcp-server.js');
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const { pid, stop } = await start([main, ...flags], {}, port);
  const url = `http://127.0.0.1:${port}/mcp`;
  return { pid, stop, tokens: [], tool: 'userland-usrs-get', args: { id: 'user_1' }, url };
}

/** Milliseconds of a processor that a process has used (Linux only). */
async function cpuOf(/** @type {number} */ pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * 10; // a hundred ticks a second on every Linux
}

/** Memory that a process holds, in MiB (Linux only). */
async function memoryOf(/** @type {number} */ pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Answered calls in the files of the record. */
async function countRecorded(/** @type {string} */ folder) {
  let count = 0;
  for (const name of (await readdir(folder)).filter((name) => name.startsWith('record'))) {
    for await (const line of createInterface(createReadStream(join(folder, name)))) {
      if (line.includes('"outcome":"ok"')) count += 1;
    }
  }
  return count;
}

function startLoad() {
  const child = fork(here('http-load.mjs'));
  return {
    /** @returns {Promise<{ calls: number, ms: number }>} */
    run: async (
      /** @type {Contender} */ { url, shape, tool, args, tokens },
      /** @type {Pick<Load, 'connections' | 'ms' | 'calls'>} */ extent,
    ) => {
      child.send({ url, shape, tool, args, tokens, ...extent });
      const [result] = await once(child, 'message');
      if (result.error !== undefined) throw new Error(result.error);
      return result;
    },
    stop: () => void child.kill(),
  };
}

const median = (/** @type {number[]} */ list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

/** The contenders in turns: what else the machine does then meets them all alike. @returns {Promise<Row[]>} */
async function race(
  /** @type {readonly Contender[]} */ contenders,
  /** @type {number} */ connections,
  /** @type {ReturnType<typeof startLoad>} */ load,
  /** @type {(calls: Contender, count: number) => void} */ onCalls,
) {
  const rounds = contenders.map((contender) => ({ contender, rates: /** @type {number[]} */ ([]), cpu: 0, calls: 0 }));
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const entry of rounds) {
      const { contender } = entry;
      const before = await cpuOf(contender.pid);
      const ms = round < 0 ? WARM_UP_MS : ROUND_MS;
      const result = await load.run(contender, { connections, ms, calls: Number.MAX_SAFE_INTEGER });
      onCalls(contender, result.calls);
      if (round < 0) continue;
      entry.cpu += (await cpuOf(contender.pid)) - before;
      entry.calls += result.calls;
      entry.rates.push((result.calls * 1_000) / result.ms);
    }
  }
  const rows = rounds.map(({ contender: { name, shape }, rates, cpu, calls }) => {
    return { name, shape, connections, perSecond: median(rates), cpu: cpu / calls };
  });
  return rows.map(({ shape, ...row }) => {
    const ours = rows.find((other) => (other.shape === 'modern') === (shape === 'modern'));
    return { ...row, ahead: ours?.name === row.name ? undefined : (ours?.perSecond ?? 0) / row.perSecond };
  });
}

/** Calls a second at 16 and 64 connections, beside the others, and what memory does over 50,000 calls. */
export async function overHttp() {
  const folder = await mkdtemp(join(tmpdir(), 'wmcp-bench-'));
  /** @type {(() => unknown)[]} */
  const stops = [() => rm(folder, { recursive: true, force: true })];
  try {
    const { url, stop } = await upstream();
    stops.push(stop);
    const ours = await startOurs(folder, url);
    stops.push(ours.stop);
    const bare = await startBare(url);
    stops.push(bare.stop);
    const bridge = await startBridge(join(folder, 'bridge'), url);
    stops.push(bridge.stop);
    const load = startLoad();
    stops.push(load.stop);
    /** @type {Contender[]} */
    const contenders = [
      { ...ours, name: 'workos-mcp', shape: 'legacy' },
      { ...bare, name: 'a bare SDK v2 server', shape: 'legacy' },
      { ...bridge, name: 'a generic bridge', shape: 'session' },
      { ...ours, name: 'workos-mcp, 2026-07-28', shape: 'modern' },
      { ...bare, name: 'a bare SDK v2 server, 2026-07-28', shape: 'modern' },
    ];
    let calls = 0;
    const count = (/** @type {Pick<Contender, 'pid'>} */ { pid }, /** @type {number} */ more) => {
      if (pid === ours.pid) calls += more;
    };
    /** @type {Row[]} */
    const rows = [];
    for (const connections of CONNECTIONS) rows.push(...(await race(contenders, connections, load, count)));

    const contender = contenders[0];
    if (contender === undefined) throw new Error('there is nobody to measure');
    const before = await memoryOf(ours.pid);
    const many = await load.run(contender, { connections: 64, ms: Number.MAX_SAFE_INTEGER, calls: MANY });
    count(ours, many.calls);
    const after = await memoryOf(ours.pid);
    await ours.stop();
    const recorded = await countRecorded(folder);
    if (recorded !== calls) throw new Error(`${calls} calls were answered and ${recorded} recorded`);
    return { rows, memory: { before, after, calls: many.calls }, recorded };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

// biome-ignore lint/suspicious/noConsole: this is a command's output
if (argv[1] === fileURLToPath(import.meta.url)) console.dir(await overHttp(), { depth: 4 });
