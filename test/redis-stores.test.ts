import { once } from 'node:events';
import { connect as connectSocket, createServer as createProxy } from 'node:net';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createBudgets } from '../src/agents/budgets.ts';
import { MAX_PENDING, type Pending } from '../src/call/confirm/pending.ts';
import { systemClock } from '../src/clock.ts';
import { RefusedError, StartError } from '../src/errors.ts';
import { createRedisBudgets } from '../src/redis/budgets.ts';
import { openRedis, type Redis, type RedisOptions, toIdempotentScript, toScript } from '../src/redis/connect.ts';
import { createSharedWindows } from '../src/redis/windows.ts';
import { limit } from '../src/workos/limits/limit.ts';
import { createCertificate, hasOpenssl } from './support/certificate.ts';
import { findPort } from './support/find-port.ts';
import { describeWithRedis, type RedisServer, RUNS, startRedis } from './support/redis.ts';
import { openPending } from './support/redis-pending.ts';

const { now } = systemClock;
const ECHO = toScript('return ARGV[1]');
const GET = toScript("return redis.call('GET', KEYS[1])");
const endings: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const end of endings.splice(0)) await end();
});

async function open(url: string, options?: RedisOptions): Promise<Redis> {
  const redis = await openRedis(url, options);
  endings.push(redis.close);
  return redis;
}

async function start(...args: readonly string[]): Promise<RedisServer> {
  const server = await startRedis(...args);
  endings.push(server.kill);
  return server;
}

/**
 * The address of a proxy to a server. The connection that first sends a text is cut once the server has answered, before
 * the answer is passed on.
 */
