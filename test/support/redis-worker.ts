// Run as a program of its own, several times at once: one server of several that share limits through Redis. What it is
// to do comes as messages, several at once; each has a connection and an identity of its own.
import { Agent, request } from 'node:http';
import { systemClock } from '../../src/clock.ts';
import { createRedisBudgets } from '../../src/redis/budgets.ts';
import { openRedis, type Redis } from '../../src/redis/connect.ts';
import { createSharedWindows } from '../../src/redis/windows.ts';
import type { Reply, Slot } from '../../src/workos/layer.ts';
import { limit } from '../../src/workos/limits/limit.ts';
import { measureLag } from './lag.ts';
import { openPending } from './redis-pending.ts';

export type Orders = {
  readonly name: string;
  readonly redisUrl: string;
  readonly replicas: number;
  readonly scope: string;
} & (
  | {
      readonly what: 'read';
      readonly upstream: string;
      readonly slots: readonly Slot[];
      readonly calls: number;
      readonly atOnce: number;
      /** Milliseconds that each call may take. */
      readonly budget: number;
    }
  | { readonly what: 'take'; readonly ids: readonly string[] }
  | { readonly what: 'spend'; readonly attempts: number; readonly limit: number; readonly windowMs: number }
);

export type Result = {
  readonly statuses?: number[];
  readonly taken?: string[];
  readonly spent?: number;
};

/** To the worker: orders to get ready for, and then, without them, to go. */
export type ToWorker = { readonly id: number; readonly orders?: Orders };
/** From the worker: that it is ready, and then what came of it and by how many milliseconds the machine held it up. */
export type FromWorker = { readonly id: number; readonly result?: Result & { readonly lag: number } };

const { now } = systemClock;
const agent = new Agent({ keepAlive: true });
const going = new Map<number, () => void>();
const tell = (message: FromWorker) => void process.send?.(message);

const get = (url: string, name: string) =>
  new Promise<Reply>((resolve, reject) => {
    const outgoing = request(url, { agent, headers: { 'x-server': name } }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: {}, body: '' }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });

process.on('message', ({ id, orders }: ToWorker) => {
  if (orders === undefined) going.get(id)?.();
  else void carryOut(id, orders);
});

async function carryOut(id: number, orders: Orders): Promise<void> {
  const redis = await openRedis(orders.redisUrl);
  await new Promise<void>((resolve) => {
    going.set(id, resolve);
    tell({ id });
  });
  const lag = measureLag();
  const result = await work(redis, orders);
  await redis.close(); // what was released last is known to the others, too
  tell({ id, result: { ...result, lag: lag() } });
}

async function work(redis: Redis, orders: Orders): Promise<Result> {
  const { name, scope, replicas } = orders;
  const common = { redis, scope, replicas, whenAway: 'share', now } as const;
  switch (orders.what) {
    case 'read': {
      const { upstream, slots, calls, atOnce, budget } = orders;
      const send = limit(systemClock, createSharedWindows(common))(() => get(upstream, name));
      const statuses: number[] = [];
      let left = calls;
      const read = async () => {
        while (left > 0) {
          left -= 1;
          const nothing = { method: 'GET', path: '/', headers: {}, body: undefined } as const;
          const { signal } = new AbortController();
          const context = { signal, deadline: now() + budget, agent: 'a', repeat: 'never', slots } as const;
          statuses.push((await send(nothing, context)).status);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, read));
      return { statuses };
    }
    case 'take': {
      const store = openPending(redis, scope);
      const found = await Promise.all(orders.ids.map(async (id) => ((await store.take(id)) ? [id] : [])));
      return { taken: found.flat() };
    }
    case 'spend': {
      const budgets = createRedisBudgets(common);
      const { attempts, limit, windowMs } = orders;
      const tries = Array.from({ length: attempts }, () => budgets.take('agent', limit, windowMs));
      return { spent: (await Promise.all(tries)).filter(({ ok }) => ok).length };
    }
  }
}
