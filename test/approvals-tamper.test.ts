import { afterEach, beforeEach, expect, it } from 'vitest';
import { APPROVAL_MS, type ApprovalStore } from '../src/call/confirm/approvals.ts';
import { RefusedError } from '../src/errors.ts';
import { openRedis, toScript } from '../src/redis/connect.ts';
import { createRedisOnceStore } from '../src/redis/once.ts';
import { ASKED_AT, openReplica, toAnswer, toApproval } from './support/approvals.ts';
import { findPort } from './support/find-port.ts';
import { describeWithRedis, startRedis, useRedis } from './support/redis.ts';

const KEYS = toScript("return redis.call('KEYS', KEYS[1])");
const GET = toScript("return redis.call('GET', KEYS[1])");
const SET = toScript("return redis.call('SET', KEYS[1], ARGV[1])");
const DEL = toScript("return redis.call('DEL', KEYS[1])");
const HVALS = toScript("return redis.call('HVALS', KEYS[1])");
const HSET_ALL = toScript(
  "for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do redis.call('HSET', KEYS[1], name, ARGV[1]) end",
);
const MEMBERS = toScript("return redis.call('ZRANGE', KEYS[1], 0, -1)");
const ADD = toScript("return redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])");
const FLUSH = toScript("return redis.call('FLUSHALL')");

