export type Clock = {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Wall-clock time as Date.now() gives it, to compare with the dates that servers send. */
  readonly date: () => number;
  /** Calls back once after about `ms` milliseconds. Returns a function that cancels it. */
  readonly setTimer: (callback: () => void, ms: number) => () => void;
};

/** Milliseconds. With a longer delay setTimeout fires immediately. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  setTimer: (callback, ms) => {
    const timer = setTimeout(callback, Math.min(Math.ceil(ms), MAX_TIMER_MS)).unref();
    return () => clearTimeout(timer);
  },
};