async function loseAnswers({ port }: RedisServer, text: string): Promise<string> {
  let isCut = false;
  const proxy = createProxy((client) => {
    const upstream = connectSocket(port, '127.0.0.1');
    let isLost = false;
    client.on('data', (data) => {
      isLost = !isCut && data.includes(text);
      isCut ||= isLost;
      upstream.write(data);
    });
    upstream.on('data', (data) => (isLost ? client.destroy() : client.write(data)));
    client.on('close', () => upstream.destroy());
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  endings.unshift(() => proxy.close());
  return `redis://127.0.0.1:${Object(proxy.address()).port}`;
}

const isUpSoon = (redis: Redis) => vi.waitUntil(redis.isUp, { timeout: 30_000, interval: 20 });

describe('an address', () => {
  it.each([
    'localhost:6379',
    'http://localhost',
    'redis://',
    'redis://host/one',
    'redis://u:%zz-secret@host',
    'redis://u:se/cret@host',
  ])('that is none is refused, and not quoted: %s', async (url) => {
    const error = await openRedis(url).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StartError);
    expect(String(error)).toContain('--redis-url');
    expect(String(error)).not.toMatch(/secret|cret@|http:/);
  });

  it('where nobody answers is tried again for as long as it takes', async () => {
    const changes: string[] = [];
    const start = now();
    const redis = await open(`redis://user:s3cret@127.0.0.1:${await findPort()}`, {
      onChange: (isUp, reason) => changes.push(`${isUp} ${reason}`),
    });
    expect(now() - start).toBeLessThan(1_500);
    expect(redis.isUp()).toBe(false);
    expect(changes).toEqual(['false ECONNREFUSED']);
    await expect(redis.run(ECHO, 'k', [1])).rejects.toThrow('Redis is unreachable');
  });
});

describeWithRedis('a connection', () => {
  it('logs in as the URL says, chooses the database, and tells nobody the password', async () => {
    const server = await start('--requirepass', 's3cr@t');
    const redis = await open(`redis://:s3cr%40t@127.0.0.1:${server.port}/3`);
    expect(await redis.run(ECHO, 'k', ['hello'])).toBe('hello');
    for (const url of [`redis://:wr0ng@127.0.0.1:${server.port}`, server.url]) {
      const error = await openRedis(url).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(StartError);
      expect(String(error)).toMatch(/refused the login \((WRONGPASS|NOAUTH)\)/);
      expect(String(error)).not.toContain('wr0ng');
    }
  });

  it('that breaks is made anew, and nobody hears of it where the server remembers', async () => {
    const { url } = await start();
    const redis = await open(url);
    const changes: string[] = [];
    redis.onChange((isUp, reason) => changes.push(`${isUp} ${reason}`));
    const operator = createClient({ url });
    operator.on('error', () => {}); // its server ends before it does
    await operator.connect();
    endings.push(() => operator.destroy());
    const isStill = () =>
      vi.waitUntil(async () => (await redis.run(ECHO, 'k', ['still']).catch(() => 'cut')) === 'still', {
        timeout: 30_000,
      });
    const cut = () => operator.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    await cut();
    await isStill();
    expect(changes).toEqual([]);
    await operator.sendCommand(['FLUSHALL']);
    await cut();
    await isStill();
    expect(changes).toEqual(['false data lost', 'true connected']);
  });

  it('is no connection where the server takes no writes', async () => {
    const server = await start('--replicaof', '127.0.0.1', '1');
    const reasons: string[] = [];
    const redis = await open(server.url, { onChange: (_, reason) => reasons.push(reason) });
    expect(redis.isUp()).toBe(false);
    expect(reasons[0]).toMatch(/READONLY|MASTERDOWN/);
  });

  it('takes scripts that the server has forgotten', async () => {
    const redis = await open((await start()).url);
    const flush = toScript("return redis.call('SCRIPT', 'FLUSH')");
    await redis.run(ECHO, 'k', [1]);
    await redis.run(flush, 'k', []).catch(() => {});
    await isUpSoon(redis);
    expect(await redis.run(ECHO, 'k', [2])).toBe('2');
  });

  it('that is lost before a script answers has an idempotent one run again', async () => {
    const server = await start();
    const source = "return redis.call('INCR', KEYS[1])";
    // From here on the server knows the script, so that it runs at the first attempt.
    await (await open(server.url)).run(toScript(source), 'first', []);
    const redis = await open(await loseAnswers(server, 'again'));
    expect(await redis.run(toIdempotentScript(source), 'again', [])).toBe(2);
    const other = await open(await loseAnswers(server, 'once'));
    await expect(other.run(toScript(source), 'once', [])).rejects.toThrow('Redis is unreachable');
    await isUpSoon(other);
    expect(await other.run(GET, 'once', [])).toBe('1');
  });

  it.skipIf(!hasOpenssl)('over TLS checks who answers', async () => {
    const { certFile, keyFile, cert: ca, remove } = createCertificate();
    endings.push(remove);
    const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-ca-cert-file', certFile];
    const server = await start('--port', '0', '--tls-port', 'PORT', ...files, '--tls-auth-clients', 'no');
    const url = `rediss://localhost:${server.port}`;
    expect(await (await open(url, { ca })).run(ECHO, 'k', ['safe'])).toBe('safe');
    const reasons: string[] = [];
    const onChange = (_: boolean, reason: string) => void reasons.push(reason);
    expect((await open(url, { onChange })).isUp()).toBe(false);
    expect((await open(url.replace('localhost', '127.0.0.1'), { ca, onChange })).isUp()).toBe(false);
    expect(reasons.join()).toMatch(/SELF_SIGNED.*,ERR_TLS_CERT_ALTNAME_INVALID/);
  });
});

const toPending = (caller: string): Pending => ({
  caller,
  tool: 'delete_user',
  args: 'a1',
  shown: 's1',
  expected: ['e1'],
  by: 'token',
});

describeWithRedis.each(RUNS)('confirmations in Redis, with scripts %s', (_, wrap) => {
  let server: RedisServer;
  const connect = async (url = server.url) => wrap(await open(url));
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.kill());

  it('are taken once, whatever characters are in them', async () => {
    const stores = [await connect(), await connect()].map((redis) => openPending(redis, 'a'));
    const pending = toPending('Zoë: {1}\n…');
    expect(await stores[0]?.put('id', pending)).toBe(true);
    expect(await stores[0]?.put('id', toPending('other'))).toBe(false);
    const taken = await Promise.all([stores[1]?.take('id'), stores[0]?.take('id')]);
    expect(taken.filter((one) => one !== undefined)).toEqual([pending]);
    expect(await stores[0]?.take('none')).toBeUndefined();
  });

  it('are so many for each caller, not counting those taken', async () => {
    const store = openPending(await connect(), 'b');
    const put = (caller: string, count: number) =>
      Promise.all(Array.from({ length: count }, (_, index) => store.put(`${caller} ${index}`, toPending(caller))));
    const both = await Promise.all([put('a', MAX_PENDING + 5), put('b', 3)]);
    expect(both.map((all) => all.filter(Boolean).length)).toEqual([MAX_PENDING, 3]);
    await store.take('a 0');
    expect(await store.put('a again', toPending('a'))).toBe(true);
    expect(await store.put('a too many', toPending('a'))).toBe(false);
  });

  it('are apart in each scope, and their IDs cannot be read', async () => {
    const redis = await connect();
    const store = openPending(redis, 'c');
    await store.put('wmcp_secret_id', toPending('caller@example.com'));
    expect(await openPending(redis, 'd').take('wmcp_secret_id')).toBeUndefined();
    expect(String(await redis.run(toScript("return redis.call('KEYS', '*')"), '', []))).not.toMatch(/secret|example/);
    const ttl = toScript("return redis.call('PTTL', redis.call('KEYS', KEYS[1])[1])");
    expect(Number(await redis.run(ttl, 'wmcp:*:pending:by:*', []))).toBeGreaterThan(200_000);
  });

  it('remember who said no, to what', async () => {
    const store = openPending(await connect(), 'e');
    await store.decline('a', 'call');
    const asked = [store.isDeclined('a', 'call'), store.isDeclined('b', 'call'), store.isDeclined('a', 'other')];
    expect(await Promise.all(asked)).toEqual([true, false, false]);
  });

  it('tell all replicas what became of a call, which cannot be read in Redis', async () => {
    const redis = await connect();
    const [one, other] = [openPending(redis, 'g'), openPending(redis, 'g')];
    const call = { caller: 'a', tool: 'delete_user', args: 'a1' };
    await one.keep('id', call);
    expect(await other.find('id')).toEqual(call);
    await other.keep('id', { ...call, result: '"what WorkOS said"' });
    expect(await one.find('id')).toEqual({ ...call, result: '"what WorkOS said"' });
    expect(await one.find('none')).toBeUndefined();
    const values = toScript("return redis.call('MGET', unpack(redis.call('KEYS', 'wmcp:*:pending:of:*')))");
    expect(String(await redis.run(values, '', []))).not.toMatch(/WorkOS|delete_user/);
  });

  it('are refused while Redis is away', async () => {
    const away = openPending(await connect(`redis://127.0.0.1:${await findPort()}`), 'f');
    const attempts = [
      away.put('id', toPending('a')),
      away.take('id'),
      away.decline('a', 'b'),
      away.isDeclined('a', 'c'),
      away.keep('id', { caller: 'a', tool: 'delete_user', args: 'a1' }),
      away.find('id'),
    ];
    for (const attempt of attempts) {
      await expect(attempt).rejects.toThrow(/keeps confirmations in Redis.*Nothing was sent to WorkOS/);
      await expect(attempt).rejects.toBeInstanceOf(RefusedError);
    }
    expect(await away.isDeclined('a', 'b')).toBe(true); // this server was told
  });
});

