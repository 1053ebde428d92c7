import type { ServerResponse } from 'node:http';
import { type HttpRefusal, REFUSALS } from './responses.ts';

/** A counted request. */
export type InFlight = {
  /** Aborted when the client disconnects or the server shuts down. */
  readonly signal: AbortSignal;
  readonly abort: () => void;
  readonly leave: () => void;
};

/** Limits the requests in flight: of each caller, and in total. */
export function createInFlightCounter({
  inFlight,
  inFlightPerCaller,
}: {
  inFlight: number;
  inFlightPerCaller: number;
}) {
  const own = new Map<string, number>();
  const all = new Set<AbortController>();
  return {
    /** Counts a request, or returns the refusal. */
    enter: (caller: string, response: ServerResponse): InFlight | HttpRefusal => {
      const count = own.get(caller) ?? 0;
      if (count >= inFlightPerCaller) return REFUSALS.callerFull;
      if (all.size >= inFlight) return REFUSALS.full;
      const gone = new AbortController();
      all.add(gone);
      own.set(caller, count + 1);
      response.once('close', () => {
        if (!response.writableFinished) gone.abort();
      });
      if (response.closed) gone.abort(); // the client disconnected during authentication
      const leave = () => {
        all.delete(gone);
        const left = (own.get(caller) ?? 1) - 1;
        if (left === 0) own.delete(caller);
        else own.set(caller, left);
      };
      return { signal: gone.signal, abort: () => gone.abort(), leave };
    },
    /** Aborts every request in flight. */
    abort: (): void => {
      for (const gone of all) gone.abort();
    },
  };
}
