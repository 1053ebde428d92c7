import type { Caller } from '../call/caller.ts';

/** Milliseconds between progress notifications while a call waits: many clients time out after a silent minute. */
const PROGRESS_INTERVAL_MS = 15_000;

/** Tells the client that its call is alive, until the work is done. */
export async function withHeartbeat<T>(onProgress: Caller['onProgress'], work: () => Promise<T>): Promise<T> {
  let beats = 0;
  const heartbeat = setInterval(() => {
    beats += 1;
    onProgress?.(beats);
  }, PROGRESS_INTERVAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
  }
}
