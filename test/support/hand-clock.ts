import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/clock.ts';

/** A clock that the test moves. What timers have begun goes on before the next one. */
export function handClock(begin: number): Clock & { readonly pass: (ms: number) => Promise<void> } {
  let now = begin;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  const settle = async () => {
    for (let n = 0; n < 5; n += 1) await setImmediate();
  };
  return {
    now: () => now,
    date: () => now,
    setTimer: (callback, ms) => {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pass: async (ms) => {
      const end = now + ms;
      await settle();
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.callback();
        await settle();
      }
      now = end;
      await settle();
    },
  };
}
