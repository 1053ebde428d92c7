import { DECLINED_MS, MAX_PENDING, PENDING_MS, type Pending, type PendingStore } from '../call/confirm/pending.ts';
import { RefusedError } from '../errors.ts';
import { type Redis, RedisAway, toScript } from './connect.ts';
import { digest, PRELUDE, toPrefix } from './script.ts';

/** Arguments: ID, caller, the pending confirmation, its lifetime in milliseconds, the maximum per caller. */
const PUT = toScript(`${PRELUDE}
local id, caller = KEYS[1] .. ARGV[1], KEYS[1] .. ARGV[2]
redis.call('ZREMRANGEBYSCORE', caller, '-inf', now)
if redis.call('ZCARD', caller) >= tonumber(ARGV[5]) then return 0 end
if not redis.call('SET', id, ARGV[2] .. ARGV[3], 'NX', 'PX', ARGV[4]) then return 0 end
redis.call('ZADD', caller, now + ARGV[4], ARGV[1])
keep(caller, ARGV[4])
return 1`);

/** Arguments: ID, length of the caller's key. */
const TAKE = toScript(`
local found = redis.call('GET', KEYS[1] .. ARGV[1])
if not found then return '' end
redis.call('DEL', KEYS[1] .. ARGV[1])
redis.call('ZREM', KEYS[1] .. found:sub(1, ARGV[2]), ARGV[1])
return found:sub(ARGV[2] + 1)`);

const DECLINE = toScript("redis.call('SET', KEYS[1] .. ARGV[1], '1', 'PX', ARGV[2]) return 1");
const IS_DECLINED = toScript("return redis.call('EXISTS', KEYS[1] .. ARGV[1])");

/** Keeps pending confirmations in Redis. An ID is a secret, since it confirms a call: Redis gets only its digest. */
export function createRedisPendingStore(redis: Redis, scope: string): PendingStore {
  const prefix = toPrefix('pending', scope);
  const run = (...[script, ...args]: Parameters<typeof runIn>) => runIn(script, ...args);
  async function runIn(script: Parameters<Redis['run']>[0], ...args: (string | number)[]): Promise<unknown> {
    try {
      return await redis.run(script, prefix, args);
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error;
      throw new RefusedError(
        'This call needs a confirmation. This server keeps confirmations in Redis and cannot reach it. Nothing was sent to WorkOS. Try again in a minute. If the error persists, tell the operator of this server.',
        'Redis, which holds the confirmations, is unreachable',
      );
    }
  }
  const toCaller = (caller: string) => `by:${digest(caller)}`;
  const toDeclined = (caller: string, call: string) => `no:${digest(JSON.stringify([caller, call]))}`;
  return {
    put: async (id, pending) =>
      (await run(PUT, digest(id), toCaller(pending.caller), JSON.stringify(pending), PENDING_MS, MAX_PENDING)) === 1,
    take: async (id) => {
      const found = await run(TAKE, digest(id), toCaller('').length);
      return typeof found === 'string' && found !== '' ? (JSON.parse(found) as Pending) : undefined; // what put wrote
    },
    decline: async (caller, call) => void (await run(DECLINE, toDeclined(caller, call), DECLINED_MS)),
    isDeclined: async (caller, call) => (await run(IS_DECLINED, toDeclined(caller, call))) === 1,
  };
}
