// The limit layer against an upstream on loopback that enforces the same limit strictly, by three ways of counting.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Pool } from 'undici';

const REQUESTS = 4;
const MS = 1_000;

/** Each says of a request that arrives now whether it is within the limit. @type {Record<string, () => (now: number) => boolean>} */
const COUNTERS = {
  'sliding window': () => {
    /** @type {number[]} */
    let log = [];
    return (now) => {
      log = log.filter((time) => now - time <= MS);
      return log.push(now) <= REQUESTS;
    };
  },
  'fixed window': () => {
    let window = 0;
    let count = 0;
    return (now) => {
      if (Math.floor(now / MS) !== window) count = 0;
      window = Math.floor(now / MS);
      count += 1;
      return count <= REQUESTS;
    };
  },
  'token bucket': () => {
    let tokens = REQUESTS;
    let last = 0;
    return (now) => {
      tokens = Math.min(REQUESTS, tokens + ((now - last) * REQUESTS) / MS) - 1;
      last = now;
      return tokens >= 0;
    };
  },
};

const CASES = [
  { what: '40 reads of one directory', directories: ['a'], minimum: 9 },
  { what: '40 reads over four directories', directories: ['a', 'b', 'c', 'd'], minimum: 2 },
];

/** @returns {Promise<typeof import('../src/workos/limits/limit.ts') & typeof import('../src/clock.ts')>} */
async function bundle() {
  const { outputFiles } = await build({
    stdin: {
      contents: "export * from './src/workos/limits/limit.ts'; export { systemClock } from './src/clock.ts';",
      resolveDir: fileURLToPath(new URL('..', import.meta.url)),
      loader: 'ts',
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? []).toString('base64')}`);
}

/** @param {string} counting */
async function listen(counting) {
  /** @type {Map<string, (now: number) => boolean>} */
  const directories = new Map();
  const server = createServer((incoming, outgoing) => {
    const directory = incoming.url ?? '';
    const admits = directories.get(directory) ?? COUNTERS[counting]?.();
    if (admits !== undefined) directories.set(directory, admits);
    outgoing.writeHead(admits?.(Date.now()) ? 200 : 429, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** @returns {Promise<{ what: string, counting: string, seconds: number, minimum: number, ratio: number, refused429: number }[]>} */
export async function limits() {
  const { limit, systemClock } = await bundle();
  const runs = CASES.flatMap((test) => Object.keys(COUNTERS).map((counting) => ({ ...test, counting })));
  const rows = [];
  for (const { what, directories, minimum, counting } of runs) {
    const upstream = await listen(counting);
    const pool = new Pool(upstream.url);
    const send = limit(systemClock)(async ({ path }) => {
      const reply = await pool.request({ method: 'GET', path });
      return { status: reply.statusCode, headers: {}, body: await reply.body.text() };
    });
    const start = performance.now();
    const calls = Array.from({ length: 40 }, async (_, index) => {
      const key = directories[index % directories.length] ?? '';
      const { status } = await send(
        { method: 'GET', path: `/${key}`, headers: {}, body: undefined },
        {
          signal: new AbortController().signal,
          deadline: start + 55_000,
          agent: 'bench',
          repeat: 'never',
          slots: [
            { name: 'general', requests: 6_000, seconds: 60, key: '' },
            { name: 'directory_users', requests: REQUESTS, seconds: MS / 1_000, key },
          ],
        },
      );
      return status;
    });
    // The layer's timers do not hold the process; a server's connection does.
    const hold = setInterval(() => {}, 1_000);
    const statuses = await Promise.all(calls);
    clearInterval(hold);
    const seconds = (performance.now() - start) / 1_000;
    await pool.close();
    upstream.close();
    const refused429 = statuses.filter((status) => status === 429).length;
    rows.push({ what, counting, seconds, minimum, ratio: seconds / minimum, refused429 });
  }
  return rows;
}

// biome-ignore lint/suspicious/noConsole: this is a command's output
if (argv[1] === fileURLToPath(import.meta.url)) console.table(await limits());
