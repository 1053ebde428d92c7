import type { Clock } from '../../clock.ts';
import { RefusedError } from '../../errors.ts';
import { TransportError } from '../errors.ts';
import type { Context, Layer, Slot } from '../layer.ts';
import { retryAfter } from '../retry.ts';
import { createQueue, type Wait } from './queue.ts';
import type { Call } from './windows.ts';

/** Limits that several servers keep together. */
export type Shared = {
  /** Places in the windows of one request, none of them taken yet. */
  readonly toPlace: (slots: readonly Slot[], deadline: number) => Place;
  /** Tells whether the others can be asked, at each change and as it is now. */
  readonly onChange: (listener: (isUp: boolean) => void) => void;
  /** How many servers share the limits where they cannot ask each other. */
  readonly replicas: number;
  /** Milliseconds after which everybody can ask again once the first one can. */
  readonly allBack: number;
};

export type Place = {
  /**
   * Takes all of it or nothing: `denied` names the slot, by its index, and the milliseconds until it is worth another
   * question. `alone` when nobody can be asked, and this server's part of the limits decides.
   * @throws RefusedError where nothing may be sent then
   */
  readonly ask: () => Promise<'granted' | 'alone' | { readonly denied: number; readonly ms: number }>;
  /** Sent with nobody's consent. */
  readonly assume: () => void;
  /**
   * The answer came, or will not come.
   * @param start when the request cannot be under way any more, in milliseconds of the clock
   * @param pause milliseconds that a 429 shuts the most specific window
   */
  readonly cool: (start: number, pause: number) => void;
  /** Nothing was sent. */
  readonly giveBack: () => void;
};

/** Milliseconds that a request may still be under way when it was given up here without an answer. */
const ON_THE_WAY = 500;

/** Milliseconds that a 429 shuts its window when it does not say how long. */
const PAUSE = 1_000;

/**
 * How many questions to those who share the limits are open at a time: one more after each place that was given, half
 * as many after each that was denied. Most of many would be denied where a limit is used up, and few would take too
 * long where it has just become free.
 */
const ASKING = { least: 4, most: 64 };

/**
 * Keeps the documented limits as requests arrive at WorkOS, not as they leave: requests that leave apart can arrive
 * together, so a place is free again one window after its answer came. With others who share the limits, the queue here
 * decides who asks them for a place, and when.
 */
export function limit(clock: Clock, shared?: Shared): Layer {
  const queue = createQueue();
  const waiting = new Map<Call, () => void>();
  let asking = 0;
  let mayAsk = ASKING.least;
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

  /** @returns what it has to wait for, where there is no room for it at once */
  const enter = (call: Call, context: Context): Promise<void> | undefined => {
    if (clock.now() >= timer.at) pump();
    const now = clock.now();
    if (asking < ASKING.most && queue.take(call, now)) return undefined;
    const wait = queue.estimate(call, now);
    if (now + wait.ms > context.deadline) throw refused(wait);
    return stand(call, context, queue.wait(call, now));
  };

  /** Waits for its turn. @param at when it is worth looking */
  const stand = (call: Call, { deadline, signal }: Context, at: number): Promise<void> =>
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

  /** Asks those who share the limits, for a call that there is room for here, until there is room among all. */
  const agree = async (call: Call, place: Place, context: Context): Promise<void> => {
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
      // Its part of the limits may be less than what this server had room for when it asked.
      const isTaken = verdict === 'alone' && queue.take(call, now);
      if (isTaken) place.assume();
      if (isGranted || isTaken) {
        queue.confirm(call);
        mayAsk = Math.min(ASKING.most, mayAsk + 1);
        return pump();
      }
      if (typeof verdict === 'object') {
        queue.deny(call, verdict.denied, now + verdict.ms, now);
        mayAsk = Math.max(ASKING.least, Math.floor(mayAsk / 2));
      }
      const at = queue.waitAgain(call, now);
      const wait = queue.estimate(call, now);
      if (now + wait.ms > context.deadline) {
        queue.leave(call);
        pump();
        throw refused(wait);
      }
      const turn = stand(call, context, at);
      pump();
      await turn;
    }
  };

  shared?.onChange((isUp) => {
    if (isUp) queue.reunite(clock.now() + shared.allBack);
    else queue.splitUp(shared.replicas, clock.now());
    pump();
  });

  return (next) => async (request, context) => {
    if (context.slots.length === 0) return next(request, context);
    const place = shared?.toPlace(context.slots, context.deadline);
    if (context.signal.aborted) throw cancelled();
    const call = queue.toCall(context.slots, context.agent);
    const turn = enter(call, context);
    if (turn !== undefined) await turn;
    if (place !== undefined) await agree(call, place, context);
    try {
      const reply = await next(request, context);
      const now = clock.now();
      const isOver = reply.status === 429;
      const pause = isOver ? (retryAfter(reply.headers['retry-after'], clock.date()) ?? PAUSE) : 0;
      if (isOver) queue.shut(call, now + pause);
      wake(queue.cool(call, now, now));
      place?.cool(now, pause);
      return reply;
    } catch (error) {
      if (error instanceof RefusedError || (error instanceof TransportError && !error.sent)) {
        queue.giveBack(call);
        place?.giveBack();
        pump();
      } else {
        const start = clock.now() + ON_THE_WAY;
        wake(queue.cool(call, start, clock.now()));
        place?.cool(start, 0);
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
    `WorkOS's rate limit ${name} (${allowed}) is used up. Wait at least ${wait}, then call again.`,
    `the rate limit ${name} is used up`,
  );
}

const amount = (count: number, what: string) => `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
