import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, type TestContext, vi } from 'vitest';
import { openRedis } from '../src/redis/connect.ts';
import { measureLag } from './support/lag.ts';
import {
  bundleWorker,
  describeWithRedis,
  type RedisServer,
  startRedis,
  startStrictUpstream,
  startWorker,
  type Worker,
} from './support/redis.ts';
import { openPending } from './support/redis-pending.ts';

const DIRECTORY = [
  { name: 'general', requests: 6_000, seconds: 60, key: '' },
  { name: 'directory_users', requests: 4, seconds: 1, key: 'directory_1' },
];

// Tests beside each other, the longest first: they mostly wait for the limit, each under a scope of its own.
describeWithRedis('two processes', { concurrent: true }, () => {
  let redis: RedisServer;
  let script: Awaited<ReturnType<typeof bundleWorker>>;
  let workers: [Worker, Worker];
  beforeAll(async () => {
    [redis, script] = await Promise.all([startRedis(), bundleWorker()]);
    workers = [startWorker(script.path), startWorker(script.path)];
  });
  afterAll(async () => {
    await Promise.all(workers?.map((worker) => worker.kill()) ?? []);
    script?.remove();
    await redis?.kill();
  });

  let count = 0;
  /** Readers of the same directory, one on each worker. */
  async function startReaders(
    { onTestFinished }: TestContext,
    calls: readonly number[],
    { atOnce = 4, latency = (): number => 5, server = redis, on = workers, budgets = [30_000, 30_000] } = {},
  ) {
    count += 1;
    const scope = `reading ${count}`;
    const upstream = await startStrictUpstream(4, 1_000, latency);
    onTestFinished(upstream.close);
    const orders = { what: 'read', redisUrl: server.url, replicas: 2, slots: DIRECTORY, scope, atOnce } as const;
    const readers = await Promise.all(
      on.map((worker, index) =>
        worker.prepare({
          ...orders,
          name: String(index),
          upstream: upstream.url,
          calls: calls[index] ?? 0,
          budget: budgets[index] ?? 0,
        }),
      ),
    );
    /** Resolves once so many calls have arrived. */
    const arrived = (calls: number) =>
      vi.waitUntil(() => upstream.arrivals.length >= calls, { timeout: 15_000, interval: 5 });
    return { upstream, readers, arrived, lag: measureLag() };
  }

  /**
   * @returns milliseconds from the first arrival to the last, and those among them at most in which the machine was busy
   * with something else
   */
  async function finish({ upstream, readers, lag }: Awaited<ReturnType<typeof startReaders>>) {
    const results = await Promise.all(readers.map(({ result }) => result));
    const times = upstream.arrivals.map(({ at }) => at);
    const held = results.reduce((sum, result) => sum + result.lag, lag());
    return { took: Math.max(...times) - Math.min(...times), held };
  }

  it.for([
    ['hangs for three seconds', 'hang', 3_000],
    ['is killed, and back after two seconds', 'kill', 2_000],
    ['is killed, and back at once', 'kill', 0],
  ] as const)('go on without a 429 when Redis %s', async ([, what, ms], context) => {
    const server = await startRedis();
    context.onTestFinished(server.kill);
    const run = await startReaders(context, [14, 14], { server });
    for (const reader of run.readers) reader.go();
    await run.arrived(8);
    await sleep(450); // between two rounds
    const gone = performance.now();
    if (what === 'kill') await server.kill();
    else server.signal('SIGSTOP');
    await sleep(ms);
    // Calls went on in between.
    if (ms > 0) await run.arrived(9);
    if (what === 'kill') await server.restart();
    else server.signal('SIGCONT');
    const away = performance.now() - gone;
    const { took, held } = await finish(run);
    expect(run.upstream.arrivals.map(({ status }) => status)).toEqual(Array(28).fill(200));
    expect(took - held).toBeLessThan(6_000 + away + 2_000);
  });

  it('go on when one of them dies with calls under way', async (context) => {
    let isSlow = true;
    const latency = () => (isSlow ? 60_000 : 5);
    const dying = startWorker(script.path);
    const on = [dying, workers[0]] as [Worker, Worker];
    const run = await startReaders(context, [4, 8], { latency, on, budgets: [1_500, 30_000] });
    const [dies, lives] = run.readers;
    dies?.go();
    await run.arrived(4);
    await dying.kill();
    isSlow = false;
    lives?.go();
    const { lag = 0 } = (await lives?.result) ?? {};
    expect(run.upstream.arrivals.map(({ status }) => status)).toEqual(Array(12).fill(200));
    // Its four places are free when its calls must be over: their budget, two seconds and the window.
    const [last = 0, next = 0] = run.upstream.arrivals.slice(3, 5).map(({ at }) => at);
    expect(next - last - lag - run.lag()).toBeLessThan(1_500 + 2_000 + 1_000 + 500);
  });

  it.for([
    ['each page after page', 10, 1],
    ['each four pages at once', 10, 4],
  ] as const)('reading one directory together, %s, keep its 4 per second', async ([, calls, atOnce], context) => {
    const run = await startReaders(context, [calls, calls], { atOnce });
    for (const reader of run.readers) reader.go();
    const { took, held } = await finish(run);
    const { arrivals } = run.upstream;
    expect(arrivals.map(({ status }) => status)).toEqual(Array(2 * calls).fill(200));
    expect(took - held).toBeLessThan((calls / 2 - 1) * 1_000 * 1.1);
    // Both of them have a turn, in each round or the next.
    for (const name of ['0', '1']) {
      const own = arrivals.flatMap(({ server }, index) => (server === name ? [index] : []));
      for (const [turn, index] of own.entries()) if (turn > 0) expect(index - (own[turn - 1] ?? 0)).toBeLessThan(3 * 4);
    }
  });

  it('take each confirmation once', async ({ onTestFinished }) => {
    const connection = await openRedis(redis.url);
    onTestFinished(connection.close);
    const store = openPending(connection, 'taking');
    const ids = Array.from({ length: 60 }, (_, index) => `id ${index}`);
    const pending = { tool: 'delete_user', args: '1', shown: '2', expected: [], by: 'token' } as const;
    for (const [index, id] of ids.entries()) {
      expect(await store.put(id, { ...pending, caller: `caller ${index % 3}` })).toBe(true);
    }
    const common = { redisUrl: redis.url, replicas: 2, scope: 'taking', what: 'take', ids } as const;
    const racers = await Promise.all(workers.map((worker, index) => worker.prepare({ ...common, name: `${index}` })));
    for (const racer of racers) racer.go();
    const taken = (await Promise.all(racers.map(({ result }) => result))).flatMap(({ taken = [] }) => taken);
    expect(taken.toSorted()).toEqual(ids.toSorted());
  });

  it('spend one budget', async () => {
    const common = { redisUrl: redis.url, replicas: 2, scope: 'spending', what: 'spend' } as const;
    const orders = { ...common, attempts: 50, limit: 30, windowMs: 60_000 };
    const all = [...workers, workers[0]];
    const spenders = await Promise.all(all.map((worker, index) => worker.prepare({ ...orders, name: `${index}` })));
    for (const spender of spenders) spender.go();
    const spent = (await Promise.all(spenders.map(({ result }) => result))).map(({ spent = 0 }) => spent);
    expect(spent.reduce((sum, own) => sum + own)).toBe(30);
  });
});
