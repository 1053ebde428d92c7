import {
  createPendingStore,
  DECLINED_MS,
  MAX_PENDING,
  type Pending,
  type PendingStore,
  pendingMs,
  VIEW_MS,
  type ViewedCall,
} from '../call/confirm/pending.ts';
import { RefusedError } from '../errors.ts';
import { isMac, seal, toMac, unseal } from '../keys.ts';
import type { Log } from '../log.ts';
import { type Redis, RedisAway, toIdempotentScript, toScript } from './connect.ts';
import { digest, PRELUDE, toPrefix } from './script.ts';

/** Arguments: ID, caller, the pending confirmation, its lifetime in milliseconds, the maximum per caller. */
const PUT = toIdempotentScript(`${PRELUDE}
local id, caller = KEYS[1] .. ARGV[1], KEYS[1] .. ARGV[2]
if redis.call('GET', id) == ARGV[2] .. ARGV[3] then return 1 end
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

/** Arguments: name, value, its lifetime in milliseconds. */
const KEEP = toIdempotentScript("redis.call('SET', KEYS[1] .. ARGV[1], ARGV[2], 'PX', ARGV[3]) return 1");
const FIND = toIdempotentScript("return redis.call('GET', KEYS[1] .. ARGV[1]) or ''");

export type RedisPendingDeps = {
  readonly redis: Redis;
  /** Equal in all replicas of a deployment, and different from that of other deployments. */
  readonly scope: string;
  /** Distinguishes the WorkOS environments of a deployment. */
  readonly environment: string;
  /** The key of the MACs, derived from the deployment key. */
  readonly key: Uint8Array;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Pick<Log, 'warn'>;
};

/**
 * Keeps pending confirmations in Redis. An ID is a secret, since it confirms a call: Redis gets only its digest.
 *
 * Another client of that Redis may be able to write to it. So every value carries a MAC over its kind, environment,
 * agent, ID and end: a value that was changed, moved or kept beyond its end counts as absent. A value that is put back
 * or removed has no such mark. So each process also remembers what it took and what was declined at it.
 */
export function createRedisPendingStore(deps: RedisPendingDeps): PendingStore {
  const { redis, scope, environment, key, now, log } = deps;
  const prefix = toPrefix('pending', scope);
  const here = createPendingStore(now);
  const sealKey = Buffer.from(toMac(key, ['the seal of what became of a call']), 'base64url');
  /** The ID and end of each confirmation that was taken here, in the order of taking. */
  const taken = new Map<string, number>();

  async function run(script: Parameters<Redis['run']>[0], ...args: (string | number)[]): Promise<unknown> {
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

  const toValue = (kind: Kind, name: string, content: string, ms: number): string => {
    const until = now() + ms;
    return `${until}.${toMac(key, [kind, environment, name, until, content])}.${content}`;
  };
  /** The content of a value that this deployment wrote for this kind and name, and that has not ended. */
  const toContent = (kind: Kind, name: string, value: unknown): string | undefined => {
    if (typeof value !== 'string' || value === '') return undefined;
    const [, end, mac = '', content = ''] = VALUE.exec(value) ?? [];
    const until = Number(end);
    if (end !== undefined && isMac(key, [kind, environment, name, until, content], mac)) {
      return until > now() ? content : undefined;
    }
    log.warn({ kind }, 'A value in Redis has a wrong MAC and was ignored: another client may have written it');
    return undefined;
  };

  const isTakenHere = (id: string): boolean => {
    for (const [other, until] of taken) {
      if (until > now()) break;
      taken.delete(other);
    }
    return taken.has(id);
  };

  const toCaller = (caller: string) => `by:${digest(caller)}`;
  const toDeclined = (caller: string, call: string) => JSON.stringify([caller, call]);
  return {
    put: async (id, pending) => {
      const ms = pendingMs(pending);
      const value = toValue('pending', id, JSON.stringify(pending), ms);
      return (await run(PUT, digest(id), toCaller(pending.caller), value, ms, MAX_PENDING)) === 1;
    },
    take: async (id) => {
      const found = toContent('pending', id, await run(TAKE, digest(id), toCaller('').length));
      if (found === undefined) return undefined;
      if (isTakenHere(id)) {
        log.warn({ kind: 'pending' }, 'A used confirmation was put back into Redis and was ignored');
        return undefined;
      }
      const pending = JSON.parse(found) as Pending; // its MAC shows that put wrote it
      taken.set(id, now() + VIEW_MS); // the longest, so that the entries stay in the order of their ends
      return pending;
    },
    decline: async (caller, call) => {
      await here.decline(caller, call);
      const name = toDeclined(caller, call);
      await run(KEEP, `no:${digest(name)}`, toValue('declined', name, '', DECLINED_MS), DECLINED_MS);
    },
    isDeclined: async (caller, call) => {
      if (await here.isDeclined(caller, call)) return true; // first, since it holds also while Redis is away
      const name = toDeclined(caller, call);
      const found = await run(FIND, `no:${digest(name)}`);
      return toContent('declined', name, found) !== undefined;
    },
    keep: async (id, call) => {
      // Sealed: other clients of that Redis shall not read what WorkOS answered.
      const value = toValue('viewed', id, seal(sealKey, id, JSON.stringify(call)), VIEW_MS);
      await run(KEEP, `of:${digest(id)}`, value, VIEW_MS);
    },
    find: async (id) => {
      const content = toContent('viewed', id, await run(FIND, `of:${digest(id)}`));
      const opened = content === undefined ? undefined : unseal(sealKey, id, content);
      return opened === undefined ? undefined : (JSON.parse(opened) as ViewedCall); // the seal shows that keep wrote it
    },
  };
}

type Kind = 'pending' | 'declined' | 'viewed';

/** End, MAC and content. */
const VALUE = /^(\d{1,16})\.([\w-]{43})\.(.*)$/s;

/** The store of replicas without a deployment key. It refuses: they could not tell their own values from others. */
export function createKeylessPendingStore(): PendingStore {
  const refuse = async (): Promise<never> => {
    throw new RefusedError(
      'This call needs a confirmation. This server would keep it in Redis, and has no deployment key to protect it there. Nothing was sent to WorkOS. The operator of this server can set --deployment-key-file or --deployment-key-env; you cannot.',
      'no deployment key protects the confirmations in Redis',
    );
  };
  return { put: refuse, take: refuse, decline: refuse, isDeclined: refuse, keep: refuse, find: refuse };
}