describe('a budget', () => {
  it('here slides with the clock', async () => {
    let time = 0;
    const budgets = createBudgets(() => time);
    const take = (at: number, key = 'a') => {
      time = at;
      return budgets.take(key, 2, 1_000);
    };
    expect(await take(0)).toEqual({ ok: true });
    expect(await take(400)).toEqual({ ok: true });
    expect(await take(700)).toEqual({ ok: false, retryAfterMs: 300 });
    expect(await take(700, 'b')).toEqual({ ok: true });
    expect(await take(1_000)).toEqual({ ok: true });
    expect(await take(1_001)).toEqual({ ok: false, retryAfterMs: 399 });
  });

  it('tells what is used, and takes nothing for it', async () => {
    let time = 0;
    const budgets = createBudgets(() => time);
    expect(await budgets.peek('a', 1_000)).toBe(0);
    await budgets.take('a', 2, 1_000);
    time = 500;
    await budgets.take('a', 2, 1_000);
    expect([await budgets.peek('a', 1_000), await budgets.peek('a', 1_000)]).toEqual([2, 2]);
    expect(await budgets.peek('b', 1_000)).toBe(0);
    time = 1_000;
    expect(await budgets.peek('a', 1_000)).toBe(1);
  });
});

describeWithRedis('budgets in Redis', () => {
  it('are shared, and slide', async () => {
    const { url } = await start();
    const common = { scope: 'x', replicas: 2, whenAway: 'share', now } as const;
    const a = createRedisBudgets({ ...common, redis: await open(url) });
    const b = createRedisBudgets({ ...common, redis: await open(url) });
    const take = (budgets: typeof a, key = 'agent') => budgets.take(key, 3, 1_000);
    const before = now();
    expect(await take(a)).toEqual({ ok: true });
    const after = now();
    expect([await take(b), await take(a)]).toEqual([{ ok: true }, { ok: true }]);
    const asked = now();
    const denied = await take(b);
    if (denied.ok) return expect.fail('a fourth is let in');
    // One window after the first; Redis counts in whole milliseconds.
    expect(denied.retryAfterMs).toBeGreaterThan(1_000 - (now() - before) - 2);
    expect(denied.retryAfterMs).toBeLessThan(1_000 - (asked - after) + 2);
    expect(await take(b, 'other')).toEqual({ ok: true });
    await sleep(denied.retryAfterMs + 5);
    expect(await take(b)).toEqual({ ok: true });
  });

  it('tell what all servers have used, and take nothing for it', async () => {
    const server = await start();
    const common = { scope: 'x', replicas: 2, whenAway: 'share', now } as const;
    const redis = await open(server.url);
    const a = createRedisBudgets({ ...common, redis });
    const b = createRedisBudgets({ ...common, redis: await open(server.url) });
    await a.take('agent', 8, 60_000);
    await b.take('agent', 8, 60_000);
    expect([await a.peek('agent', 60_000), await b.peek('agent', 60_000)]).toEqual([2, 2]);
    expect(await a.peek('other', 60_000)).toBe(0);
    await server.kill();
    await a.take('agent', 8, 60_000);
    expect(await a.peek('agent', 60_000)).toBeUndefined();
    await server.restart();
    await isUpSoon(redis);
    // Redis has forgotten the two before it died. It does not know of the one since yet.
    expect(await a.peek('agent', 60_000)).toBe(1);
  });

  it('go on in part while Redis is away, and what was taken then counts afterwards', async () => {
    const server = await start();
    const common = { scope: 'x', replicas: 2, whenAway: 'share', now } as const;
    const redis = await open(server.url);
    const a = createRedisBudgets({ ...common, redis });
    const strict = createRedisBudgets({ ...common, redis, whenAway: 'refuse' });
    const takes = async (budgets: typeof a, count: number) => {
      const all = [];
      for (let index = 0; index < count; index += 1) all.push((await budgets.take('agent', 8, 60_000)).ok);
      return all.filter(Boolean).length;
    };
    expect(await takes(a, 2)).toBe(2);
    await server.kill();
    // Half of 8, with the two before.
    expect(await takes(a, 5)).toBe(2);
    await expect(takes(strict, 1)).rejects.toBeInstanceOf(RefusedError);
    await server.restart();
    await isUpSoon(redis);
    // Redis has forgotten the two before it died, and learns of the two since.
    expect(await takes(a, 10)).toBe(6);
  });
});

