import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { openRedis } from '../src/redis/connect.ts';
import { createRedisPendingStore } from '../src/redis/pending.ts';
import {
  bundleWorker,
  describeWithRedis,
  type RedisServer,
  startRedis,
  startStrictUpstream,
  startWorker,
} from './support/redis.ts';

const DIRECTORY = [
  { name: 'general', requests: 6_000, seconds: 60, key: '' },
  { name: 'directory_users', requests: 4, seconds: 1, key: 'directory_1' },
];

describeWithRedis('two processes', () => {
  let redis: RedisServer;
  let worker: Awaited<ReturnType<typeof bundleWorker>>;
  beforeAll(async () => {
    [redis, worker] = await Promise.all([startRedis(), bundleWorker()]);
  });
  afterAll(async () => {
    worker?.remove();
    await redis?.kill();
  });

  let count = 0;
  async function startReaders(
    { onTestFinished }: TestContext,
    calls: readonly number[],
    { atOnce = 4, latency = (): number => 5, server = redis, budget = 30_000 } = {},
  ) {
    count += 1;
    const upstream = await startStrictUpstream(4, 1_000, latency);
    onTestFinished(upstream.close);
    const orders = { what: 'read', redisUrl: server.url, replicas: 2, slots: DIRECTORY } as const;
    const readers = await Promise.all(
      calls.map((calls, index) =>
        startWorker(worker.path, {
          ...orders,
          scope: `reading ${count}`,
          name: String(index),
          upstream: upstream.url,
          calls,
          atOnce,
          budget,
        }),
      ),
    );
    for (const reader of readers) onTestFinished(reader.kill);
    return { upstream, readers };
  }

  /** @returns milliseconds from the first arrival to the last */
  async function finish({ upstream, readers }: Awaited<ReturnType<typeof startReaders>>): Promise<number> {
    await Promise.all(readers.map((reader) => reader.result()));
    const times = upstream.arrivals.map(({ at }) => at);
    return Math.max(...times) - Math.min(...times);
  }

  it.for([
    ['each page after page', 12, 1],
    ['each four pages at once', 12, 4],
  ] as const)('reading one directory together, %s, keep its 4 per second', async ([, calls, atOnce], context) => {
    const { upstream, readers } = await startReaders(context, [calls, calls], { atOnce });
    for (const reader of readers) reader.go();
    const took = await finish({ upstream, readers });
    expect(upstream.arrivals.map(({ status }) => status)).toEqual(Array(2 * calls).fill(200));
    expect(took).toBeLessThan((calls / 2 - 1) * 1_000 * 1.1);
    // In each round both of them have a turn.
    for (const name of ['0', '1']) {
      const own = upstream.arrivals.filter(({ server }) => server === name).map(({ at }) => at);
      for (const [index, at] of own.entries()) if (index > 0) expect(at - (own[index - 1] ?? 0)).toBeLessThan(2_100);
    }
  });

  it.concurrent.for([
    ['is killed, and back after two seconds', 'kill', 2_000],
    ['is killed, and back at once', 'kill', 0],
    ['hangs for three seconds', 'hang', 3_000],
  ] as const)('go on without a 429 when Redis %s', async ([, what, ms], context) => {
    const server = await startRedis();
    context.onTestFinished(server.kill);
    const run = await startReaders(context, [14, 14], { server });
    for (const reader of run.readers) reader.go();
    await sleep(1_500);
    if (what === 'kill') await server.kill();
    else server.signal('SIGSTOP');
    await sleep(ms);
    const before = run.upstream.arrivals.length;
    if (what === 'kill') await server.restart();
    else server.signal('SIGCONT');
    const took = await finish(run);
    expect(run.upstream.arrivals.map(({ status }) => status)).toEqual(Array(28).fill(200));
    // Calls went on in between, after at most one window of waiting.
    if (ms > 0) expect(before).toBeGreaterThan(8);
    expect(took).toBeLessThan(6_000 + ms + 2_000);
  });

  it.concurrent('go on when one of them dies with calls under way', async (context) => {
    let isSlow = true;
    const run = await startReaders(context, [4, 8], { latency: () => (isSlow ? 60_000 : 5), budget: 1_500 });
    const [dies, lives] = run.readers;
    dies?.go();
    await sleep(300);
    dies?.kill();
    isSlow = false;
    const start = performance.now();
    // Its four places are free when its calls must be over: their budget, two seconds and the window.
    await sleep(3_000);
    lives?.go();
    await lives?.result();
    expect(run.upstream.arrivals.map(({ status }) => status)).toEqual(Array(12).fill(200));
    expect(performance.now() - start).toBeLessThan(1_500 + 2_000 + 1_000 + 1_000 + 500);
  });

  it('take each confirmation once', async ({ onTestFinished }) => {
    const connection = await openRedis(redis.url);
    onTestFinished(connection.close);
    const store = createRedisPendingStore(connection, 'taking');
    const ids = Array.from({ length: 60 }, (_, index) => `id ${index}`);
    const pending = { tool: 'delete_user', args: '1', shown: '2', expected: [], by: 'token' } as const;
    for (const [index, id] of ids.entries()) {
      expect(await store.put(id, { ...pending, caller: `caller ${index % 3}` })).toBe(true);
    }
    const common = { redisUrl: redis.url, replicas: 2, scope: 'taking', what: 'take', ids } as const;
    const racers = await Promise.all(['0', '1'].map((name) => startWorker(worker.path, { ...common, name })));
    for (const racer of racers) racer.go();
    const taken = (await Promise.all(racers.map((racer) => racer.result()))).flatMap(({ taken = [] }) => taken);
    expect(taken.toSorted()).toEqual(ids.toSorted());
  });

  it('spend one budget', async () => {
    const common = { redisUrl: redis.url, replicas: 2, scope: 'spending', what: 'spend' } as const;
    const start = (name: string) =>
      startWorker(worker.path, { ...common, name, attempts: 50, limit: 30, windowMs: 60_000 });
    const spenders = await Promise.all(['0', '1', '2'].map(start));
    for (const spender of spenders) spender.go();
    const spent = (await Promise.all(spenders.map((spender) => spender.result()))).map(({ spent = 0 }) => spent);
    expect(spent.reduce((sum, own) => sum + own)).toBe(30);
  });
});
