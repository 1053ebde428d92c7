import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { PENDING_MS, type Pending } from '../src/call/confirm/pending.ts';
import { createRedisAnswers } from '../src/redis/answers.ts';
import { openRedis, type Redis, toScript } from '../src/redis/connect.ts';
import { createKeylessPendingStore } from '../src/redis/pending.ts';
import { describeWithRedis, type RedisServer, startRedis } from './support/redis.ts';
import { openPending } from './support/redis-pending.ts';

const PENDING: Pending = { caller: 'one', tool: 'delete_user', args: 'a', shown: 's', expected: [], by: 'token' };
const KEYS = toScript("return redis.call('KEYS', KEYS[1])");
const GET = toScript("return redis.call('GET', KEYS[1])");
const SET = toScript("return redis.call('SET', KEYS[1], ARGV[1])");
const FLUSH = toScript("return redis.call('FLUSHALL')");

describeWithRedis('another client that writes to the Redis', () => {
  let server: RedisServer;
  let redis: Redis;
  let warnings: unknown[];
  const log = { warn: (fields: object) => void warnings.push(fields) };
  const open = (other: Parameters<typeof openPending>[2] = {}) => openPending(redis, 'a', { log, ...other });
  /** The only key of a kind. */
  const keyOf = async (kind: string) => {
    const keys = [await redis.run(KEYS, `wmcp:*:pending:${kind}`, [])].flat();
    expect(keys).toHaveLength(1);
    return String(keys[0]);
  };
  const PENDING_KEY = '[^bn]*'; // not `by:` or `no:`
  const get = async (key: string) => String(await redis.run(GET, key, []));
  const set = (key: string, value: string) => redis.run(SET, key, [value]);

  beforeAll(async () => {
    server = await startRedis();
    redis = await openRedis(server.url, { commandTimeout: 5_000 });
  });
  afterAll(async () => {
    await redis?.close();
    await server?.kill();
  });
  beforeEach(() => {
    warnings = [];
  });
  afterEach(() => redis.run(FLUSH, '', []));

  // IDs whose digests begin with neither b nor n, the first letters of the other keys.
  const ID = 'id-1';

  it.each([
    ['hands a confirmation to another agent', (value: string) => value.replace('"one"', '"two"')],
    ['turns the question to a person into one to the model', (value: string) => value.replace('token', 'prompt')],
    ['changes its end', (value: string) => value.replace(/^\d+/, '9999999999999')],
    ['cuts the MAC off', (value: string) => value.replace(/\.[\w-]{43}\./, '..')],
    ['writes one of an older version', () => JSON.stringify(PENDING)],
    ['writes what is no text of ours', () => '\u0000'],
  ])('that %s: the value counts as absent, and the log has no part of it', async (_, change) => {
    const store = open();
    await store.put(ID, PENDING);
    const key = await keyOf(PENDING_KEY);
    const value = await get(key);
    const caller = value.slice(0, value.search(/\d{13}\./));
    await set(key, caller + change(value.slice(caller.length)));
    expect(await store.take(ID)).toBeUndefined();
    expect(warnings).toEqual([{ kind: 'pending' }]);
  });

  it('that moves a confirmation to another ID, environment or deployment key gains nothing', async () => {
    const store = open();
    await store.put(ID, PENDING);
    const key = await keyOf(PENDING_KEY);
    const value = await get(key);
    for (const other of [open({ environment: 'production' }), open({ key: Buffer.alloc(32, 2) })]) {
      await set(key, value);
      expect(await other.take(ID)).toBeUndefined();
    }
    await store.put('id-2', PENDING);
    const [moved = ''] = [await redis.run(KEYS, 'wmcp:*:pending:[^bn]*', [])].flat().map(String);
    await set(moved, value);
    expect(await store.take('id-2')).toBeUndefined();
    expect(warnings).toHaveLength(3);
  });

  it('that puts a used confirmation back gains nothing at the server that took it', async () => {
    const store = open();
    await store.put(ID, PENDING);
    const key = await keyOf(PENDING_KEY);
    const value = await get(key);
    expect(await store.take(ID)).toEqual(PENDING);
    await set(key, value);
    expect(await store.take(ID)).toBeUndefined();
    expect(warnings).toEqual([{ kind: 'pending' }]);
  });

  it('that keeps a confirmation beyond its end gains nothing', async () => {
    let time = 1_000_000;
    const store = open({ now: () => time });
    await store.put(ID, PENDING);
    const key = await keyOf(PENDING_KEY);
    await set(key, await get(key));
    time += PENDING_MS;
    expect(await store.take(ID)).toBeUndefined();
  });

  it('that writes a decline declines nothing, and one that removes it is held against the server that heard it', async () => {
    const store = open();
    await store.decline('one', 'call');
    const key = await keyOf('no:*');
    const value = await get(key);
    expect(await open().isDeclined('one', 'call')).toBe(true);
    await set(key, '1');
    expect(await open().isDeclined('one', 'call')).toBe(false);
    await redis.run(FLUSH, '', []);
    expect(await store.isDeclined('one', 'call')).toBe(true);
    // A decline is not a confirmation, and not one of another call.
    await open().decline('one', 'other');
    await set(await keyOf('no:*'), value);
    expect(await open().isDeclined('one', 'other')).toBe(false);
    expect(warnings).toEqual([{ kind: 'declined' }, { kind: 'declined' }]);
  });
});

