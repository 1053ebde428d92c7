import type { Host } from './host.ts';

/** Listens to signals from the start: one may arrive before the server can handle it. */
export function listenToSignals({ onSignal }: Host) {
  let isReloadWanted = false;
  let reload = () => {
    isReloadWanted = true;
  };
  onSignal('SIGHUP', () => reload());
  const stopped = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) onSignal(signal, () => resolve(signal));
  });
  return {
    stopped,
    onReload: (listener: () => void) => {
      reload = listener;
      if (isReloadWanted) listener();
    },
  };
}
