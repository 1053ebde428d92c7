import type { PendingStore } from '../../src/call/confirm/pending.ts';
import type { Redis } from '../../src/redis/connect.ts';
import { createRedisPendingStore, type RedisPendingDeps } from '../../src/redis/pending.ts';

/** A store of pending confirmations as each process of one deployment opens it. */
export const openPending = (redis: Redis, scope: string, other: Partial<RedisPendingDeps> = {}): PendingStore =>
  createRedisPendingStore({
    redis,
    scope,
    environment: 'staging',
    key: Buffer.alloc(32, 1),
    now: Date.now,
    log: { warn: () => {} },
    ...other,
  });
