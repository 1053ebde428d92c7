import { type Budgets, createLedger, noBudget, takeHere } from '../agents/budgets.ts';
import { awayRefusal, type Redis, RedisAway, toIdempotentScript, toScript } from './connect.ts';
import { digest, PRELUDE, toPrefix } from './script.ts';

/** Arguments: budget, limit, window in milliseconds, an ID, then ID and age of each unit that Redis may have missed. */
const TAKE = toScript(`${PRELUDE}
local key, limit, window = KEYS[1] .. ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
for index = 5, #ARGV, 2 do redis.call('ZADD', key, now - ARGV[index + 1], ARGV[index]) end
local wait = 0
local count = redis.call('ZCARD', key)
if count < limit then
  redis.call('ZADD', key, now, ARGV[4])
else
  local free = redis.call('ZRANGE', key, count - limit, count - limit, 'WITHSCORES')
  wait = math.max(1, math.ceil(free[2] + window - now))
end
keep(key, window)
return wait`);

/** Arguments: budget, window in milliseconds, then the IDs of units that Redis may have missed. */
const PEEK = toIdempotentScript(`${PRELUDE}
local key, window = KEYS[1] .. ARGV[1], tonumber(ARGV[2])
local count = redis.call('ZCOUNT', key, '(' .. (now - window), '+inf')
for index = 3, #ARGV do
  if not redis.call('ZSCORE', key, ARGV[index]) then count = count + 1 end
end
return count`);

/**
 * Budgets that all servers on the same Redis share. While Redis is unreachable, each server grants only its share of a
 * budget and counts what it granted before. It reports these units to Redis with its next request.
 */
export function createRedisBudgets(options: {
  readonly redis: Redis;
  readonly scope: string;
  readonly replicas: number;
  readonly whenAway: 'share' | 'refuse';
  readonly now: () => number;
}): Budgets {
  const { redis, scope, replicas, whenAway, now } = options;
  const prefix = toPrefix('budget', scope);
  const server = crypto.randomUUID();
  const ledger = createLedger(now);
  let count = 0;
  return {
    take: async (key, limit, windowMs) => {
      const taken = ledger.begin(key, windowMs);
      if (taken === undefined) return noBudget(windowMs);
      const { owed } = taken;
      taken.owed = [];
      count += 1;
      const id = `${server}:${count}`;
      try {
        const late = owed.flatMap(({ id, at }) => [id, now() - at]);
        const wait = await redis.run(TAKE, prefix, [digest(key), limit, windowMs, id, ...late]);
        if (Number(wait) > 0) return { ok: false, retryAfterMs: Number(wait) };
        taken.at.push(now());
        return { ok: true };
      } catch (error) {
        taken.owed = [...owed, ...taken.owed];
        if (!(error instanceof RedisAway)) throw error;
        if (whenAway === 'refuse') throw awayRefusal();
        const result = takeHere(taken, Math.max(1, Math.floor(limit / replicas)), now());
        if (result.ok) taken.owed.push({ id, at: now() }); // the same ID, as Redis may have received the command
        return result;
      }
    },
    peek: async (key, windowMs) => {
      const owed = ledger.find(key)?.owed.map(({ id }) => id) ?? [];
      try {
        return Number(await redis.run(PEEK, prefix, [digest(key), windowMs, ...owed]));
      } catch (error) {
        if (error instanceof RedisAway) return undefined;
        throw error;
      }
    },
  };
}
