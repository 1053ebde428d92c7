import { createHash, randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import type { RedisClientType } from '@redis/client';
import { RefusedError, StartError } from '../errors.ts';

/** A Lua script, which Redis runs atomically. */
export type Script = {
  readonly source: string;
  readonly sha: string;
  /** Whether it answers and leaves the same when it runs twice with the same arguments. */
  readonly isIdempotent: boolean;
};

export const toScript = (source: string): Script => ({
  source,
  sha: createHash('sha1').update(source).digest('hex'),
  isIdempotent: false,
});

/** A script that is run again on the next connection if its answer was lost. */
export const toIdempotentScript = (source: string): Script => ({ ...toScript(source), isIdempotent: true });

export type Redis = {
  readonly isUp: () => boolean;
  /**
   * Subscribes to Redis becoming unreachable and reachable again. Listeners are called in the order of subscription. A
   * reconnect within BLIP to a server that kept its data is not reported. `reason` is a code such as ECONNREFUSED,
   * which may be logged.
   */
  readonly onChange: (listener: (isUp: boolean, reason: string) => void) => void;
  /**
   * An idempotent script whose answer is late or lost is run once more on the next connection.
   * @param key the prefix of every key that the script uses
   * @throws RedisAway if no answer came within the command timeout
   */
  readonly run: (script: Script, key: string, args: readonly (string | number)[]) => Promise<unknown>;
  /** Waits for the answers to commands in flight, then disconnects. */
  readonly close: () => Promise<void>;
};

export class RedisAway extends Error {
  override readonly name = 'RedisAway';
  /** @param mayHaveRun whether Redis may have received the command */
  constructor(readonly mayHaveRun: boolean) {
    super('Redis is unreachable');
  }
}

/** Lets a caller go on that can do without an answer of Redis. */
export function unlessAway(error: unknown): undefined {
  if (!(error instanceof RedisAway)) throw error;
  return undefined;
}

/** The refusal of a call that needs the shared limits while Redis is unreachable. */
export const awayRefusal = () =>
  new RefusedError(
    'This server keeps its limits in Redis and cannot reach it. Nothing was sent to WorkOS. Try again in a minute. If the error persists, tell the operator of this server.',
    'Redis, which holds the shared limits, is unreachable',
  );

export type RedisOptions = {
  /** PEM of the CA for a `rediss://` server whose certificate Node does not trust by default. */
  readonly ca?: string;
  /** Milliseconds. Calls wait for Redis, so the timeout is short: continuing without Redis is better than waiting. */
  readonly commandTimeout?: number;
  /** Also receives the result of the first attempt, which later subscribers miss. */
  readonly onChange?: (isUp: boolean, reason: string) => void;
};

type RedisConnection = RedisClientType;

const COMMAND_TIMEOUT_MS = 300;
/** Milliseconds to connect, including TLS and login. */
const CONNECT_TIMEOUT_MS = 2_000;
/**
 * Milliseconds that commands wait for a reconnect before Redis counts as unreachable. If only this server lost its
 * connection, waiting is better than falling back to its share: the other servers still use the full limits.
 */
const RECONNECT_WAIT_MS = 500;
/** Milliseconds between two attempts to connect. They double from `first` up to `last`. */
const RECONNECT_DELAY_MS = { first: 50, last: 500 };
/** Milliseconds within which all servers are connected again after Redis came back. */
export const ALL_RECONNECTED_MS = CONNECT_TIMEOUT_MS + 2 * RECONNECT_DELAY_MS.last;

/**
 * Returns the value that the first server to connect wrote. A different value means that Redis has lost its data. The
 * script writes, because a demoted replica and a server that is out of memory or still loading would answer a PING.
 */
const PROBE_SCRIPT = `redis.call('SET', KEYS[1], ARGV[1], 'NX')
redis.call('PEXPIRE', KEYS[1], 30 * 86400000)
return redis.call('GET', KEYS[1])`;

/**
 * Connects to Redis and keeps reconnecting. Resolves after the first attempt, even if it failed. The URL names one
 * server, or a proxy or Sentinel address that leads to the current primary. Clusters are not supported.
 * @throws StartError if the URL is not valid, or if Redis refuses the login
 */
export async function openRedis(url: string, options: RedisOptions = {}): Promise<Redis> {
  const target = parseRedisUrl(url, options.ca);
  const { createClient, ErrorReply } = await import('@redis/client');
  const timeout = options.commandTimeout ?? COMMAND_TIMEOUT_MS;
  const listeners = options.onChange === undefined ? [] : [options.onChange];
  const scripts = new Map<string, Script>();
  let client: RedisConnection | undefined;
  let state: 'up' | 'blip' | 'away' = 'blip';
  let memory: unknown;
  let isClosed = false;
  let delay = RECONNECT_DELAY_MS.first;
  const timers: { reconnect?: NodeJS.Timeout; blip?: NodeJS.Timeout } = {};
  const waiting: (() => void)[] = [];

  function setState(next: 'up' | 'away', reason: string, isChange: boolean): void {
    state = next;
    clearTimeout(timers.blip);
    if (isChange) for (const listener of listeners) listener(next === 'up', reason);
    for (const resolve of waiting.splice(0)) resolve();
  }

  const untilBlipEnds = () => (state === 'blip' ? new Promise<void>((resolve) => waiting.push(resolve)) : undefined);

  async function attempt(): Promise<void> {
    // The client's own reconnect sets no time limit on the login, which a hanging server never answers.
    const fresh = createClient({
      ...target,
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      name: 'workos-mcp',
    });
    fresh.on('error', (error) => disconnect(fresh, error));
    fresh.on('end', () => disconnect(fresh, undefined));
    client = fresh;
    let found: unknown;
    try {
      await within(CONNECT_TIMEOUT_MS, async () => {
        await fresh.connect();
        found = await fresh.sendCommand(['EVAL', PROBE_SCRIPT, '1', 'wmcp:memory', randomUUID()]);
        for (const { source } of scripts.values()) await fresh.sendCommand(['SCRIPT', 'LOAD', source]);
      });
    } catch (error) {
      disconnect(fresh, error);
      throw error;
    }
    if (isClosed || client !== fresh) return;
    delay = RECONNECT_DELAY_MS.first;
    const hasForgotten = memory !== undefined && memory !== found;
    if (state === 'blip' && hasForgotten) setState('away', 'data lost', true);
    const isChange = state === 'away' || memory === undefined;
    memory = found;
    setState('up', 'connected', isChange);
  }

  /**
   * After any error the next connection is a new one: late answers on the old one would be matched to later commands.
   */
  function disconnect(lostClient: RedisConnection, error: unknown): void {
    if (client !== lostClient) return;
    client = undefined;
    lostClient.destroy();
    if (isClosed) return;
    const reason = toReason(error);
    if (error instanceof ErrorReply) delay = RECONNECT_DELAY_MS.last;
    // The jitter keeps many servers from reconnecting at the same moment.
    timers.reconnect = setTimeout(() => void attempt().catch(() => {}), delay * (0.5 + Math.random() / 2)).unref();
    delay = Math.min(2 * delay, RECONNECT_DELAY_MS.last);
    // A reconnect does not help if nothing listens or if Redis refuses the script.
    const isFinal = reason === 'ECONNREFUSED' || error instanceof ErrorReply;
    if (state === 'up') {
      state = 'blip';
      timers.blip = setTimeout(() => setState('away', reason, true), RECONNECT_WAIT_MS);
    }
    if (state === 'blip' && memory !== undefined && isFinal) setState('away', reason, true);
  }

  async function run(script: Script, key: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await runOnce(script, key, args);
    } catch (error) {
      if (!script.isIdempotent || state !== 'up') throw error;
      return runOnce(script, key, args);
    }
  }

  async function runOnce(script: Script, key: string, args: readonly (string | number)[]): Promise<unknown> {
    await untilBlipEnds();
    const own = client;
    if (state !== 'up' || own === undefined) throw new RedisAway(false);
    scripts.set(script.sha, script);
    const rest = ['1', key, ...args.map(String)];
    try {
      return await within(timeout, () =>
        own.sendCommand(['EVALSHA', script.sha, ...rest]).catch((error: unknown) => {
          if (toReason(error) !== 'NOSCRIPT') throw error;
          return own.sendCommand(['EVAL', script.source, ...rest]);
        }),
      );
    } catch (error) {
      disconnect(own, error);
      await untilBlipEnds();
      throw new RedisAway(true);
    }
  }

  async function close(): Promise<void> {
    isClosed = true;
    clearTimeout(timers.reconnect);
    setState('away', 'closed', false);
    const last = client;
    await within(timeout, async () => last?.close()).catch(() => {});
    last?.destroy();
  }

  await attempt().catch(async (error: unknown) => {
    const reason = toReason(error);
    if (['WRONGPASS', 'NOAUTH', 'NOPERM'].includes(reason)) {
      await close();
      throw new StartError(
        `--redis-url: Redis refused the login (${reason}). Check the user name and password in the URL.`,
      );
    }
    setState('away', reason, true);
  });
  return { isUp: () => state === 'up', onChange: (listener) => void listeners.push(listener), run, close };
}

