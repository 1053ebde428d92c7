import { RefusedError, TransportError } from '../errors.ts';
import type { Context, Layer } from './pipeline.ts';
import { createQueue, type Wait } from './queue.ts';
import { retryAfter } from './retry.ts';
import type { Call } from './windows.ts';

export type Clock = {
  /** Milliseconds; only goes forward. */
  readonly now: () => number;
  /** The time of day as Date.now() gives it, for what servers date. */
  readonly date: () => number;
  /** Calls back once after so many milliseconds, give or take a few. Returns what cancels it. */
  readonly setTimer: (callback: () => void, ms: number) => () => void;
};

/** Milliseconds; above it, setTimeout fires at once. */
const MAX_TIMER = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  setTimer: (callback, ms) => {
    const timer = setTimeout(callback, Math.min(Math.ceil(ms), MAX_TIMER)).unref();
    return () => clearTimeout(timer);
  },
};

/** Milliseconds that a request may still be under way when it was given up here without an answer. */
const ON_THE_WAY = 500;

/** Milliseconds that a 429 shuts its window when it does not say how long. */
const PAUSE = 1_000;

/**
 * Keeps the documented limits as requests arrive at WorkOS, not as they leave: requests that leave apart can arrive
 * together, so a place is free again one window after its answer came.
 */
export function limit(clock: Clock): Layer {
  const queue = createQueue();
  const waiting = new Map<Call, () => void>();
  const unset = { at: Number.POSITIVE_INFINITY, cancel: () => {} };
  let timer = unset;

  const wake = (at: number) => {
    if (waiting.size === 0 || at >= timer.at) return;
    timer.cancel();
    timer = { at, cancel: clock.setTimer(pump, at - clock.now()) };
  };
  const pump = () => {
    timer.cancel();
    timer = unset;
    const now = clock.now();
    for (const call of queue.admit(now)) waiting.get(call)?.();
    wake(queue.nextChange(now));
  };

  const enter = async ({ slots, agent, deadline, signal }: Context): Promise<Call> => {
    if (signal.aborted) throw cancelled();
    if (clock.now() >= timer.at) pump();
    const now = clock.now();
    const call = queue.toCall(slots, agent);
    if (queue.take(call, now)) return call;
    const wait = queue.estimate(call, now);
    if (now + wait.ms > deadline) throw refused(wait);

    return new Promise((resolve, reject) => {
      const leave = () => {
        waiting.delete(call);
        stopTimer();
        signal.removeEventListener('abort', onAbort);
      };
      const giveUp = (error: Error) => {
        leave();
        queue.leave(call);
        reject(error);
        pump();
      };
      const onAbort = () => giveUp(cancelled());
      const onTimer = () => {
        const late = clock.now();
        if (late >= deadline) giveUp(refused(queue.estimate(call, late)));
        else stopTimer = clock.setTimer(onTimer, deadline - late);
      };
      let stopTimer = clock.setTimer(onTimer, deadline - now);
      signal.addEventListener('abort', onAbort);
      waiting.set(call, () => {
        leave();
        resolve(call);
      });
      wake(queue.wait(call, now));
    });
  };

  return (next) => async (request, context) => {
    if (context.slots.length === 0) return next(request, context);
    const call = await enter(context);
    try {
      const reply = await next(request, context);
      const now = clock.now();
      if (reply.status === 429) {
        queue.shut(call, now + (retryAfter(reply.headers['retry-after'], clock.date()) ?? PAUSE));
      }
      wake(queue.cool(call, now, now));
      return reply;
    } catch (error) {
      if (error instanceof RefusedError || (error instanceof TransportError && !error.sent)) {
        queue.giveBack(call);
        pump();
      } else {
        const now = clock.now();
        wake(queue.cool(call, now + ON_THE_WAY, now));
      }
      throw error;
    }
  };
}

const cancelled = () => new TransportError('the call was cancelled', false);

function refused({ ms, limit: { name, requests, seconds } }: Wait): RefusedError {
  const allowed = `${amount(requests, 'request')} per ${seconds === 1 ? 'second' : amount(seconds, 'second')}`;
  const wait = amount(Math.max(1, Math.ceil(ms / 1000)), 'second');
  return new RefusedError(
    `WorkOS allows ${allowed} here (${name}), and that is used up: wait at least ${wait}, then call again.`,
  );
}

const amount = (count: number, what: string) => `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