describeWithRedis('the answer of a person', () => {
  let server: RedisServer;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis();
    redis = await openRedis(server.url, { commandTimeout: 5_000 });
  });
  afterAll(async () => {
    await redis?.close();
    await server?.kill();
  });

  const QUESTION = '["session","question"]';
  const NAMES = { question: QUESTION, call: '["session",1]' };
  const cancel = () => expect.fail('it was not cancelled');
  const ANSWER = {
    jsonrpc: '2.0',
    id: 'question',
    result: { action: 'accept', content: { confirm: 'ABC123' } },
  } as const;
  const open = (byte = 1, warnings: unknown[] = []) =>
    createRedisAnswers({
      redis,
      scope: 'a',
      key: Buffer.alloc(32, byte),
      log: { warn: (fields: object) => void warnings.push(fields) },
      pollMs: 5,
    });
  const keysOf = async () => [await redis.run(KEYS, 'wmcp:*:answers:*', [])].flat().map(String);

  it('reaches the replica that asked, once, and cannot be read in Redis', async () => {
    const heard: unknown[] = [];
    expect(await open().pass(QUESTION, ANSWER)).toBe(false);
    const stop = open().expect(NAMES, { answer: (answer) => heard.push(answer), cancel });
    await expect.poll(() => keysOf()).toHaveLength(1);
    expect(await open().pass('["other","question"]', ANSWER)).toBe(false);
    const long = { ...ANSWER, result: { action: 'accept', content: { confirm: 'x'.repeat(20_000) } } } as const;
    expect(await open().pass(QUESTION, long)).toBe(false);
    expect(await open().pass(QUESTION, ANSWER)).toBe(true);
    expect(await open().pass(QUESTION, ANSWER)).toBe(false);
    await expect.poll(() => heard).toEqual([ANSWER]);
    for (const key of await keysOf()) expect(await redis.run(GET, key, [])).not.toMatch(/ABC123|accept/);
    stop();
    await expect.poll(() => keysOf()).toEqual([]);
  });

  it('is not awaited any more once the call was cancelled at another replica', async () => {
    let cancelled = 0;
    const on = { answer: () => expect.fail('it was not answered'), cancel: () => (cancelled += 1) };
    const stop = open().expect(NAMES, on);
    await open(2).passCancel(NAMES.call);
    await open().passCancel('["session",2]');
    await open().passCancel(NAMES.call);
    await expect.poll(() => cancelled).toBe(1);
    stop();
    await redis.run(FLUSH, '', []);
  });

  it('counts only with the seal of the deployment, for its question', async () => {
    const heard: unknown[] = [];
    const warnings: unknown[] = [];
    const stop = open(1, warnings).expect(NAMES, { answer: (answer) => heard.push(answer), cancel });
    await expect.poll(() => keysOf()).toHaveLength(1);
    expect(await open(2).pass(QUESTION, ANSWER)).toBe(true);
    await expect.poll(() => warnings).toEqual([{ kind: 'answers' }]);
    // The question is still open for the person's own answer.
    await expect.poll(() => open().pass(QUESTION, ANSWER)).toBe(true);
    await expect.poll(() => heard).toEqual([ANSWER]);
    stop();
  });
});

it('replicas without a deployment key refuse confirmations, and say what to set', async () => {
  const store = createKeylessPendingStore();
  const attempts = [store.put('id', PENDING), store.take('id'), store.decline('a', 'b'), store.isDeclined('a', 'b')];
  for (const attempt of attempts) {
    await expect(attempt).rejects.toThrow(/no deployment key.*Nothing was sent to WorkOS.*--deployment-key-file/);
  }
});
