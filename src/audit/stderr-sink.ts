import type { Sink } from './record.ts';

/**
 * Milliseconds of one pause for a slow reader, and the number of pauses. They block the event loop, so both are small.
 */
const PAUSE_MS = 5;
const MAX_PAUSES = 10;

/**
 * Writes the record to stderr, among the lines of the log, for a log collector. The collector stores the lines, so
 * there is nothing to sync.
 * @param write writes synchronously and returns the number of bytes written; throws EAGAIN if the reader is behind
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
          if (Object(error).code === 'EAGAIN' && pauses < MAX_PAUSES) {
            pauses += 1;
            Atomics.wait(cell, 0, 0, PAUSE_MS);
            continue;
          }
          torn = torn || done > 0;
          // Only the line feed is missing. Writing the line again would duplicate it.
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
