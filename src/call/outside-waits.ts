import { RefusedError } from '../errors.ts';

/**
 * Runs what waits for something outside: a person, an event. Such a wait takes no time of the call's and no place among
 * the requests in flight.
 * @throws RefusedError if too many calls wait already
 */
export type WaitOutside = <T>(wait: () => Promise<T>) => Promise<T>;

type OutsideLimits = { readonly perAgent: number; readonly inAll: number };

/** Waits that one agent, and all agents of a process, may have at a time. */
export const OUTSIDE_LIMITS: OutsideLimits = { perAgent: 4, inAll: 200 };

export const TOO_MANY_WAITS = {
  message:
    'Too many calls are waiting for an answer from a person or for an event. Let some of them end, then call again.',
  rule: 'too many calls wait for something outside',
};

/** Counts the calls that wait for something outside: those of each agent, and in all. */
export function createOutsideWaits({ perAgent, inAll } = OUTSIDE_LIMITS) {
  const own = new Map<string, number>();
  let all = 0;
  const waitsOf =
    (agent: string): WaitOutside =>
    async (wait) => {
      const count = own.get(agent) ?? 0;
      if (count >= perAgent || all >= inAll) throw new RefusedError(TOO_MANY_WAITS.message, TOO_MANY_WAITS.rule);
      own.set(agent, count + 1);
      all += 1;
      try {
        return await wait();
      } finally {
        all -= 1;
        const left = (own.get(agent) ?? 1) - 1;
        if (left === 0) own.delete(agent);
        else own.set(agent, left);
      }
    };
  return Object.assign(waitsOf, { count: () => all });
}
