import type { JSONRPCResponse } from '@modelcontextprotocol/server';
import { PENDING_MS } from '../call/confirm/pending.ts';
import { seal, unseal } from '../keys.ts';
import type { Log } from '../log.ts';
import type { Relay } from '../serve/http/calls-in-progress.ts';
import { type Redis, type Script, toIdempotentScript, unlessAway } from './connect.ts';
import { digest, toPrefix } from './script.ts';

/** Arguments: question, call, milliseconds for which the question is expected to be answered from now on. */
const EXPECT = toIdempotentScript(`
redis.call('SET', KEYS[1] .. 'q:' .. ARGV[1], '1', 'PX', ARGV[3])
return { redis.call('GET', KEYS[1] .. 'a:' .. ARGV[1]) or '', redis.call('GET', KEYS[1] .. 'c:' .. ARGV[2]) or '' }`);
const FORGET = toIdempotentScript("return redis.call('DEL', KEYS[1] .. 'q:' .. ARGV[1], KEYS[1] .. 'a:' .. ARGV[1])");
/** Arguments: call, cancellation, milliseconds. */
const CANCEL = toIdempotentScript("redis.call('SET', KEYS[1] .. 'c:' .. ARGV[1], ARGV[2], 'PX', ARGV[3]) return 1");
/** Arguments: question, answer, milliseconds. Only the first answer is kept. */
const PASS = toIdempotentScript(`
local question, answer = KEYS[1] .. 'q:' .. ARGV[1], KEYS[1] .. 'a:' .. ARGV[1]
if redis.call('GET', answer) == ARGV[2] then return 1 end
if redis.call('EXISTS', question) == 0 then return 0 end
return redis.call('SET', answer, ARGV[2], 'NX', 'PX', ARGV[3]) and 1 or 0`);

/** Milliseconds between two looks for an answer. A person takes seconds, so that polling does not slow them down. */
const POLL_MS = 500;
/**
 * Milliseconds that a question is expected to be answered after each look of the replica that asked, and that a
 * cancellation waits for it. So what a replica expected that has died is refused soon.
 */
const EXPECTED_MS = 20 * POLL_MS;
/** Characters. A person types the end of an ID. */
const MAX_ANSWER_CHARS = 16_384;

export type RedisAnswersDeps = {
  readonly redis: Redis;
  readonly scope: string;
  /** The key of the seals, derived from the deployment key. */
  readonly key: Uint8Array;
  readonly log: Pick<Log, 'warn'>;
  readonly pollMs?: number;
};

/**
 * Brings the answers of persons to the replica that asked. Redis gets them sealed for their question: another client of
 * that Redis can neither read nor write one.
 */
export function createRedisAnswers({ redis, scope, key, log, pollMs = POLL_MS }: RedisAnswersDeps): Relay {
  const prefix = toPrefix('answers', scope);
  // While Redis is unreachable no answer comes from another replica, and the question stays open here.
  const run = (script: Script, ...args: (string | number)[]) => redis.run(script, prefix, args).catch(unlessAway);
  return {
    // Each look expects the answer anew, so that one is taken again after Redis was away.
    expect: ({ question, call }, { answer, cancel }) => {
      const name = digest(question);
      let isOver = false;
      let timer: NodeJS.Timeout | undefined;
      const look = async (): Promise<void> => {
        const [found = '', cancelled = ''] = [await run(EXPECT, name, digest(call), EXPECTED_MS)]
          .flat()
          .map((value) => String(value ?? ''));
        if (isOver) return;
        if (unseal(key, toCancelled(call), cancelled) !== undefined) return cancel();
        if (found !== '') {
          const text = unseal(key, question, found);
          if (text !== undefined) return answer(JSON.parse(text) as JSONRPCResponse); // the seal shows that pass wrote it
          log.warn(
            { kind: 'answers' },
            'A value in Redis has a wrong MAC and was ignored: another client may have written it',
          );
          await run(FORGET, name);
        }
        if (!isOver) timer = setTimeout(look, pollMs);
      };
      return {
        ready: look(),
        stop: () => {
          isOver = true;
          clearTimeout(timer);
          void run(FORGET, name);
        },
      };
    },
    pass: async (question, response) => {
      const text = JSON.stringify(response);
      if (text.length > MAX_ANSWER_CHARS) return 'too long';
      const passed = await run(PASS, digest(question), seal(key, question, text), PENDING_MS);
      if (passed === undefined) return 'away';
      return passed === 1 ? 'taken' : 'not asked';
    },
    passCancel: async (call) => {
      await run(CANCEL, digest(call), seal(key, toCancelled(call), ''), EXPECTED_MS);
    },
  };
}

const toCancelled = (call: string): string => `cancelled ${call}`;
