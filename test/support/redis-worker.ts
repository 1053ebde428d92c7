// Run as a program of its own, several times at once: one server of several that share limits through Redis.
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { systemClock } from '../../src/clock.ts';
import { createRedisBudgets } from '../../src/redis/budgets.ts';
import { openRedis, type Redis } from '../../src/redis/connect.ts';
import { createRedisPendingStore } from '../../src/redis/pending.ts';
import { createSharedWindows } from '../../src/redis/windows.ts';
import type { Reply, Slot } from '../../src/workos/layer.ts';
import { limit } from '../../src/workos/limits/limit.ts';

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

export type Result = { readonly statuses?: number[]; readonly taken?: string[]; readonly spent?: number };

const orders: Orders = JSON.parse(process.argv[2] ?? '');
const { name, redisUrl, replicas, scope } = orders;
const { now } = systemClock;
const agent = new Agent({ keepAlive: true });

const get = (url: string) =>
  new Promise<Reply>((resolve, reject) => {
    const outgoing = request(url, { agent, headers: { 'x-server': name } }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: {}, body: '' }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });

async function main(): Promise<Result> {
  const redis = await openRedis(redisUrl);
  process.stdout.write('ready\n');
  for await (const _ of createInterface(process.stdin)) break;
  const result = await work(redis);
  await redis.close(); // what was released last is known to the others, too
  return result;
}

async function work(redis: Redis): Promise<Result> {
  const common = { redis, scope, replicas, whenAway: 'share', now } as const;
  switch (orders.what) {
    case 'read': {
      const { upstream, slots, calls, atOnce, budget } = orders;
      const send = limit(systemClock, createSharedWindows(common))(() => get(upstream));
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
      const store = createRedisPendingStore(redis, scope);
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

void main().then((result) => {
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit());
});
