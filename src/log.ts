import type { Logger } from 'pino';
import type { Stderr } from './stderr.ts';

type LogMethod = 'debug' | 'info' | 'warn' | 'error';

export type Log = Pick<Logger, LogMethod>;

/** Lines that are buffered until pino has loaded. Further ones are dropped and counted. */
const MAX_BUFFERED_LINES = 1_000;

/** Milliseconds by which loading pino is delayed, so that the first requests of a client are answered before. */
const LOAD_DELAY_MS = 250;

/**
 * Writes JSON lines to stderr, as stdout carries the protocol. A line that stderr does not take is dropped: no call and
 * no end of the process waits for the reader of a log. Pino is slow to load: lines are buffered until it has loaded, and
 * written immediately from then on.
 */
export function createLog(
  level: LogLevel,
  { offer }: Pick<Stderr, 'offer'>,
): Log & {
  /** Resolves once every line logged so far is written. */
  readonly written: () => Promise<void>;
} {
  let now = new Date();
  let logger: Logger | undefined;
  let loading: Promise<void> | undefined;
  let begin = () => {};
  const waiting: (() => void)[] = [];
  let dropped = 0;
  const load = async () => {
    await new Promise<void>((resolve) => {
      begin = resolve;
      setTimeout(resolve, LOAD_DELAY_MS);
    });
    const { pino } = await import('pino');
    logger = pino(
      { level, base: null, timestamp: () => `,"time":"${now.toISOString()}"` },
      { write: (line) => offer(line.trimEnd()) },
    );
    for (const write of waiting.splice(0)) write();
    if (dropped > 0) logger.warn({ dropped }, 'lines of the log were dropped');
  };
  const line = (kind: LogMethod) => {
    // Lines below the level must not load pino.
    if (LOG_LEVELS.indexOf(kind) < LOG_LEVELS.indexOf(level)) return () => {};
    return (...line: Parameters<Log[LogMethod]>) => {
      const time = new Date();
      const write = () => {
        now = time;
        logger?.[kind](...line);
      };
      if (logger !== undefined) return write();
      if (waiting.length < MAX_BUFFERED_LINES) waiting.push(write);
      else dropped += 1;
      loading ??= load();
    };
  };
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    written: async () => {
      begin();
      await loading;
    },
  };
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];
