import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { describe } from 'vitest';
import { freePort } from './free-port.ts';
import type { FromWorker, Orders, ToWorker } from './redis-worker.ts';

const binary = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0);

if (binary === undefined) {
  const message = 'There is no redis-server (or valkey-server) on this machine';
  if (process.env.DEMAND_REDIS === '1') throw new Error(`${message}, and DEMAND_REDIS=1 asks for it.`);
  process.stderr.write(`\n${message}: the tests that need one are SKIPPED. Debian: apt-get install redis-server.\n`);
}

export const describeWithRedis = describe.skipIf(binary === undefined);

export { freePort };

export type RedisServer = {
  readonly port: number;
  readonly url: string;
  /** SIGSTOP makes it hang, SIGCONT goes on. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Ends it at once, with all it knows. */
  readonly kill: () => Promise<void>;
  readonly restart: () => Promise<void>;
};

/** A real server of its own on a free port, with nothing on disk. */
export async function startRedis(...args: readonly string[]): Promise<RedisServer> {
  const port = await freePort();
  const listen = args.includes('--tls-port') ? [] : ['--port', String(port)];
  const start = async () => {
    const child = spawn(
      binary ?? 'redis-server',
      [
        ...listen,
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        ...args.map((arg) => arg.replace('PORT', String(port))),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], cwd: tmpdir() },
    );
    for await (const line of createInterface(child.stdout)) if (/ready to accept/i.test(line)) break;
    child.stdout.resume();
    return child;
  };
  let child: ChildProcess = await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    signal: (signal) => void child.kill(signal),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    restart: async () => {
      child = await start();
    },
  };
}

/** The worker as one file, to be started several times. */
export async function bundleWorker(): Promise<{ readonly path: string; readonly remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'wmcp-worker-'));
  const path = join(folder, 'worker.cjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'redis-worker.ts')],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}

type Outcome = NonNullable<FromWorker['result']>;

export type Task = {
  readonly go: () => void;
  /** What the worker has to say when it is through. */
  readonly result: Promise<Outcome>;
};

export type Worker = {
  /** Resolves when the worker is ready to go. */
  readonly prepare: (orders: Orders) => Promise<Task>;
  readonly kill: () => Promise<void>;
};

/** Starts a process that takes orders. */
export function startWorker(path: string): Worker {
  const child = spawn(process.execPath, [path], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  const died = ended.then(() => Promise.reject(new Error('the worker ended without a result')));
  died.catch(() => {});
  const heard = new EventEmitter();
  child.on('message', ({ id, result }: FromWorker) => {
    heard.emit(result === undefined ? `ready ${id}` : `result ${id}`, result);
  });
  let count = 0;
  return {
    prepare: async (orders) => {
      count += 1;
      const id = count;
      const tell = (message: ToWorker) => void child.send(message);
      const ready = once(heard, `ready ${id}`);
      const result = Promise.race([died, once(heard, `result ${id}`)]).then(([result]): Outcome => result);
      result.catch(() => {}); // no test asks one that it kills
      tell({ id, orders });
      await Promise.race([died, ready]);
      return { go: () => tell({ id }), result };
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** An upstream as strict as can be: 429 for whatever arrives as one too many in a sliding window, refused ones included. */
export async function startStrictUpstream(requests: number, ms: number, latency: () => number = () => 0) {
  const arrivals: { readonly at: number; readonly status: number; readonly server: string }[] = [];
  const server = createServer((request, response) => {
    const at = performance.now();
    const recent = arrivals.filter((other) => at - other.at <= ms).length;
    const status = recent < requests ? 200 : 429;
    arrivals.push({ at, status, server: String(request.headers['x-server']) });
    setTimeout(() => response.writeHead(status).end('{}'), latency());
  });
  server.keepAliveTimeout = 0; // a connection that it closes may be one that a worker just then sends on
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP listener has one
  return {
    url: `http://127.0.0.1:${port}`,
    arrivals,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
