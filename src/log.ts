import type { Logger } from 'pino';

type Line = 'debug' | 'info' | 'warn' | 'error';

export type Log = Pick<Logger, Line>;

/** Milliseconds that loading pino waits, so that what a client asks first is answered first. */
const BEHIND = 250;

/**
 * JSON lines to stderr: stdout is the protocol. The first lines wait for pino, which takes long to load; from then on each
 * is written at once.
 */
export function createLog(level: LogLevel): Log & {
  /** Resolves once what was logged before is written. */
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
      setTimeout(resolve, BEHIND);
    });
    const { pino } = await import('pino');
    logger = pino(
      { level, base: null, timestamp: () => `,"time":"${now.toISOString()}"` },
      pino.destination({ dest: 2, sync: true }),
    );
    for (const write of waiting.splice(0)) write();
  };
  const line = (kind: Line) => {
    // Nothing is made, or loaded, for lines that nobody is to see.
    if (LOG_LEVELS.indexOf(kind) < LOG_LEVELS.indexOf(level)) return () => {};
    return (...line: Parameters<Log[Line]>) => {
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
