import type { Budgets } from '../agents/budgets.ts';
import type { OnceStore } from '../agents/once.ts';
import type { ApprovalStore } from '../call/confirm/approvals.ts';
import type { PendingStore } from '../call/confirm/pending.ts';
import { systemClock } from '../clock.ts';
import { deriveKey } from '../keys.ts';
import type { Log } from '../log.ts';
import type { Relay } from '../serve/http/calls-in-progress.ts';
import type { HttpConfig } from '../settings/config.ts';
import type { KeyedEnvironment } from '../workos/environment.ts';
import type { Shared } from '../workos/limits/limit.ts';
import { createRedisAnswers } from './answers.ts';
import { createRedisApprovals } from './approvals.ts';
import { createRedisBudgets } from './budgets.ts';
import { openRedis } from './connect.ts';
import { createRedisOnceStore } from './once.ts';
import { createKeylessPendingStore, createRedisPendingStore } from './pending.ts';
import { createSharedWindows } from './windows.ts';

/** The state that replicas share. */
export type SharedStores = {
  readonly windowsOf: (environment: KeyedEnvironment) => Shared;
  readonly budgets: Budgets;
  /** `undefined` without a deployment key. */
  readonly answers: Relay | undefined;
  /** `undefined` without a deployment key. */
  readonly approvals: ApprovalStore | undefined;
  readonly once: OnceStore;
  readonly pendingOf: (environment: KeyedEnvironment) => PendingStore;
  readonly isUp: () => boolean;
  /** Rejects while Redis is unreachable. */
  readonly check: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/**
 * Opens the shared state if the settings name a Redis.
 * @param url its URL, if the settings name one
 * @param deploymentKey protects the confirmations in it
 * @param scope equal in all replicas of a deployment, and different from that of other deployments
 * @throws StartError if the URL is not valid, or if Redis refuses the login
 */
export async function openShared(
  url: string | undefined,
  deploymentKey: Uint8Array | undefined,
  { redisAway: whenAway, replicas }: HttpConfig,
  scope: string,
  log: Log,
): Promise<SharedStores | undefined> {
  if (url === undefined) return undefined;
  const redis = await openRedis(url, {
    onChange: (isUp, reason) =>
      isUp ? log.info({}, 'Connected to Redis') : log.warn({ reason, whenAway }, 'Redis is unreachable'),
  });
  const { now } = systemClock;
  const today = Date.now;
  const key = deploymentKey && deriveKey(deploymentKey, 'confirmations');
  return {
    // Servers with the same API key count in the same windows. Redis gets only a digest of the key.
    windowsOf: ({ apiKey, baseUrl }) =>
      createSharedWindows({ redis, scope: `${baseUrl} ${apiKey}`, replicas, whenAway, now }),
    budgets: createRedisBudgets({ redis, scope, replicas, whenAway, now }),
    answers: deploymentKey && createRedisAnswers({ redis, scope, key: deriveKey(deploymentKey, 'answers'), log }),
    approvals:
      deploymentKey &&
      createRedisApprovals({
        redis,
        scope,
        key: deriveKey(deploymentKey, 'approvals'),
        today,
        clock: systemClock,
        log,
      }),
    once: createRedisOnceStore({ redis, scope, today }),
    pendingOf: ({ apiKey, baseUrl }) =>
      key === undefined
        ? createKeylessPendingStore()
        : createRedisPendingStore({ redis, scope, environment: `${baseUrl} ${apiKey}`, key, now: today, log }),
    isUp: redis.isUp,
    check: async () => {
      if (!redis.isUp()) throw new Error('Redis is unreachable');
    },
    close: () => redis.close(),
  };
}