describeWithRedis('another client that writes to the Redis of what waits', () => {
  const redis = useRedis();
  let warnings: object[];
  let time: number;
  const log = { warn: (fields: object) => void warnings.push(fields) };
  const open = (other: Parameters<typeof openReplica>[3] = {}): ApprovalStore =>
    openReplica(redis, 'a', () => time, { log, ...other });
  const keysOf = async (kind: string) => [await redis.run(KEYS, `wmcp:*:${kind}`, [])].flat().map(String);
  /** The only key of a kind. */
  const keyOf = async (kind: string) => {
    const keys = await keysOf(kind);
    expect(keys).toHaveLength(1);
    return String(keys[0]);
  };
  const get = async (key: string) => String(await redis.run(GET, key, []));
  const set = (key: string, value: string) => redis.run(SET, key, [value]);
  const remove = (key: string) => redis.run(DEL, key, []);
  const warned = { kind: 'approvals' };

  beforeEach(() => {
    time = ASKED_AT;
    warnings = [];
  });
  afterEach(() => redis.run(FLUSH, '', []));

  it('can read nothing of a call, its agent, its answer or a hold', async () => {
    const store = open();
    await store.put(toApproval('handle-1', { caller: 'support', reason: 'because' }));
    await store.answer('handle-1', toAnswer('no', { words: 'not today' }));
    await store.countNo('support');
    const keys = await keysOf('*');
    const values = [
      ...(await Promise.all((await keysOf('approvals:[awv]:*')).map(get))),
      await redis.run(HVALS, await keyOf('approvals:noes'), []),
      await redis.run(MEMBERS, await keyOf('approvals:all'), []),
    ];
    const all = [...keys, ...values].flat().join('\n');
    expect(all.length).toBeGreaterThan(1_000);
    // Each longer, or with characters that base64 does not have: that would hold any three letters now and then.
    expect(all).not.toMatch(/handle-1|support|because|not today|delete|user|Ann M|grace|"yes"|"no"/);
  });

  it.each([
    ['changes a call', (value: string) => `${value.slice(0, 40)}${value[40] === 'A' ? 'B' : 'A'}${value.slice(41)}`],
    ['cuts its seal off', (value: string) => value.slice(0, -22)],
    ['writes one of its own', () => JSON.stringify(toApproval('h1'))],
    ['writes what is no text of ours', () => '\u0000'],
  ])('that %s: the value counts as absent', async (_, change) => {
    await open().put(toApproval('h1'));
    const key = await keyOf('approvals:w:*');
    await set(key, change(await get(key)));
    expect(await open().list()).toEqual([]);
    expect(await open().find('h1')).toBeUndefined();
    expect(await open().answer('h1', toAnswer('yes'))).toBe(false);
    expect(warnings).toEqual([warned, warned, warned]);
  });

  it('that moves a call to another handle or deployment key gains nothing', async () => {
    await open().put(toApproval('h1'));
    const key = await keyOf('approvals:w:*');
    expect(await open({ key: Buffer.alloc(32, 2) }).find('h1')).toBeUndefined();
    const value = await get(key);
    await remove(key);
    await open().put(toApproval('h2', { tool: 'delete_organization' }));
    await set(await keyOf('approvals:w:*'), value);
    expect(await open().find('h2')).toBeUndefined();
    expect(warnings).toEqual([warned, warned]);
  });

  it.each([
    ['an answer of its own', async () => JSON.stringify(toAnswer('yes'))],
    [
      'the answer to another call',
      async () => {
        await open().put(toApproval('h2', { caller: 'night' }));
        await open().answer('h2', toAnswer('yes'));
        const value = await get(await keyOf('approvals:a:*'));
        await open().take('h2');
        return value;
      },
    ],
    ['the call as its answer', async () => get(await keyOf('approvals:w:*'))],
    [
      'an answer under another key',
      async () => {
        const stranger = openReplica(redis, 'b', () => time, { key: Buffer.alloc(32, 2) });
        await stranger.put(toApproval('h1'));
        await stranger.answer('h1', toAnswer('yes'));
        const value = await get(await keyOf('approvals:a:*'));
        await stranger.take('h1');
        return value;
      },
    ],
  ])('that writes %s confirms nothing, and keeps no approver out', async (_, toValue) => {
    await open().put(toApproval('h1'));
    const value = await toValue();
    const key = (await keyOf('approvals:w:*')).replace(':w:', ':a:');
    await set(key, value);
    expect(await open().take('h1')).toBeUndefined();
    await set(key, value);
    expect(await open().list()).toEqual([toApproval('h1')]);
    await set(key, value);
    const waits = open().waitFor('h1', 60_000, new AbortController().signal);
    await expect.poll(() => warnings).toHaveLength(3);
    expect(await open().answer('h1', toAnswer('no'))).toBe(true);
    await waits;
    expect((await open().take('h1'))?.answer).toEqual(toAnswer('no'));
  });

  it('that puts an approval and its answer back gains nothing at the server that took them', async () => {
    const store = open();
    await store.put(toApproval('h1'));
    await open().answer('h1', toAnswer('yes'));
    const saved = await Promise.all(
      [await keyOf('approvals:w:*'), await keyOf('approvals:a:*')].map(async (key) => [key, await get(key)] as const),
    );
    const [member = ''] = [await redis.run(MEMBERS, await keyOf('approvals:all'), [])].flat().map(String);
    expect(await store.take('h1')).toBeDefined();
    for (const [key, value] of saved) await set(key, value);
    await redis.run(ADD, saved[0]?.[0].replace(/w:.*/, 'all') ?? '', [Date.now() + 60_000, member]);
    expect(await store.take('h1')).toBeUndefined();
    expect(await store.find('h1')).toBeUndefined();
    expect(await store.list()).toEqual([]);
    expect(await store.put(toApproval('h1'))).toBe(false);
  });

  it('that keeps a call beyond its end gains nothing', async () => {
    await open().put(toApproval('h1'));
    await open().answer('h1', toAnswer('yes'));
    for (const kind of ['w', 'a']) {
      const key = await keyOf(`approvals:${kind}:*`);
      await set(key, await get(key));
    }
    time += APPROVAL_MS;
    expect(await open().take('h1')).toBeUndefined();
    expect(await open().list()).toEqual([]);
  });

  it('that removes an answer does not have the same server ask again, nor turns it into an earlier one', async () => {
    const store = open();
    await store.put(toApproval('h1'));
    await store.answer('h1', toAnswer('yes'));
    const key = await keyOf('approvals:a:*');
    const yes = await get(key);
    await remove(key);
    expect(await store.list()).toEqual([]);
    expect(await store.answer('h1', toAnswer('no'))).toBe(false);
    expect(await store.take('h1')).toBeUndefined();
    // Another server did not hear of the yes. Its no stays, whatever is written back.
    const other = open();
    expect(await other.answer('h1', toAnswer('no'))).toBe(true);
    await set(key, yes);
    expect((await other.take('h1'))?.answer).toEqual(toAnswer('no'));
  });

  it('that removes a hold does not end it at a server that knew of it, which tells the others anew', async () => {
    const store = open();
    for (const other of [store, open(), open()]) await other.countNo('support');
    expect(await store.isHeld('support')).toBe(true);
    const key = await keyOf('approvals:noes');
    await remove(key);
    expect(await open().isHeld('support')).toBe(false);
    expect(await store.heldCallers()).toEqual(['support']);
    expect(await store.isHeld('support')).toBe(true);
    expect(await open().isHeld('support')).toBe(true);
  });

  it('that writes a hold holds no agent, and one from before a lift holds it no more', async () => {
    for (let count = 0; count < 3; count += 1) await open().countNo('support');
    const key = await keyOf('approvals:noes');
    const [held = ''] = [await redis.run(HVALS, key, [])].flat().map(String);
    const store = open();
    time += 1;
    await store.lift('support');
    await redis.run(HSET_ALL, key, [held]);
    expect(await store.isHeld('support')).toBe(false);
    await redis.run(HSET_ALL, key, ['{"isHeld":true}']);
    expect(await open().isHeld('support')).toBe(false);
    expect(await open().heldCallers()).toEqual([]);
    // The hold of one agent is not that of another.
    await redis.run(FLUSH, '', []);
    await open().countNo('night');
    await redis.run(HSET_ALL, key, [held]);
    expect([await open().isHeld('night'), await open().isHeld('support')]).toEqual([false, false]);
    expect(warnings.length).toBeGreaterThan(0);
  });

  it('that adds members to the list shows none, and one that empties it hides calls that can still be found', async () => {
    await open().put(toApproval('h1'));
    const all = await keyOf('approvals:all');
    for (const member of ['', 'x', 'y'.repeat(200)]) await redis.run(ADD, all, [Date.now() + 60_000, member]);
    expect(await open().list()).toEqual([toApproval('h1')]);
    await remove(all);
    expect(await open().list()).toEqual([]);
    expect(await open().find('h1')).toMatchObject({ approval: toApproval('h1') });
  });

  it('that removes a used link does not have it used again at the same server, and cannot read it', async () => {
    const store = createRedisOnceStore({ redis, scope: 'a', today: () => time });
    expect(await store.use('link-of-grace', ASKED_AT + 60_000)).toBe(true);
    const key = await keyOf('once:*');
    expect(`${key} ${await get(key)}`).not.toMatch(/link|grace/);
    await remove(key);
    expect(await store.isUsed('link-of-grace')).toBe(true);
    expect(await store.use('link-of-grace', ASKED_AT + 60_000)).toBe(false);
  });
});

