import type { CancelSignal } from '../cancel/cancel-signal.ts';
import { RefusedError } from '../errors.ts';
import { isFault, TransportError } from './errors.ts';
import type { Context, Layer, Reply } from './layer.ts';

/** How one attempt ended. */
export type AttemptOutcome = { readonly reply: Reply } | { readonly error: TransportError };

const MAX_ATTEMPTS = 4;
/** Milliseconds. */
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 8_000;
const MAX_RETRY_AFTER_MS = 60_000;
const MIN_AFTER_429_MS = 1_000;
/** Milliseconds. With less time left, an attempt would only replace the known error with a timeout. */
const MIN_ATTEMPT_MS = 100;

/**
 * Milliseconds to wait according to a `Retry-After` header in seconds or as an HTTP date. Returns `undefined` for an
 * unusable value. WorkOS has been seen to send 0 with a 429, which cannot mean "now".
 * @param date the current time, as Date.now() gives it
 */
export function askedWait(value: string | undefined, date: number): number | undefined {
  if (value === undefined || value.trim() === '') return undefined;
  const wait = /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - date;
  return wait > 0 && Number.isFinite(wait) ? wait : undefined;
}

/** The same, at most a minute: no window stays closed for longer because of one answer. */
export function retryAfter(value: string | undefined, date: number): number | undefined {
  const wait = askedWait(value, date);
  return wait && Math.min(wait, MAX_RETRY_AFTER_MS);
}

/**
 * Milliseconds to wait before the next attempt, or `undefined` if there must be none. Backoff is exponential with full
 * jitter: a random value between 0 and the bound keeps many callers from retrying together.
 * @param count attempts so far, including this one
 * @param random from 0 to 1
 */
export function retryDelay(
  outcome: AttemptOutcome,
  { count, repeat, random, date }: { count: number; repeat: Context['repeat']; random: number; date: number },
): number | undefined {
  if (count >= MAX_ATTEMPTS) return undefined;
  const backoff = random * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (count - 1));
  if ('error' in outcome) {
    const { sent, final } = outcome.error;
    return !final && (!sent || repeat === 'unknown') ? backoff : undefined;
  }
  const { status, headers, body } = outcome.reply;
  const asked = retryAfter(headers['retry-after'], date);
  if (status === 429) {
    // No call can wait until a daily quota is restored.
    return repeat === 'never' || body.includes('daily_quota_exceeded')
      ? undefined
      : (asked ?? MIN_AFTER_429_MS) + backoff;
  }
  if (isFault(status) && repeat === 'unknown') return asked === undefined ? backoff : asked + backoff;
  return undefined;
}

/** Whether the attempt may have taken effect although WorkOS did not confirm it. */
function isUncertain(outcome: AttemptOutcome): boolean {
  if ('error' in outcome) return outcome.error.sent;
  return isFault(outcome.reply.status);
}

export type RetryDeps = {
  readonly now: () => number;
  readonly date: () => number;
  readonly random: () => number;
  /** Resolves after `ms` milliseconds, or immediately when the signal is aborted. */
  readonly sleep: (ms: number, signal: CancelSignal) => Promise<void>;
};

/** Retries that all calls to one environment have together before an outage stops them. */
const MAX_RETRY_TOKENS = 30;

/**
 * The retries that are left: one comes back with every success and every second. A single call keeps its attempts, while
 * many calls do not multiply their requests in an outage.
 */
function createBudget(now: () => number) {
  let tokens = MAX_RETRY_TOKENS;
  let at = now();
  const add = (count: number) => {
    tokens = Math.min(MAX_RETRY_TOKENS, tokens + count);
  };
  return {
    succeed: () => add(1),
    take: (): boolean => {
      add((now() - at) / 1_000);
      at = now();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}

/**
 * Retries a request where `repeat` allows it, as long as the call's deadline leaves time for the wait and the budget of
 * all calls has a retry left. A 429 takes none: the rate limits hold back what comes after it.
 */
export const retry = ({ now, date, random, sleep }: RetryDeps): Layer => {
  const budget = createBudget(now);
  const isThrottled = (outcome: AttemptOutcome) => 'reply' in outcome && outcome.reply.status === 429;
  return (next) => async (request, context) => {
    let uncertain = false;
    let last: AttemptOutcome | undefined;
    const start = now();
    const end = (outcome: AttemptOutcome, attempts: number) =>
      settle(outcome, { attempts, uncertain, ms: now() - start });
    for (let count = 1; ; count += 1) {
      let outcome: AttemptOutcome;
      try {
        outcome = { reply: await next(request, context) };
      } catch (error) {
        // A refusal by a lower layer does not replace the outcome of an earlier attempt.
        if (error instanceof RefusedError && last !== undefined) return end(last, count - 1);
        if (!(error instanceof TransportError)) throw error;
        outcome = { error };
      }
      if ('reply' in outcome && outcome.reply.status < 400) budget.succeed();
      const wait = retryDelay(outcome, { count, repeat: context.repeat, random: random(), date: date() });
      if (wait === undefined || context.signal.aborted || now() + wait + MIN_ATTEMPT_MS > context.deadline) {
        return end(outcome, count);
      }
      if (!isThrottled(outcome) && !budget.take()) return end(outcome, count);
      uncertain ||= isUncertain(outcome);
      last = outcome;
      await sleep(wait, context.signal);
      if (context.signal.aborted) return end(outcome, count);
    }
  };
};

/**
 * @param uncertain whether an attempt before this outcome may have taken effect
 * @param ms milliseconds that all of them took
 */
function settle(
  outcome: AttemptOutcome,
  { attempts, uncertain, ms }: { readonly attempts: number; readonly uncertain: boolean; readonly ms: number },
): Reply {
  if ('error' in outcome) {
    const { message, sent, final, remedy } = outcome.error;
    throw new TransportError(message, sent || uncertain, { final, attempts, remedy, ms });
  }
  const { status, headers, body } = outcome.reply;
  return { status, headers, body, attempts, uncertain };
}
