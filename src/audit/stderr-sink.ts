import type { Sink } from './record.ts';

/** Milliseconds to wait for a reader that is behind, and how often: nothing else runs meanwhile. */
const PAUSE = 5;
const PAUSES = 10;

/**
 * Lines among those of the log, for whoever collects them. On disk is what the collector puts there: there is nothing
 * to sync.
 * @param write writes bytes at once and returns how many went out; throws EAGAIN where the reader is behind
 */
export function createStderrSink(write: (bytes: Uint8Array) => number): Sink {
  let torn = false;
  const cell = new Int32Array(new SharedArrayBuffer(4));
  return {
    append: (line) => {
      const bytes = Buffer.from(`${torn ? '\n' : ''}${line}\n`);
      let done = 0;
      for (let pauses = 0; done < bytes.length; ) {
        try {
          done += write(done === 0 ? bytes : bytes.subarray(done));
        } catch (error) {
          if (Object(error).code === 'EAGAIN' && pauses < PAUSES) {
            pauses += 1;
            Atomics.wait(cell, 0, 0, PAUSE);
            continue;
          }
          torn = torn || done > 0;
          // A line that lacks only its line feed is there: writing it again would have it there twice.
          if (done === bytes.length - 1) return;
          throw error;
        }
      }
      torn = false;
    },
    sync: async () => {},
    close: async () => {},
  };
}