describeWithRedis('while Redis is away', () => {
  const slots = [{ name: 'only', requests: 4, seconds: 3, key: '' }];
  const context = {
    signal: new AbortController().signal,
    deadline: now() + 60_000,
    agent: 'a',
    repeat: 'never',
  } as const;
  const request = { method: 'GET', path: '/', headers: {}, body: undefined } as const;

  /** Lets milliseconds of the clock pass, and what happens in them. */
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      await vi.advanceTimersByTimeAsync(Math.min(left, 50));
      await immediate();
    }
  }

  async function createSend(whenAway: 'share' | 'refuse') {
    const server = await start();
    const redis = await open(server.url);
    const shared = createSharedWindows({ redis, scope: 'x', replicas: 2, whenAway, now });
    const send = limit(systemClock, shared)(async () => ({ status: 200, headers: {}, body: '' }));
    const go = (budget = 60_000) => send(request, { ...context, slots, deadline: now() + budget });
    return { server, redis, go };
  }

  it('windows are refused, by setting', async () => {
    const { server, redis, go } = await createSend('refuse');
    expect((await go()).status).toBe(200);
    await server.kill();
    await expect(go()).rejects.toThrow(/in Redis and cannot reach it\. Nothing was sent to WorkOS/);
    await server.restart();
    await isUpSoon(redis);
    expect((await go()).status).toBe(200);
  });

  it('a command is given up in time where the server hangs, and the connection is back by itself', async () => {
    const server = await start();
    const redis = await open(server.url);
    const changes: boolean[] = [];
    redis.onChange((isUp) => changes.push(isUp));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    server.signal('SIGSTOP');
    const lost = expect(redis.run(ECHO, 'k', [1])).rejects.toThrow('Redis is unreachable');
    await pass(1_199);
    await lost;
    await expect(redis.run(ECHO, 'k', [1])).rejects.toThrow('Redis is unreachable');
    await pass(1_500);
    expect(redis.isUp()).toBe(false);
    server.signal('SIGCONT');
    await isUpSoon(redis);
    expect(await redis.run(ECHO, 'k', ['again'])).toBe('again');
    expect(changes).toEqual([false, true]);
  });

  it('windows hold a part of each limit, counting what was sent before', async () => {
    const { server, redis, go } = await createSend('share');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    await go();
    await server.kill();
    await vi.waitUntil(() => !redis.isUp(), { timeout: 30_000 });
    await go(100);
    // Two of four are this server's part, and one window after the first answer it has one again.
    await expect(go(100)).rejects.toThrow('used up. Wait at least 3 seconds');
    const later = go();
    await pass(3_100);
    await later;
    await server.restart();
    await isUpSoon(redis);
    // What was sent meanwhile is not known to all yet: the part is still the part.
    const calls = Promise.allSettled([go(100), go(100), go(100)]);
    await pass(200);
    const results = await calls;
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeLessThan(2);
  });
});
