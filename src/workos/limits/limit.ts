import type { Clock } from '../../clock.ts';
import { RefusedError } from '../../errors.ts';
import { TransportError } from '../errors.ts';
import type { Context, Layer, Reply, Slot } from '../layer.ts';
import { retryAfter } from '../retry.ts';
import { createQueue, type Wait } from './queue.ts';
import { type CountedRequest, crowded, tidy } from './windows.ts';

/** Rate limits that several servers share. */
export type Shared = {
  /** The places of one request in its windows. It does not take them yet. */
  readonly toPlace: (slots: readonly Slot[], deadline: number) => WindowPlace;
  /** Subscribes to whether the shared limits are reachable. The listener learns the current state and every change. */
  readonly onChange: (listener: (isUp: boolean) => void) => void;
  /** Number of servers that divide the limits among them while the shared limits are unreachable. */
  readonly replicas: number;
  /** Milliseconds from the first server that can reach the shared limits again until all servers can. */
  readonly allBack: number;
};

export type WindowPlace = {
  /**
   * Takes a place in all windows or in none. `denied` is the index of the full slot, with the milliseconds until the
   * next attempt. `alone` means that the shared limits are unreachable and this server's share decides.
   * @throws RefusedError if requests may not be sent without the shared limits
   */
  readonly ask: () => Promise<'granted' | 'alone' | { readonly denied: number; readonly ms: number }>;
  /** The request is sent within this server's share, without a place from the shared limits. */
  readonly assume: () => void;
  /**
   * The answer has come or will not come.
   * @param start when the request has certainly ended, in milliseconds of the clock
   * @param pause milliseconds that a 429 closes the most specific window
   */
  readonly cool: (start: number, pause: number) => void;
  /** The request was not sent. */
  readonly giveBack: () => void;
};

/** Milliseconds that a request may stay in flight after this server gave up waiting for its answer. */
const IN_FLIGHT_MS = 500;

/** Milliseconds that a 429 without `Retry-After` closes its window. */
const DEFAULT_PAUSE_MS = 1_000;

/**
 * Bounds of the concurrent requests for a shared place. The number grows by one after each grant and halves after each
 * denial. With many requests most would be denied when a limit is used up. With few requests a limit that has just
 * become free would fill too slowly.
 */
const OPEN_QUESTIONS = { least: 4, most: 64 };

/**
 * Keeps the documented limits by when requests arrive at WorkOS, not by when they are sent. Requests that are sent
 * apart can arrive together, so a place becomes free one window after its answer. With shared limits, the local queue
 * decides which call requests a shared place, and when.
 */
