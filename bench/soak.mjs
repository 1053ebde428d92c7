// npm run soak [MINUTES]: one server over HTTP under churn. Its memory and descriptors must stay flat, and its record
// whole.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, execPath, kill } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Pool } from 'undici';
import { upstream } from './calls.mjs';

const MINUTES = Number(argv[2] ?? 10);
const AGENTS = 20;
const WORKERS = 24;
const PORT = 20_000 + Math.floor(Math.random() * 20_000);
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const run = promisify(execFile);
const say = (/** @type {string} */ line) => void process.stderr.write(`${line}\n`);
const pick = (/** @type {number} */ count) => Math.floor(Math.random() * count);

const folder = await mkdtemp(join(tmpdir(), 'wmcp-soak-'));
const { url, stop } = await upstream();
const config = join(folder, 'workos-mcp.yaml');
await writeFile(config, `base-url: ${url}\n`, { mode: 0o600 });
/** @type {string[]} */
const tokens = [];
for (let index = 0; index < AGENTS; index += 1) {
  const args = ['agent', 'add', `agent-${index}`, '--config', config, '--allow', '*:read,users:write'];
  const { stdout } = await run(execPath, [MAIN, ...args], { env: {} });
  tokens.push(/wmcp_\S+/.exec(stdout)?.[0] ?? '');
}
const text = await readFile(config, 'utf8');
await writeFile(config, text.replace(/^( +)(tokens:)/gm, '$1requests-per-minute: 10000\n$1$2'));
const record = join(folder, 'record');
const server = spawn(
  execPath,
  [
    ...[MAIN, 'http', '--config', config, '--port', String(PORT), '--log-level', 'error'],
    ...['--audit-log', record, '--limit', 'general=1000000/1,user_management_reads=1000000/1'],
    ...['--limit', 'user_management_writes=1000000/1'],
  ],
  { env: { WORKOS_API_KEY: 'sk_test_soak' }, stdio: ['ignore', 'ignore', 'inherit'] },
);
const pid = server.pid ?? 0;

const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const count = { answered: 0, cancelled: 0, refused: 0, reloads: 0, failed: 0 };
let pool = new Pool(`http://127.0.0.1:${PORT}`, { connections: WORKERS });

async function post(
  /** @type {object} */ message,
  /** @type {AbortSignal | undefined} */ signal,
  token = tokens[pick(AGENTS)],
) {
  const headers = { ...HEADERS, 'mcp-protocol-version': '2025-06-18', authorization: `Bearer ${token}` };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, ...message });
  const answer = await pool.request({ method: 'POST', path: '/mcp', headers, body, ...(signal && { signal }) });
  return { status: answer.statusCode, text: await answer.body.text() };
}

const call = (/** @type {string} */ name, /** @type {object} */ args) => ({
  method: 'tools/call',
  params: { name, arguments: args },
});

/** What clients do, the rude ones too. @type {readonly (() => Promise<unknown>)[]} */
const ACTS = [
  () => answered(call('get_user', { user_id: `user_${String(pick(1e9)).padStart(26, '0')}` })),
  () => answered(call('list_users', { limit: 100, email: `person.${pick(1e9)}@example.com` })),
  () => answered(call('list_users', { limit: 100, max_items: 300 })),
  () => answered(call('create_user', { email: `person.${pick(1e9)}@example.com` })),
  () => answered(call(`tool_${pick(1e9)}`, { anything: 'x'.repeat(pick(10_000)) })),
  () => answered(call('get_access_status', { tool: `x${pick(1e9)}` })),
  () => answered({ method: 'tools/list' }),
  async () => {
    const leaving = AbortSignal.timeout(1 + pick(5));
    await post(call('list_users', { limit: 100 }), leaving).catch(() => {});
    count.cancelled += 1;
  },
  async () => {
    const { status } = await post({ method: 'tools/list' }, undefined, `wmcp_${pick(1e9)}_${'x'.repeat(40)}`);
    if (status === 401) count.refused += 1;
  },
  async () => {
    const socket = connect(PORT, '127.0.0.1').on('error', () => {});
    socket.write(`POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${PORT}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    await sleep(pick(20));
    socket.destroy();
  },
];

async function answered(/** @type {object} */ message) {
  const { status, text } = await post(message, undefined);
  if (status !== 200) throw new Error(`${status} ${text.slice(0, 200)}`);
  count.answered += 1;
}

/** What the process holds, in MiB and descriptors (Linux only). */
async function look() {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const descriptors = (await readdir(`/proc/${pid}/fd`)).length;
  return { memory: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024, descriptors };
}

const end = Date.now() + MINUTES * 60_000;
const worker = async () => {
  while (Date.now() < end) {
    try {
      await ACTS[pick(ACTS.length)]?.();
    } catch (error) {
      count.failed += 1;
      if (count.failed < 10) say(String(error));
    }
  }
};
/** @type {{ memory: number, descriptors: number }[]} */
const looks = [];
const churn = async () => {
  while (Date.now() < end) {
    await sleep(Math.min(10_000, end - Date.now()));
    kill(pid, 'SIGHUP');
    count.reloads += 1;
    const old = pool;
    pool = new Pool(`http://127.0.0.1:${PORT}`, { connections: WORKERS });
    old.close().catch(() => {});
    looks.push(await look());
    const { memory = 0, descriptors = 0 } = looks.at(-1) ?? {};
    say(`${memory.toFixed(0)} MiB, ${descriptors} descriptors, ${count.answered} answered, ${count.failed} failed`);
  }
};

while (!(await fetch(`http://127.0.0.1:${PORT}/healthz`).catch(() => undefined))) await sleep(50);
await Promise.all([churn(), ...Array.from({ length: WORKERS }, worker)]);
await pool.close();
await sleep(1_000);
const rest = await look();
server.kill();
await once(server, 'exit');
const files = (await readdir(folder)).filter((name) => name.startsWith('record')).map((name) => join(folder, name));
const verified = await run(execPath, [MAIN, 'audit', 'verify', ...files.sort()], { env: {} }).catch((error) => error);
const third = Math.ceil(looks.length / 3);
const median = (/** @type {number[]} */ list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
const early = median(looks.slice(third, 2 * third).map(({ memory }) => memory));
const late = median(looks.slice(-third).map(({ memory }) => memory));
say(
  JSON.stringify({ minutes: MINUTES, ...count, early, late, peak: Math.max(...looks.map((one) => one.memory)), rest }),
);
say(`${verified.stdout}${verified.stderr}`);
stop();
await rm(folder, { recursive: true, force: true });
const isFlat = late < early * 1.15 && rest.descriptors < 100;
if (count.failed > 0 || !isFlat || verified.code) process.exitCode = 1;
