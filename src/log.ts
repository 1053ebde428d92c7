import pino, { type Logger } from 'pino';
import type { LogLevel } from './options.ts';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** JSON lines to stderr, written at once: stdout is the protocol, and a line must not be lost at exit. */
export function createLog(level: LogLevel): Log {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}
