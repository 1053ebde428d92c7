import { createOnceStore, type OnceStore } from '../agents/once.ts';
import { RefusedError } from '../errors.ts';
import { type Redis, RedisAway, type Script, toIdempotentScript, toScript } from './connect.ts';
import { digest, toPrefix } from './script.ts';

/** Arguments: ID, milliseconds. */
const USE = toScript("return redis.call('SET', KEYS[1] .. ARGV[1], '1', 'NX', 'PX', ARGV[2]) and 1 or 0");
const IS_USED = toIdempotentScript("return redis.call('EXISTS', KEYS[1] .. ARGV[1])");

export type RedisOnceDeps = {
  readonly redis: Redis;
  readonly scope: string;
  /** Milliseconds since 1970. */
  readonly today: () => number;
};

/**
 * Remembers in Redis what was used, and here what was used here: another client of that Redis that removes an ID cannot
 * have it used again at the same server. One that adds an ID takes a link away, or ends a session.
 */
export function createRedisOnceStore({ redis, scope, today }: RedisOnceDeps): OnceStore {
  const prefix = toPrefix('once', scope);
  const here = createOnceStore(today);
  async function run(script: Script, ...args: (string | number)[]): Promise<boolean> {
    try {
      return (await redis.run(script, prefix, args)) === 1;
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error;
      throw new RefusedError(
        'This server keeps used links and ended sessions in Redis and cannot reach it. Try again in a minute. If the error persists, tell the operator of this server.',
        'Redis, which holds the ended sessions, is unreachable',
      );
    }
  }
  return {
    use: async (id, until) => {
      const isFirst = await run(USE, digest(id), Math.max(1, Math.ceil(until - today())));
      return (await here.use(id, until)) && isFirst;
    },
    isUsed: async (id) => (await here.isUsed(id)) || (await run(IS_USED, digest(id))),
  };
}
