// Cold start over stdio: from spawning a server to its answers to initialize and tools/list, and to that of a call made
// at once, which shows what was only put off. Beside it Node alone, the
// least that the SDK can do with as many tools, and servers of others, in turns, as a client would start them.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/** Servers that start without an account, by package, each with the file that it starts with. */
const OTHERS = {
  '@modelcontextprotocol/server-everything@2026.8.31': 'dist/index.js',
  '@notionhq/notion-mcp-server@2.5.2': 'bin/cli.mjs',
};

const nameOf = (/** @type {string} */ spec) => spec.replace(/(?<=.)@.*$/, '');

/** @typedef {{ name: string, args: readonly string[], folder?: string }} Contender */
/** @typedef {{ name: string, ms: number, ratio: number, called: number, tools: number | undefined, kB: number, packages: number }} Row */

/**
 * Milliseconds to the answers to both and to the call, and how many tools there are; of what is no server, milliseconds to
 * its end.
 */
async function start(/** @type {string} */ node, /** @type {Contender} */ { args }) {
  const began = performance.now();
  // A real key never meets the bench. HOME for those who look for settings there.
  const env = { WORKOS_API_KEY: 'sk_test_bench', PATH: process.env.PATH ?? '', HOME: tmpdir() };
  const child = spawn(node, [...args], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const gone = once(child, 'exit');
  const say = (/** @type {object} */ message) =>
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  let tools;
  let ms = Number.NaN;
  if (args[0] === '-e') await gone;
  else {
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
    say({ id: 1, method: 'initialize', params });
    for await (const line of createInterface(child.stdout)) {
      const { id, result } = line.startsWith('{') ? JSON.parse(line) : {};
      if (id === 2) {
        ms = performance.now() - began;
        tools = result.tools.length;
        // Nobody has it, so that nobody waits for a network.
        say({ id: 3, method: 'tools/call', params: { name: 'no_such_tool', arguments: {} } });
      }
      if (id === 3) break;
      if (id !== 1) continue;
      say({ method: 'notifications/initialized' });
      say({ id: 2, method: 'tools/list' });
    }
    if (tools === undefined) throw new Error(`${args[0]} ended without an answer`);
  }
  const called = performance.now() - began;
  child.stdin.end();
  const kill = setTimeout(() => child.kill('SIGKILL'), 2_000);
  await gone;
  clearTimeout(kill);
  return { ms: args[0] === '-e' ? called : ms, called, tools };
}

/** Kilobytes of what is in a folder, and how many packages are. */
async function weigh(/** @type {string} */ folder) {
  const names = await readdir(folder, { recursive: true });
  const files = await Promise.all(names.map((name) => stat(join(folder, name))));
  const bytes = files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
  const packages = names.filter((name) => /(^|\/)node_modules\/(@[^/]+\/)?[^@./][^/]*\/package\.json$/.test(name));
  return { kB: bytes / 1_000, packages: packages.length };
}

/** @param {readonly string[]} args of npm */
async function npm(args, /** @type {string} */ cwd) {
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
  const { stdout } = await promisify(execFile)('npm', [...args, ...options], { cwd });
  return stdout;
}

/**
 * @param {{ node?: string, rounds?: number }} [options] the Node to start all of them with
 * @returns {Promise<readonly Row[]>} the bare SDK server is the measure of the ratios
 */
export async function starts({ node = process.execPath, rounds = 31 } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'workos-mcp-bench-'));
  try {
    // What npm would install, and not what lies here: with nothing in the way that is only there for development.
    const [{ filename }] = JSON.parse(await npm(['pack', '--json', '--pack-destination', folder], here('..')));
    const install = async (/** @type {string} */ name, /** @type {string} */ spec) => {
      await npm(['install', '--prefix', join(folder, name), spec], folder);
      return join(folder, name);
    };
    const ours = await install('ours', join(folder, filename));
    /** @type {Contender[]} */
    const contenders = [
      { name: '`node -e 0`', args: ['-e', '0'] },
      { name: 'a bare SDK v2 server, 36 tools', args: [here('start-bare.mjs')] },
      {
        name: 'workos-mcp, 36 tools and its own',
        args: [join(ours, 'node_modules/workos-mcp/dist/main.js'), '--allow', '*:full,*:credentials'],
        folder: ours,
      },
    ];
    for (const [spec, main] of Object.entries(OTHERS)) {
      const other = await install(nameOf(spec).replace('/', '-'), spec);
      contenders.push({ name: spec, args: [join(other, 'node_modules', nameOf(spec), main)], folder: other });
    }
    const times = new Map(contenders.map(({ name }) => [name, /** @type {number[]} */ ([])]));
    const calls = new Map(contenders.map(({ name }) => [name, /** @type {number[]} */ ([])]));
    const tools = new Map(contenders.map(({ name }) => [name, /** @type {number | undefined} */ (undefined)]));
    // In turns: what else the machine does meets them all alike. Two rounds before do not count.
    for (let round = -2; round < rounds; round += 1) {
      for (const contender of contenders) {
        const { ms, called, tools: count } = await start(node, contender);
        if (round >= 0) {
          times.get(contender.name)?.push(ms);
          calls.get(contender.name)?.push(called);
        }
        tools.set(contender.name, count);
      }
    }
    const median = (/** @type {number[]} */ all = []) =>
      all.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
    const measure = median(times.get('a bare SDK v2 server, 36 tools'));
    return await Promise.all(
      contenders.map(async ({ name, folder }) => ({
        name,
        ms: median(times.get(name)),
        ratio: median(times.get(name)) / measure,
        called: median(calls.get(name)),
        tools: tools.get(name),
        ...(folder === undefined ? { kB: Number.NaN, packages: Number.NaN } : await weigh(folder)),
      })),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Kilobytes of each file that is published. */
export async function sizes() {
  const folder = here('../dist');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.js'));
  return Promise.all(names.map(async (name) => ({ name, kB: (await readFile(join(folder, name))).length / 1_000 })));
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  // biome-ignore lint/suspicious/noConsole: this is a command's output
  console.table(await starts({ node: argv[2] ?? process.execPath, rounds: Number(argv[3] ?? 31) }));
  // biome-ignore lint/suspicious/noConsole: this is a command's output
  console.table(await sizes());
}
