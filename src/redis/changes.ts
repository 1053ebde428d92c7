import type { CancelSignal } from '../cancel/cancel-signal.ts';

/** Tells listeners what this process changes, and what others do. */
export type Changes = {
  readonly tell: () => void;
  /** Returns the function that ends it. */
  readonly listen: (listener: () => void) => () => void;
  /** Resolves after `ms` milliseconds, when this process changes something, or when the signal aborts. */
  readonly pause: (ms: number, signal: CancelSignal) => Promise<void>;
};

/**
 * Looks for changes of others while there are listeners.
 * @param look a value that differs after each change
 */
export function createChanges(look: () => Promise<string>, pollMs: number): Changes {
  const listeners = new Set<() => void>();
  const paused = new Set<() => void>();
  let timer: NodeJS.Timeout | undefined;
  /** Differs each time that the looking begins or ends: what was under way then is dropped. */
  let round = 0;
  const tell = () => {
    for (const listener of [...listeners, ...paused]) listener();
  };
  async function watch(own: number, before: string): Promise<void> {
    const found = await look();
    if (own !== round) return;
    if (found !== before) tell();
    timer = setTimeout(watch, pollMs, own, found);
  }
  return {
    tell,
    listen: (listener) => {
      listeners.add(listener);
      if (listeners.size === 1) {
        round += 1;
        void watch(round, '');
      }
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        round += 1;
        clearTimeout(timer);
      };
    },
    pause: (ms, signal) =>
      new Promise((resolve) => {
        const end = () => {
          clearTimeout(late);
          paused.delete(end);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const late = setTimeout(end, ms);
        paused.add(end);
        signal.addEventListener('abort', end);
      }),
  };
}
