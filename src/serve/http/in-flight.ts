import type { ServerResponse } from 'node:http';
import { type Canceller, type CancelSignal, createCanceller } from '../../cancel/cancel-signal.ts';
import type { Clock } from '../../clock.ts';
import { type HttpRefusal, REFUSALS } from './responses.ts';

/** A request that is counted among those in flight. */
export type InFlight = {
  /** Aborted when the client disconnects or the server shuts down. */
  readonly signal: CancelSignal;
  readonly abort: () => void;
  readonly leave: () => void;
} & Place;

/** What a call needs to know of its request's place. */
export type Place = {
  /** Milliseconds that the request waited in line. */
  readonly waitedMs: number;
  /**
   * Gives the place to another request while the call waits for something outside. Returns a function that takes a
   * place again at once: a call that waited for a person does not wait in line as well.
   */
  readonly stepOut: () => () => void;
};

/** Waits for something outside while another request has the place. */
export async function outOfLine<T>({ stepOut }: Place, wait: () => Promise<T>): Promise<T> {
  const stepIn = stepOut();
  try {
    return await wait();
  } finally {
    stepIn();
  }
}

export type InFlightLimits = {
  /** Requests in flight in total. */
  readonly inFlight: number;
  readonly inFlightPerCaller: number;
  /** Requests that wait in line, in total. */
  readonly waiting: number;
  readonly waitingPerCaller: number;
  /** Milliseconds that a request may wait in line. */
  readonly waitMs: number;
};

type LineDeps = { readonly limits: InFlightLimits; readonly clock: Pick<Clock, 'now' | 'setTimer'> };

/** `gone`: the client disconnected while its request waited. */
export type Entered = InFlight | HttpRefusal | 'gone';

type Waiter = { readonly begin: () => void; readonly end: (entered: HttpRefusal | 'gone') => void };

/**
 * Limits the requests in flight: of each caller, and in total. A request without room waits in line. Callers take turns,
 * so that the burst of one delays the others by one request at most.
 */
export function createInFlightLine({ limits, clock }: LineDeps) {
  const own = new Map<string, number>();
  let counted = 0;
  /** Every request that has begun, also those that have stepped out. */
  const begun = new Set<Canceller>();
  /** The requests in line by caller, oldest first. The caller whose turn is next comes first. */
  const lines = new Map<string, Set<Waiter>>();
  let waiting = 0;

  const hasRoom = (caller: string) => counted < limits.inFlight && (own.get(caller) ?? 0) < limits.inFlightPerCaller;

  const count = (caller: string, change: 1 | -1) => {
    counted += change;
    const left = (own.get(caller) ?? 0) + change;
    if (left === 0) own.delete(caller);
    else own.set(caller, left);
  };

  /** Lets one request in line begin, if there is room for it. */
  const admitOne = (): boolean => {
    for (const [caller, line] of lines) {
      const [first] = line;
      if (first === undefined || !hasRoom(caller)) continue;
      first.begin();
      // The caller's next request waits until the others have had their turn.
      if (lines.delete(caller)) lines.set(caller, line);
      return true;
    }
    return false;
  };

  const admit = () => {
    while (counted < limits.inFlight && admitOne());
  };

  const begin = (caller: string, response: ServerResponse, waitedMs: number): InFlight => {
    const gone = createCanceller();
    let isCounted = true;
    begun.add(gone);
    count(caller, 1);
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    if (response.closed) gone.abort(); // the client disconnected during authentication
    const countOut = () => {
      if (!isCounted) return;
      isCounted = false;
      count(caller, -1);
      admit();
    };
    return {
      signal: gone.signal,
      abort: gone.abort,
      waitedMs,
      leave: () => {
        begun.delete(gone);
        countOut();
      },
      stepOut: () => {
        countOut();
        return () => {
          if (isCounted || !begun.has(gone)) return;
          isCounted = true;
          count(caller, 1);
        };
      },
    };
  };

  const wait = (caller: string, response: ServerResponse): Promise<Entered> =>
    new Promise((resolve) => {
      const since = clock.now();
      const line = lines.get(caller) ?? new Set();
      const leave = () => {
        stopTimer();
        response.off('close', onClose);
        line.delete(waiter);
        waiting -= 1;
        if (line.size === 0 && lines.get(caller) === line) lines.delete(caller);
      };
      const waiter: Waiter = {
        begin: () => {
          leave();
          resolve(begin(caller, response, clock.now() - since));
        },
        end: (entered) => {
          leave();
          resolve(entered);
        },
      };
      const onClose = () => waiter.end('gone');
      const stopTimer = clock.setTimer(() => waiter.end(REFUSALS.waitedTooLong), limits.waitMs);
      response.once('close', onClose);
      waiting += 1;
      lines.set(caller, line.add(waiter));
    });

  return {
    /** Counts a request, at once or when it is its turn, or refuses it. */
    enter: (caller: string, response: ServerResponse): Entered | Promise<Entered> => {
      if (hasRoom(caller)) return begin(caller, response, 0);
      if (response.closed) return 'gone';
      if ((lines.get(caller)?.size ?? 0) >= limits.waitingPerCaller) return REFUSALS.callerFull;
      return waiting >= limits.waiting ? REFUSALS.full : wait(caller, response);
    },
    load: () => ({ inFlight: begun.size, waiting }),
    /** Refuses every request in line. */
    dismiss: (): void => {
      for (const waiter of [...lines.values()].flatMap((line) => [...line])) waiter.end(REFUSALS.closing);
    },
    /** Aborts every request in flight. */
    abort: (): void => {
      for (const gone of begun) gone.abort();
    },
  };
}
