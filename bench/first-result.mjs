// From spawning a server over stdio to the result of its first call, in turns with the least that could give one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { argv, execPath } from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { upstream } from './calls.mjs';

const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

const ROUNDS = 31;

const clientInfo = { name: 'bench', version: '1' };
const OPENING = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
/** What a client sends once it has the answer to its opening. */
const CALL = [
  { method: 'notifications/initialized' },
  { id: 2, method: 'tools/call', params: { name: 'get_user', arguments: { user_id: `user_${'0'.repeat(26)}` } } },
];

/** Milliseconds to the result. */
async function run(/** @type {string[]} */ args, /** @type {string} */ url) {
  const began = performance.now();
  const env = { WORKOS_API_KEY: 'sk_test_bench', WORKOS_BASE_URL: url, PATH: process.env.PATH ?? '' };
  const child = spawn(execPath, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const gone = once(child, 'exit');
  const say = (/** @type {object} */ message) =>
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  child.stdin.on('error', () => {}); // the floor reads nothing, and may have ended
  say({ id: 1, method: 'initialize', params: OPENING });
  let ms = Number.NaN;
  for await (const line of createInterface(child.stdout)) {
    const { id } = JSON.parse(line);
    if (id === 1) for (const message of CALL) say(message);
    if (id !== 2) continue;
    if (!line.includes('person.1@example.com')) throw new Error(`${args[0]} answered ${line}`);
    ms = performance.now() - began;
    break;
  }
  child.kill();
  await gone;
  return ms;
}

const median = (/** @type {number[]} */ list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;

/** Medians of both, and how they compare. */
export async function firstResults() {
  const { url, stop } = await upstream();
  try {
    const ours = [here('../dist/main.js'), '--allow', '*:read', '--log-level', 'error'];
    const contenders = [[here('first-floor.mjs'), url], ours];
    const times = contenders.map(() => /** @type {number[]} */ ([]));
    // The first rounds fill the compile cache.
    for (let round = -2; round < ROUNDS; round += 1) {
      for (const [which, args] of contenders.entries()) {
        const ms = await run(args, url);
        if (round >= 0) times[which]?.push(ms);
      }
    }
    const [floor = Number.NaN, ms = Number.NaN] = times.map(median);
    return { floor, ms, ratio: ms / floor };
  } finally {
    stop();
  }
}

// biome-ignore lint/suspicious/noConsole: this is a command's output
if (argv[1] === fileURLToPath(import.meta.url)) console.table(await firstResults());
