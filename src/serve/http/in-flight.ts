import { REFUSALS, type Refusal } from './responses.ts';

/** Bounds the requests under way, of everyone together and of each caller. */
export function createGate({ inFlight, inFlightPerCaller }: { inFlight: number; inFlightPerCaller: number }) {
  const own = new Map<string, number>();
  let total = 0;
  return {
    /** Counts a request in, or says why not. */
    enter: (caller: string): Refusal | undefined => {
      const count = own.get(caller) ?? 0;
      if (count >= inFlightPerCaller) return REFUSALS.callerFull;
      if (total >= inFlight) return REFUSALS.full;
      total += 1;
      own.set(caller, count + 1);
      return undefined;
    },
    leave: (caller: string): void => {
      const count = (own.get(caller) ?? 1) - 1;
      total -= 1;
      if (count === 0) own.delete(caller);
      else own.set(caller, count);
    },
  };
}