describeWithRedis('while the Redis of what waits is away', () => {
  it('every call and page is refused in clear words, and a call that waits already waits on', async () => {
    const server = await startRedis();
    const redis = await openRedis(server.url, { commandTimeout: 5_000 });
    const store = openReplica(redis, 'a', () => ASKED_AT);
    const once = createRedisOnceStore({ redis, scope: 'a', today: () => ASKED_AT });
    await store.put(toApproval('h1'));
    let isOver = false;
    const cancelling = new AbortController();
    const waits = store.waitFor('h1', 60_000, cancelling.signal).then(() => {
      isOver = true;
    });
    let told = 0;
    const end = store.onChange(() => void told++);
    await expect.poll(() => told).toBe(1);
    await server.kill();
    await expect.poll(() => told).toBe(2); // listeners hear of it
    const attempts = [
      store.put(toApproval('h2')),
      store.find('h1'),
      store.list(),
      store.answer('h1', toAnswer('yes')),
      store.take('h1'),
      store.countNo('support'),
      store.isHeld('support'),
      store.heldCallers(),
      store.lift('support'),
      once.use('link', ASKED_AT + 1),
      once.isUsed('link'),
    ];
    for (const attempt of attempts) {
      await expect(attempt).rejects.toThrow(
        /^This server keeps .* in Redis and cannot reach it\..* Try again in a minute\./,
      );
      await expect(attempt).rejects.toBeInstanceOf(RefusedError);
    }
    expect(isOver).toBe(false);
    await server.restart();
    // What waited is gone with that server's memory.
    await waits;
    end();
    cancelling.abort();
    // A no that could not be written counts here all the same.
    await expect.poll(() => store.isHeld('support').catch(() => 'away')).toBe(false);
    await store.countNo('support');
    await store.countNo('support');
    expect(await store.isHeld('support')).toBe(true);
    await redis.close();
    await server.kill();
  });

  it('the noes of so many callers at most are remembered', async () => {
    const server = await startRedis();
    const redis = await openRedis(server.url, { commandTimeout: 5_000 });
    const store = openReplica(redis, 'a', () => ASKED_AT);
    await server.kill();
    for (let index = 0; index < 1_000; index += 1) await store.countNo(`c${index}`).catch(() => {});
    await server.restart();
    await expect.poll(redis.isUp).toBe(true);
    expect(await store.put(toApproval('h1'))).toBe(false);
    expect(await openReplica(redis, 'a', () => ASKED_AT).put(toApproval('h1'))).toBe(true);
    await redis.close();
    await server.kill();
  });

  it('a server that starts without it answers with the same words', async () => {
    const redis = await openRedis(`redis://127.0.0.1:${await findPort()}`);
    await expect(openReplica(redis, 'a', () => ASKED_AT).list()).rejects.toBeInstanceOf(RefusedError);
    await redis.close();
  });
});
