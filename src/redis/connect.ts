import { createHash, randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import type { RedisClientType } from '@redis/client';
import { RefusedError, StartError } from '../errors.ts';

/** A Lua script, which Redis runs as one step: nothing else happens in between. */
export type Script = { readonly source: string; readonly sha: string };

export const toScript = (source: string): Script => ({ source, sha: createHash('sha1').update(source).digest('hex') });

export type Redis = {
  readonly isUp: () => boolean;
  /**
   * Tells when it is away, and when it is back, in the order of subscription. A connection that is made anew within
   * BLIP, to a server that has not forgotten what it knew, is no change. `reason` is a code such as ECONNREFUSED, fit
   * for a log.
   */
  readonly onChange: (listener: (isUp: boolean, reason: string) => void) => void;
  /**
   * @param key what every key that the script uses begins with
   * @throws RedisAway where no answer came within the command timeout
   */
  readonly run: (script: Script, key: string, args: readonly (string | number)[]) => Promise<unknown>;
  /** Lets what was asked be answered first. */
  readonly close: () => Promise<void>;
};

export class RedisAway extends Error {
  override readonly name = 'RedisAway';
  /** @param mayHaveRun whether Redis may have received the command */
  constructor(readonly mayHaveRun: boolean) {
    super('Redis is unreachable');
  }
}

/** What a call is told that is not sent for want of the shared limits. */
export const awayRefusal = () =>
  new RefusedError(
    'This server keeps its limits in Redis and cannot reach it. Nothing was sent to WorkOS. Try again in a minute. If the error persists, tell the operator of this server.',
    'Redis, which holds the shared limits, is unreachable',
  );

export type RedisOptions = {
  /** PEM of the authority that a `rediss://` server is checked against, where it is none that Node knows. */
  readonly ca?: string;
  /** Milliseconds. Calls wait for Redis: it is better to go on without it than to wait. */
  readonly commandTimeout?: number;
  /** Told of every change from the first on: later subscribers do not hear how the first attempt ended. */
  readonly onChange?: (isUp: boolean, reason: string) => void;
};

type Client = RedisClientType;

const COMMAND_TIMEOUT = 300;
/** Milliseconds for a connection, with TLS and login. */
const CONNECT_TIMEOUT = 2_000;
/**
 * Milliseconds that everything waits for a new connection before Redis counts as away. Being away alone is worse than
 * waiting: the others still share all of the limits among them.
 */
const BLIP = 500;
/** Milliseconds between two attempts to connect: they double from the first to the second value. */
const RECONNECT = { first: 50, last: 500 };
/** Milliseconds after Redis came back by which everybody is connected to it again. */
export const ALL_BACK = CONNECT_TIMEOUT + 2 * RECONNECT.last;

/**
 * Answers with what the first of all wrote: another answer means that the server has forgotten everything since. It
 * writes, because a replica that was demoted, and a server that is out of memory or still loading, answer a PING.
 */
const PROBE = `redis.call('SET', KEYS[1], ARGV[1], 'NX')
redis.call('PEXPIRE', KEYS[1], 30 * 86400000)
return redis.call('GET', KEYS[1])`;

/**
 * Connects, and keeps connecting for as long as it takes. Resolves after the first attempt, whether it was successful
 * or not. One server, or a proxy or Sentinel address that leads to the present one; no cluster.
 * @throws StartError for an address that is none, and for a login that the server refuses
 */
export async function openRedis(url: string, options: RedisOptions = {}): Promise<Redis> {
  const target = toTarget(url, options.ca);
  const { createClient, ErrorReply } = await import('@redis/client');
  const timeout = options.commandTimeout ?? COMMAND_TIMEOUT;
  const listeners = options.onChange === undefined ? [] : [options.onChange];
  const scripts = new Map<string, Script>();
  let client: Client | undefined;
  let state: 'up' | 'blip' | 'away' = 'blip';
  let memory: unknown;
  let isClosed = false;
  let delay = RECONNECT.first;
  const timers: { reconnect?: NodeJS.Timeout; blip?: NodeJS.Timeout } = {};
  const waiting: (() => void)[] = [];

  function become(next: 'up' | 'away', reason: string, isNews: boolean): void {
    state = next;
    clearTimeout(timers.blip);
    if (isNews) for (const listener of listeners) listener(next === 'up', reason);
    for (const resolve of waiting.splice(0)) resolve();
  }

  const blipToEnd = () => (state === 'blip' ? new Promise<void>((resolve) => waiting.push(resolve)) : undefined);

  async function attempt(): Promise<void> {
    // Its own reconnecting has no limit on the time that the login may take, and a server that hangs never answers it.
    const fresh = createClient({
      ...target,
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      name: 'workos-mcp',
    });
    fresh.on('error', (error) => lose(fresh, error));
    fresh.on('end', () => lose(fresh, undefined));
    client = fresh;
    let found: unknown;
    try {
      await within(CONNECT_TIMEOUT, async () => {
        await fresh.connect();
        found = await fresh.sendCommand(['EVAL', PROBE, '1', 'wmcp:memory', randomUUID()]);
        for (const { source } of scripts.values()) await fresh.sendCommand(['SCRIPT', 'LOAD', source]);
      });
    } catch (error) {
      lose(fresh, error);
      throw error;
    }
    if (isClosed || client !== fresh) return;
    delay = RECONNECT.first;
    const hasForgotten = memory !== undefined && memory !== found;
    if (state === 'blip' && hasForgotten) become('away', 'forgotten', true);
    const isNews = state === 'away' || memory === undefined;
    memory = found;
    become('up', 'connected', isNews);
  }

  /** Whatever went wrong, the next connection is a new one: what the old one still owes would come out of turn. */
  function lose(lost: Client, error: unknown): void {
    if (client !== lost) return;
    client = undefined;
    lost.destroy();
    if (isClosed) return;
    const reason = toReason(error);
    if (error instanceof ErrorReply) delay = RECONNECT.last;
    // With jitter, so that many servers do not come back in the same moment.
    timers.reconnect = setTimeout(() => void attempt().catch(() => {}), delay * (0.5 + Math.random() / 2)).unref();
    delay = Math.min(2 * delay, RECONNECT.last);
    // Neither a server that is not there nor one that refuses a script is any better for another connection.
    const isFinal = reason === 'ECONNREFUSED' || error instanceof ErrorReply;
    if (state === 'up') {
      state = 'blip';
      timers.blip = setTimeout(() => become('away', reason, true), BLIP);
    }
    if (state === 'blip' && memory !== undefined && isFinal) become('away', reason, true);
  }

  async function run(script: Script, key: string, args: readonly (string | number)[]): Promise<unknown> {
    await blipToEnd();
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
      lose(own, error);
      await blipToEnd();
      throw new RedisAway(true);
    }
  }

  async function close(): Promise<void> {
    isClosed = true;
    clearTimeout(timers.reconnect);
    become('away', 'closed', false);
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
    become('away', reason, true);
  });
  return { isUp: () => state === 'up', onChange: (listener) => void listeners.push(listener), run, close };
}

