import type { Stderr } from '../stderr.ts';
import type { Sink } from './record.ts';

/**
 * Writes the record to stderr, among the lines of the log, for a log collector. The collector stores the lines, so
 * there is nothing to sync.
 */
export function createStderrSink({ write }: Pick<Stderr, 'write'>): Sink {
  return { append: write, sync: async () => {}, close: async () => {} };
}