/** @throws StartError that does not quote the URL, as it may hold a password */
export function parseRedisUrl(text: string, ca?: string) {
  const wrong = new StartError(
    '--redis-url is not a valid Redis URL: use redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// for TLS. Percent-encode reserved characters in the password.',
  );
  if (!URL.canParse(text)) throw wrong;
  const url = new URL(text);
  const database = url.pathname.replace(/^\//, '');
  const isTls = url.protocol === 'rediss:';
  if ((!isTls && url.protocol !== 'redis:') || url.hostname === '' || !/^\d*$/.test(database)) throw wrong;
  if (url.search !== '' || url.hash !== '') throw wrong; // a password there would be dropped
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const at = {
    host,
    port: Number(url.port || 6379),
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectStrategy: false,
  } as const;
  const named = isIP(host) === 0 ? { servername: host } : {};
  return {
    socket: isTls ? { ...at, tls: true as const, ...named, ...(ca === undefined ? {} : { ca }) } : at,
    database: Number(database),
    ...(url.username === '' ? {} : { username: decode(url.username, wrong) }),
    ...(url.password === '' ? {} : { password: decode(url.password, wrong) }),
  };
}

function decode(text: string, wrong: StartError): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong;
  }
}

const TIMEOUT_ERROR = new Error('TIMEOUT');

/** Rejects after `ms` milliseconds. A later result is dropped. */
async function within<T>(ms: number, act: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // An answer may have arrived while the event loop was blocked, so it gets a chance to be read first.
    timer = setTimeout(() => setImmediate(() => reject(TIMEOUT_ERROR)), ms);
  });
  try {
    const acted = act();
    acted.catch(() => {});
    return await Promise.race([acted, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The code of an error. The driver's own messages may not be logged. */
function toReason(error: unknown): string {
  if (!(error instanceof Error)) return 'closed';
  if (error instanceof AggregateError) return toReason(error.errors[0]);
  if ('code' in error && typeof error.code === 'string') return error.code;
  return /^[A-Z]{3,}\b/.exec(error.message)?.[0] ?? error.constructor.name;
}