/** The URL is not quoted in what is said about it: it may hold a password. */
function toTarget(text: string, ca: string | undefined) {
  const wrong = new StartError(
    '--redis-url is not a valid Redis URL: use redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// for TLS. Percent-encode reserved characters in the password.',
  );
  if (!URL.canParse(text)) throw wrong;
  const url = new URL(text);
  const database = url.pathname.replace(/^\//, '');
  const isTls = url.protocol === 'rediss:';
  if ((!isTls && url.protocol !== 'redis:') || url.hostname === '' || !/^\d*$/.test(database)) throw wrong;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const at = {
    host,
    port: Number(url.port || 6379),
    connectTimeout: CONNECT_TIMEOUT,
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

const TIMEOUT = new Error('TIMEOUT');

/** Rejects after so many milliseconds; what comes later is dropped. */
async function within<T>(ms: number, act: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // An answer may have arrived while this event loop was busy: it gets a chance to be read first.
    timer = setTimeout(() => setImmediate(() => reject(TIMEOUT)), ms);
  });
  try {
    const acted = act();
    acted.catch(() => {});
    return await Promise.race([acted, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The code of an error: the driver's own messages are not for logs. */
function toReason(error: unknown): string {
  if (!(error instanceof Error)) return 'closed';
  if (error instanceof AggregateError) return toReason(error.errors[0]);
  if ('code' in error && typeof error.code === 'string') return error.code;
  return /^[A-Z]{3,}\b/.exec(error.message)?.[0] ?? error.constructor.name;
}
