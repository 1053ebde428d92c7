import type { Budgets } from '../agents/budgets.ts';
import type { PendingStore } from '../call/confirm/pending.ts';
import type { Environment } from '../catalog/declaration.ts';
import { systemClock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { HttpConfig } from '../settings/config.ts';
import type { Shared } from '../workos/limits/limit.ts';
import { createRedisBudgets } from './budgets.ts';
import { openRedis } from './connect.ts';
import { createRedisPendingStore } from './pending.ts';
import { createSharedWindows } from './windows.ts';

/** What replicas have in common. */
export type SharedStores = {
  readonly windowsOf: (environment: Environment) => Shared;
  readonly budgets: Budgets;
  readonly pending: PendingStore;
  /** Rejects while the others cannot be reached. */
  readonly check: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/**
 * Opens what replicas share, where the settings name a Redis.
 * @param scope the same in all replicas, and no other deployment's
 * @throws StartError for an address that is none, or a login that is refused
 */
export async function openShared(
  { redisUrl, redisAway: whenAway, replicas }: HttpConfig,
  scope: string,
  log: Log,
): Promise<SharedStores | undefined> {
  if (redisUrl === undefined) return undefined;
  const redis = await openRedis(redisUrl, {
    onChange: (isUp, reason) =>
      isUp ? log.info({}, 'Connected to Redis') : log.warn({ reason, whenAway }, 'Redis is unreachable'),
  });
  const { now } = systemClock;
  return {
    // Whoever has the same key counts in the same windows; Redis gets no more than a digest of it.
    windowsOf: ({ apiKey, baseUrl }) =>
      createSharedWindows({ redis, scope: `${baseUrl} ${apiKey}`, replicas, whenAway, now }),
    budgets: createRedisBudgets({ redis, scope, replicas, whenAway, now }),
    pending: createRedisPendingStore(redis, scope),
    check: async () => {
      if (!redis.isUp()) throw new Error('Redis is unreachable');
    },
    close: () => redis.close(),
  };
}