export function limit(clock: Clock, shared?: Shared): Layer {
  const queue = createQueue();
  const waiting = new Map<CountedRequest, () => void>();
  let asking = 0;
  let mayAsk = OPEN_QUESTIONS.least;
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
    for (const call of queue.admit(now, shared === undefined ? Number.POSITIVE_INFINITY : mayAsk - asking))
      waiting.get(call)?.();
    wake(queue.nextChange(now));
  };

  /** Takes the call's places. Returns a promise to wait for if there is no room yet. */
  const enter = (call: CountedRequest, context: Context): Promise<void> | undefined => {
    if (clock.now() >= timer.at) pump();
    const now = clock.now();
    if (asking < OPEN_QUESTIONS.most && queue.take(call, now)) return undefined;
    const wait = queue.estimate(call, now);
    if (now + wait.ms > context.deadline) throw refused(wait);
    return waitForTurn(call, context, queue.wait(call, now));
  };

  /** Waits until the queue admits the call. @param at when there may be room */
  const waitForTurn = (call: CountedRequest, { deadline, signal }: Context, at: number): Promise<void> =>
    new Promise((resolve, reject) => {
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
      let stopTimer = clock.setTimer(onTimer, deadline - clock.now());
      signal.addEventListener('abort', onAbort);
      waiting.set(call, () => {
        leave();
        resolve();
      });
      wake(at);
    });

  /** Gets a shared place for a call that has its local places. Waits and retries until there is room. */
  const acquireShared = async (call: CountedRequest, place: WindowPlace, context: Context): Promise<void> => {
    for (;;) {
      asking += 1;
      const verdict = await place.ask().catch((error: unknown) => {
        asking -= 1;
        queue.takeBack(call);
        pump();
        throw error;
      });
      asking -= 1;
      const now = clock.now();
      const isGranted = verdict === 'granted' && !context.signal.aborted;
      if (!isGranted) queue.takeBack(call);
      if (context.signal.aborted) {
        place.giveBack();
        pump();
        throw cancelled();
      }
      // The share of this server may be smaller than the room it had before the attempt.
      const isTaken = verdict === 'alone' && queue.take(call, now);
      if (isTaken) place.assume();
      if (isGranted || isTaken) {
        queue.confirm(call);
        mayAsk = Math.min(OPEN_QUESTIONS.most, mayAsk + 1);
        return pump();
      }
      if (typeof verdict === 'object') {
        queue.deny(call, verdict.denied, now + verdict.ms, now);
        mayAsk = Math.max(OPEN_QUESTIONS.least, Math.floor(mayAsk / 2));
      }
      const at = queue.waitAgain(call, now);
      const wait = queue.estimate(call, now);
      if (now + wait.ms > context.deadline) {
        queue.leave(call);
        pump();
        throw refused(wait);
      }
      const turn = waitForTurn(call, context, at);
      pump();
      await turn;
    }
  };

  shared?.onChange((isUp) => {
    if (isUp) queue.reunite(clock.now() + shared.allBack);
    else queue.splitUp(shared.replicas, clock.now());
    pump();
  });

  /** Sends a call that has its places, and gives them back in time. */
  const sendCounted = async (send: () => Promise<Reply>, call: CountedRequest, place: WindowPlace | undefined) => {
    try {
      const reply = await send();
      const now = clock.now();
      const isOver = reply.status === 429;
      const pause = isOver ? (retryAfter(reply.headers['retry-after'], clock.date()) ?? DEFAULT_PAUSE_MS) : 0;
      if (isOver) queue.shut(call, now + pause, now);
      wake(queue.cool(call, now, now));
      place?.cool(now, pause);
      return reply;
    } catch (error) {
      if (error instanceof RefusedError || (error instanceof TransportError && !error.sent)) {
        queue.giveBack(call);
        place?.giveBack();
        pump();
      } else {
        const start = clock.now() + IN_FLIGHT_MS;
        wake(queue.cool(call, start, clock.now()));
        place?.cool(start, 0);
      }
      throw error;
    }
  };

  return (next) => async (request, context) => {
    if (context.slots.length === 0) return next(request, context);
    const place = shared?.toPlace(context.slots, context.deadline);
    if (context.signal.aborted) throw cancelled();
    const call = queue.toCall(context.slots, context.agent);
    try {
      const full = crowded(call);
      if (full !== undefined) throw tooManyWindows(full);
      const turn = enter(call, context);
      if (turn !== undefined) await turn;
      if (place !== undefined) await acquireShared(call, place, context);
      return await sendCounted(() => next(request, context), call, place);
    } finally {
      tidy(call, clock.now());
    }
  };
}

function tooManyWindows({ name }: Slot): RefusedError {
  return new RefusedError(
    `Too many different objects or addresses count in WorkOS's rate limit ${name} now. Wait at least a minute, then call again.`,
    `too many windows of the rate limit ${name} are in use`,
  );
}

const cancelled = () => new TransportError('the call was cancelled', false);

function refused({ ms, limit: { name, requests, seconds, isUndocumented } }: Wait): RefusedError {
  const allowed = `${amount(requests, 'request')} per ${seconds === 1 ? 'second' : amount(seconds, 'second')}`;
  const wait = amount(Math.max(1, Math.ceil(ms / 1000)), 'second');
  if (isUndocumented) {
    return new RefusedError(
      `WorkOS answered another call of ${name} with 429 Too Many Requests. Wait at least ${wait}, then call again.`,
      `WorkOS limits ${name}`,
    );
  }
  return new RefusedError(
    `WorkOS's rate limit ${name} (${allowed}) is used up. Wait at least ${wait}, then call again.`,
    `the rate limit ${name} is used up`,
  );
}

const amount = (count: number, what: string) => `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
