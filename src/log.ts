import type { Logger } from 'pino';

type LogMethod = 'debug' | 'info' | 'warn' | 'error';

export type Log = Pick<Logger, LogMethod>;

/** Where the log goes: a file descriptor, or an object that takes the lines. */
export type LogTarget = number | { readonly write: (line: string) => void };

/** Milliseconds by which loading pino is delayed, so that the first requests of a client are answered before. */
const LOAD_DELAY_MS = 250;

/**
 * Writes JSON lines to stderr, as stdout carries the protocol. Pino is slow to load: lines are buffered until it has
 * loaded, and written immediately from then on.
 */
export function createLog(
  level: LogLevel,
  to: LogTarget,
): Log & {
  /** Resolves once every line logged so far is written. */
  readonly written: () => Promise<void>;
} {
  let now = new Date();
  let logger: Logger | undefined;
  let loading: Promise<void> | undefined;
  let begin = () => {};
  const waiting: (() => void)[] = [];
  const load = async () => {
    await new Promise<void>((resolve) => {
      begin = resolve;
      setTimeout(resolve, LOAD_DELAY_MS);
    });
    const { pino } = await import('pino');
    logger = pino(
      { level, base: null, timestamp: () => `,"time":"${now.toISOString()}"` },
      typeof to === 'number' ? pino.destination({ dest: to, sync: true }) : to,
    );
    for (const write of waiting.splice(0)) write();
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
      waiting.push(write);
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
