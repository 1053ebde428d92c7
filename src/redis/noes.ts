import { isSpent, merge, NO_NOES, type Noes, withLift, withNo } from '../call/confirm/noes.ts';
import { RefusedError } from '../errors.ts';
import { seal, unseal } from '../keys.ts';
import { type Script, toIdempotentScript } from './connect.ts';
import { digest } from './script.ts';

const READ = toIdempotentScript("return redis.call('HGET', KEYS[1] .. 'noes', ARGV[1]) or ''");
const READ_ALL = toIdempotentScript("return redis.call('HGETALL', KEYS[1] .. 'noes')");
/** Arguments: caller, the value as it was read, the value in its place; none removes it. */
const REPLACE = toIdempotentScript(`
local key = KEYS[1] .. 'noes'
local found = redis.call('HGET', key, ARGV[1]) or ''
if found == ARGV[3] then return 1 end
if found ~= ARGV[2] then return 0 end
if ARGV[3] == '' then redis.call('HDEL', key, ARGV[1]) else redis.call('HSET', key, ARGV[1], ARGV[3]) end
return 1`);

/** Milliseconds for which a lift is kept, since a replica may remember the hold that it ended. */
const LIFT_KEPT_MS = 30 * 86_400_000;
/** Times that a change begins anew because another replica made one in between. */
const MAX_ATTEMPTS = 10;

export type RedisNoesDeps = {
  /** Throws RefusedError while Redis is unreachable. */
  readonly run: (script: Script, ...args: (string | number)[]) => Promise<unknown>;
  readonly key: Uint8Array;
  /** Milliseconds since 1970. */
  readonly today: () => number;
  readonly warn: () => void;
};

/**
 * The noes of each caller, sealed for it. What this process has seen counts as well: a hold that another client of that
 * Redis removes stays, and is written anew. Only a later lift ends it, which that client cannot write.
 */
export function createRedisNoes({ run, key, today, warn }: RedisNoesDeps) {
  const here = new Map<string, Noes>();
  const contextOf = (name: string) => JSON.stringify(['noes', name]);

  function open(name: string, value: string): { readonly caller: string; readonly noes: Noes } | undefined {
    const text = value === '' ? undefined : unseal(key, contextOf(name), value);
    if (text === undefined && value !== '') warn();
    return text === undefined ? undefined : JSON.parse(text); // the seal shows that this deployment wrote it
  }
  const remember = (caller: string, noes: Noes) => {
    here.set(caller, noes);
    for (const [other, own] of here) if (isSpent(own, today())) here.delete(other);
  };
  const known = (caller: string, found: Noes | undefined) => merge(found ?? NO_NOES, here.get(caller) ?? NO_NOES);

  /** Changes what all know together, and returns it. */
  async function change(caller: string, toNext: (noes: Noes) => Noes): Promise<Noes> {
    const name = digest(caller);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const value = String(await run(READ, name));
      const found = open(name, value)?.noes;
      const next = toNext(known(caller, found));
      const isSame = JSON.stringify(next) === JSON.stringify(found ?? NO_NOES);
      const sealed = () => seal(key, contextOf(name), JSON.stringify({ caller, noes: next }));
      if (isSame || (await run(REPLACE, name, value, sealed())) === 1) {
        remember(caller, next);
        return next;
      }
    }
    throw new RefusedError(
      'This server could not change what it keeps of your calls in Redis, since other servers did at the same time. Nothing was sent to WorkOS. Try again.',
      'what Redis holds of this agent was changed by others',
    );
  }

  async function all(): Promise<readonly (readonly [name: string, value: string])[]> {
    const texts = [await run(READ_ALL)].flat().map(String);
    return texts.flatMap((name, index) => (index % 2 === 0 ? [[name, texts[index + 1] ?? ''] as const] : []));
  }

  async function dropSpent(): Promise<void> {
    for (const [name, value] of await all()) {
      const found = open(name, value)?.noes;
      if (found !== undefined && isSpent(found, today(), LIFT_KEPT_MS)) await run(REPLACE, name, value, '');
    }
  }

  return {
    /** Callers of whom this process remembers noes. */
    count: () => here.size,
    countNo: async (caller: string): Promise<void> => {
      try {
        await dropSpent();
        await change(caller, (noes) => withNo(noes, today()));
      } catch (error) {
        remember(caller, withNo(here.get(caller) ?? NO_NOES, today())); // it counts here at least
        throw error;
      }
    },
    isHeld: async (caller: string): Promise<boolean> => (await change(caller, (noes) => noes)).isHeld,
    heldCallers: async (): Promise<readonly string[]> => {
      const found = new Map((await all()).flatMap(([name, value]) => toPair(open(name, value))));
      const callers = new Set([...found.keys(), ...here.keys()]);
      return [...callers].filter((caller) => known(caller, found.get(caller)).isHeld);
    },
    lift: async (caller: string): Promise<void> => {
      await change(caller, (noes) => withLift(noes, today()));
    },
  };
}

const toPair = (opened: { readonly caller: string; readonly noes: Noes } | undefined) =>
  opened === undefined ? [] : [[opened.caller, opened.noes] as const];
