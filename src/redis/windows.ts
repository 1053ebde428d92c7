import { randomBytes } from 'node:crypto';
import type { Slot } from '../workos/layer.ts';
import type { Shared, WindowPlace } from '../workos/limits/limit.ts';
import { ALL_RECONNECTED_MS, awayRefusal, type Redis, RedisAway } from './connect.ts';
import { digest, toPrefix } from './script.ts';
import { ACQUIRE, SETTLE } from './windows-script.ts';

/** Milliseconds that a place is held longer than its window, as in the local windows: WorkOS may count in whole ms. */
const MARGIN_MS = 2;

/** Milliseconds that a place stays reserved for a server that retries late. */
const LATE_GRACE_MS = 100;

/**
 * Milliseconds after its deadline by which a call is certainly over. If its server died, its places become free then.
 */
const DEADLINE_SLACK_MS = 2_000;

/** Places kept for reporting once Redis is back. The oldest are dropped first. */
const MAX_UNREPORTED_SLOTS = 10_000;

/** Attempts to get one place, each on a new connection, before this server falls back to its share. */
const MAX_ATTEMPTS = 2;

/** The state of a place, as reported to Redis. */
type Held = {
  /** The latest time at which it starts to cool down. `undefined` if it is not needed. */
  readonly start: number | undefined;
  readonly pausedUntil: number;
  readonly report: (held: Held) => Promise<unknown>;
};

/** Keeps the windows of rate limits in Redis. */
export function createSharedWindows(options: {
  readonly redis: Redis;
  /** Identifies what has its own limits at WorkOS: the key or the name of an environment. */
  readonly scope: string;
  readonly replicas: number;
  readonly whenAway: 'share' | 'refuse';
  /** Milliseconds of the limit layer's clock. */
  readonly now: () => number;
}): Shared {
  const { redis, replicas, whenAway, now } = options;
  const prefix = toPrefix('windows', options.scope);
  const server = randomBytes(9).toString('base64url');
  /** Places in flight. They are reported again when Redis is back, as it may have lost them or never received them. */
  const inFlight = new Map<string, Held>();
  const owed = new Map<string, Held>();
  let count = 0;

  function settle(id: string, held: Held, isAgain = false): void {
    held.report(held).catch(() => {
      if (redis.isUp() && !isAgain) return settle(id, held, true);
      owed.set(id, held);
      for (const oldest of owed.keys()) {
        if (owed.size <= MAX_UNREPORTED_SLOTS) break;
        owed.delete(oldest);
      }
    });
  }

  redis.onChange((isUp) => {
    if (!isUp) return;
    const late = [...owed, ...inFlight];
    owed.clear();
    for (const [id, held] of late) settle(id, held);
  });

  function toPlace(slots: readonly Slot[], deadline: number): WindowPlace {
    count += 1;
    const id = `${server}.${count}`;
    const windows = slots.map(({ name, key, requests, seconds }) => {
      const shown = key === '' || key === '*' ? key : digest(key);
      return { name, key: shown, requests, span: seconds * 1_000 };
    });
    const report = ({ start, pausedUntil }: Held) => {
      const ends = windows.flatMap(({ name, key, span }) => {
        return [name, key, start === undefined ? 0 : start + span + MARGIN_MS - now()];
      });
      return redis.run(SETTLE, prefix, [id, Math.max(0, pausedUntil - now()), ...ends]);
    };
    const needed: Held = { start: deadline + DEADLINE_SLACK_MS, pausedUntil: 0, report };
    const notNeeded: Held = { start: undefined, pausedUntil: 0, report };
    let since = '';
    return {
      ask: async () => {
        for (let attempt = 1; ; attempt += 1) {
          try {
            const lease = Math.max(0, deadline - now()) + DEADLINE_SLACK_MS;
            const asked = windows.flatMap(({ name, key, requests, span }) => [name, key, requests, span]);
            const answer = await redis.run(ACQUIRE, prefix, [id, server, since, LATE_GRACE_MS, lease, ...asked]);
            if (Array.isArray(answer) && answer.length > 0) {
              const [denied, ms, waits] = answer as [number, number, string]; // as the script says
              since = waits;
              return { denied, ms };
            }
            inFlight.set(id, needed);
            return 'granted';
          } catch (error) {
            if (!(error instanceof RedisAway)) throw error;
            // Redis may have granted the place although its answer was lost: give it back before the next attempt.
            if (error.mayHaveRun) settle(id, notNeeded);
            if (redis.isUp() && attempt < MAX_ATTEMPTS) continue;
            if (whenAway === 'refuse') throw awayRefusal();
            return 'alone';
          }
        }
      },
      assume: () => {
        owed.delete(id);
        inFlight.set(id, needed);
      },
      cool: (start, pause) => {
        inFlight.delete(id);
        settle(id, { start, pausedUntil: now() + pause, report });
      },
      giveBack: () => {
        inFlight.delete(id);
        settle(id, notNeeded);
      },
    };
  }

  return {
    toPlace,
    replicas,
    allBack: ALL_RECONNECTED_MS,
    onChange: (listener) => {
      const notify = (isUp: boolean) => {
        // With `refuse` no request is sent while Redis is unreachable, so there are no shares.
        if (isUp || whenAway === 'share') listener(isUp);
      };
      redis.onChange(notify);
      if (!redis.isUp()) notify(false);
    },
  };
}
