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
