import { randomBytes } from 'node:crypto';
import type { Slot } from '../workos/layer.ts';
import type { Place, Shared } from '../workos/limits/limit.ts';
import { ALL_BACK, awayRefusal, type Redis, RedisAway } from './connect.ts';
import { digest, toPrefix } from './script.ts';
import { ACQUIRE, SETTLE } from './windows-script.ts';

/** Milliseconds that a place is held longer than its window, as it is here: WorkOS may count in whole milliseconds. */
const MARGIN = 2;

/** Milliseconds that a place is kept for a server that was told when to ask again, and is late. */
const GRACE = 100;

/** Milliseconds after its deadline by which a call is over: with its server gone, its places are free then. */
const SLACK = 2_000;

/** Places that Redis has to be told of when it is back; the oldest are forgotten first. */
const MAX_OWED = 10_000;

/** Questions for one place, on a new connection each, before this server decides by itself. */
const MAX_ATTEMPTS = 2;

/** A place as Redis has to be told of it. */
type Held = {
  /** When it starts to cool down, at the latest. `undefined` where it is not needed. */
  readonly start: number | undefined;
  readonly pausedUntil: number;
  readonly tell: (held: Held) => Promise<unknown>;
};

/** The windows of rate limits, in Redis. */
export function createSharedWindows(options: {
  readonly redis: Redis;
  /** What has its own limits at WorkOS: one environment's key, or name. */
  readonly scope: string;
  readonly replicas: number;
  readonly whenAway: 'share' | 'refuse';
  /** Milliseconds of the clock that the limit layer has. */
  readonly now: () => number;
}): Shared {
  const { redis, replicas, whenAway, now } = options;
  const prefix = toPrefix('windows', options.scope);
  const server = randomBytes(9).toString('base64url');
  /** What is under way: to be told again when Redis is back, it may have forgotten, or never known. */
  const underWay = new Map<string, Held>();
  const owed = new Map<string, Held>();
  let count = 0;

  function settle(id: string, held: Held, isAgain = false): void {
    held.tell(held).catch(() => {
      if (redis.isUp() && !isAgain) return settle(id, held, true);
      owed.set(id, held);
      for (const oldest of owed.keys()) {
        if (owed.size <= MAX_OWED) break;
        owed.delete(oldest);
      }
    });
  }

  redis.onChange((isUp) => {
    if (!isUp) return;
    const late = [...owed, ...underWay];
    owed.clear();
    for (const [id, held] of late) settle(id, held);
  });

  function toPlace(slots: readonly Slot[], deadline: number): Place {
    count += 1;
    const id = `${server}.${count}`;
    const windows = slots.map(({ name, key, requests, seconds }) => {
      const shown = key === '' || key === '*' ? key : digest(key);
      return { name, key: shown, requests, span: seconds * 1_000 };
    });
    const tell = ({ start, pausedUntil }: Held) => {
      const ends = windows.flatMap(({ name, key, span }) => {
        return [name, key, start === undefined ? 0 : start + span + MARGIN - now()];
      });
      return redis.run(SETTLE, prefix, [id, Math.max(0, pausedUntil - now()), ...ends]);
    };
    const isNeeded: Held = { start: deadline + SLACK, pausedUntil: 0, tell };
    const isNot: Held = { start: undefined, pausedUntil: 0, tell };
    let since = '';
    return {
      ask: async () => {
        for (let attempt = 1; ; attempt += 1) {
          try {
            const lease = Math.max(0, deadline - now()) + SLACK;
            const asked = windows.flatMap(({ name, key, requests, span }) => [name, key, requests, span]);
            const answer = await redis.run(ACQUIRE, prefix, [id, server, since, GRACE, lease, ...asked]);
            if (Array.isArray(answer) && answer.length > 0) {
              const [denied, ms, waits] = answer as [number, number, string]; // as the script says
              since = waits;
              return { denied, ms };
            }
            underWay.set(id, isNeeded);
            return 'granted';
          } catch (error) {
            if (!(error instanceof RedisAway)) throw error;
            // What nobody heard the answer to is taken back before it is asked for again.
            if (error.mayHaveRun) settle(id, isNot);
            if (redis.isUp() && attempt < MAX_ATTEMPTS) continue;
            if (whenAway === 'refuse') throw awayRefusal();
            return 'alone';
          }
        }
      },
      assume: () => {
        owed.delete(id);
        underWay.set(id, isNeeded);
      },
      cool: (start, pause) => {
        underWay.delete(id);
        settle(id, { start, pausedUntil: now() + pause, tell });
      },
      giveBack: () => {
        underWay.delete(id);
        settle(id, isNot);
      },
    };
  }

  return {
    toPlace,
    replicas,
    allBack: ALL_BACK,
    onChange: (listener) => {
      const tell = (isUp: boolean) => {
        // Where nothing is sent while Redis is away, there is nothing to share without it.
        if (isUp || whenAway === 'share') listener(isUp);
      };
      redis.onChange(tell);
      if (!redis.isUp()) tell(false);
    },
  };
}
