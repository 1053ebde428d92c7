import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOnceStore, type OnceStore } from '../src/agents/once.ts';
import { createApprovalStore } from '../src/call/confirm/approval-store.ts';
import { APPROVAL_MS, type ApprovalStore } from '../src/call/confirm/approvals.ts';
import { merge, NO_NOES, NOES_MS, withLift, withNo } from '../src/call/confirm/noes.ts';
import { MAX_PENDING } from '../src/call/confirm/pending.ts';
import { RefusedError } from '../src/errors.ts';
import { ANSWER } from '../src/redis/approvals-script.ts';
import { createChanges } from '../src/redis/changes.ts';
import { openRedis, type Redis } from '../src/redis/connect.ts';
import { createRedisOnceStore } from '../src/redis/once.ts';
import { ASKED_AT, openReplica, toAnswer, toApproval } from './support/approvals.ts';
import { describeWithRedis, type RedisServer, RUNS, startRedis, useRedis } from './support/redis.ts';

let time = ASKED_AT;
const today = () => time;
const signal = new AbortController().signal;
const many = <T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => act(index)));
const fill = (text: string) => ({ shown: { ...toApproval('').shown, lines: [text] } });

/** What every store does. @param open two replicas, which are one store in memory */
function keeps(open: () => readonly [ApprovalStore, ApprovalStore]): void {
  let asking: ApprovalStore;
  let other: ApprovalStore;
  beforeEach(() => {
    time = ASKED_AT;
    [asking, other] = open();
  });

  it('shows at each replica what waits, in the order in which it was asked', async () => {
    expect(await asking.list()).toEqual([]);
    const [first, second] = [toApproval('h1'), toApproval('h2', { caller: 'night', askedAt: ASKED_AT + 1 })];
    expect([await asking.put(first), await other.put(second)]).toEqual([true, true]);
    for (const store of [asking, other]) {
      expect(await store.list()).toEqual([first, second]);
      expect(await store.find('h1')).toEqual({ approval: first, answer: undefined });
      expect(await store.find('h3')).toBeUndefined();
    }
  });

  it('keeps no second one under the same handle', async () => {
    await asking.put(toApproval('h1'));
    expect(await other.put(toApproval('h1', { tool: 'delete_organization' }))).toBe(false);
    expect((await asking.find('h1'))?.approval.tool).toBe('delete_user');
  });

  it('tells all that are kept, with their answers, until they are taken', async () => {
    const [first, second] = [toApproval('h1'), toApproval('h2', { askedAt: ASKED_AT + 1 })];
    await asking.put(first);
    await other.put(second);
    await other.answer('h1', toAnswer('yes'));
    for (const store of [asking, other]) {
      expect(await store.all()).toEqual([
        { approval: first, answer: toAnswer('yes') },
        { approval: second, answer: undefined },
      ]);
      expect(await store.list()).toEqual([second]);
    }
    await asking.take('h1');
    for (const store of [asking, other]) expect(await store.all()).toEqual([{ approval: second, answer: undefined }]);
  });

  it('counts only the first answer', async () => {
    await asking.put(toApproval('h1'));
    const answers = await Promise.all([
      asking.answer('h1', toAnswer('yes')),
      other.answer('h1', toAnswer('no', { words: 'not today' })),
    ]);
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await asking.answer('h1', toAnswer('no'))).toBe(false);
    const answer = answers[0] ? toAnswer('yes') : toAnswer('no', { words: 'not today' });
    for (const store of [asking, other]) {
      expect(await store.find('h1')).toEqual({ approval: toApproval('h1'), answer });
      expect(await store.list()).toEqual([]);
    }
    expect(await other.answer('h2', toAnswer('yes'))).toBe(false);
  });

  it('is taken once, by one of two at once, and only with an answer', async () => {
    await asking.put(toApproval('h1'));
    expect(await asking.take('h1')).toBeUndefined();
    await other.answer('h1', toAnswer('yes', { by: 'link' }));
    const taken = await Promise.all([asking.take('h1'), other.take('h1'), asking.take('h1'), other.take('h1')]);
    expect(taken.filter((one) => one !== undefined)).toEqual([
      { approval: toApproval('h1'), answer: toAnswer('yes', { by: 'link' }) },
    ]);
    for (const store of [asking, other]) {
      expect(await store.find('h1')).toBeUndefined();
      expect(await store.answer('h1', toAnswer('yes'))).toBe(false);
    }
  });

  it('ends after its hour', async () => {
    await asking.put(toApproval('h1'));
    await asking.put(toApproval('h2'));
    await other.answer('h2', toAnswer('yes'));
    expect(await asking.list()).toHaveLength(1);
    time += APPROVAL_MS;
    expect(await asking.list()).toEqual([]);
    expect(await other.find('h1')).toBeUndefined();
    expect(await other.answer('h1', toAnswer('yes'))).toBe(false);
    expect(await asking.take('h2')).toBeUndefined();
  });

  it('keeps so many of each caller, not counting those taken', async () => {
    const put = (index: number) => (index % 2 ? asking : other).put(toApproval(`h${index}`));
    expect((await many(MAX_PENDING + 3, put)).filter(Boolean)).toHaveLength(MAX_PENDING);
    expect(await asking.put(toApproval('x1', { caller: 'night' }))).toBe(true);
    const [one] = await other.list();
    await other.answer(one?.handle ?? '', toAnswer('no'));
    expect(await other.put(toApproval('x2'))).toBe(false);
    await asking.take(one?.handle ?? '');
    expect(await other.put(toApproval('x2'))).toBe(true);
  });

  it('refuses what is too large to be shown, and keeps so many bytes in all', async () => {
    const large = asking.put(toApproval('h1', fill('é'.repeat(32 * 1024))));
    await expect(large).rejects.toThrow(/^This call is too large to be shown.*Nothing was sent to WorkOS/);
    await expect(large).rejects.toBeInstanceOf(RefusedError);
    const put = (index: number) =>
      asking.put(toApproval(`b${index}`, { caller: `c${index}`, ...fill('x'.repeat(60 * 1024)) }));
    // 60 KiB and the rest of it, in 16 MiB.
    const kept = (await many(300, put)).filter(Boolean).length;
    expect(kept).toBeGreaterThan(260);
    expect(kept).toBeLessThan(273);
    expect(await other.list()).toHaveLength(kept);
  });

  it('keeps so many in all', async () => {
    const put = (index: number) => asking.put(toApproval(`n${index}`, { caller: `c${index}` }));
    expect((await many(1_010, put)).filter(Boolean)).toHaveLength(1_000);
    expect(await other.list()).toHaveLength(1_000);
  });

  it('lets a call wait until its answer, wherever it is given', async () => {
    await asking.put(toApproval('h1'));
    const waits = [asking, other].map((store) => store.waitFor('h1', 60_000, signal));
    await other.answer('h1', toAnswer('no'));
    await Promise.all(waits);
    await asking.waitFor('h1', 60_000, signal);
  });

  it('lets a call wait for what there is alone, for its time, and until it is cancelled', async () => {
    await asking.waitFor('h1', 60_000, signal);
    await asking.put(toApproval('h1'));
    await asking.waitFor('h1', 20, signal);
    expect((await asking.find('h1'))?.answer).toBeUndefined();
    const cancelling = new AbortController();
    const waits = asking.waitFor('h1', 60_000, cancelling.signal);
    cancelling.abort();
    await waits;
    await asking.waitFor('h1', 60_000, cancelling.signal);
  });

  it('tells each replica of what changed, until it listens no more', async () => {
    const heard = { asking: 0, other: 0 };
    const ends = [asking.onChange(() => void heard.asking++), other.onChange(() => void heard.other++)];
    const acts = [
      () => asking.put(toApproval('h1')),
      () => other.answer('h1', toAnswer('yes')),
      () => asking.take('h1'),
      () => other.countNo('support'),
      () => asking.lift('support'),
    ];
    for (const act of acts) {
      const before = { ...heard };
      await act();
      await expect.poll(() => heard.asking > before.asking && heard.other > before.other).toBe(true);
    }
    for (const end of ends) end();
    const before = { ...heard };
    await asking.put(toApproval('h2'));
    expect(heard).toEqual(before);
  });

  it('holds a caller after three noes within an hour, until a lift', async () => {
    const say = (store: ApprovalStore, at: number) => {
      time = ASKED_AT + at;
      return store.countNo('support');
    };
    await say(asking, 0);
    await say(other, 1);
    await say(other, NOES_MS);
    expect(await asking.isHeld('support')).toBe(false);
    await say(asking, NOES_MS); // the same millisecond counts as well
    expect([await asking.isHeld('support'), await other.isHeld('support')]).toEqual([true, true]);
    time += 100 * NOES_MS;
    expect(await other.heldCallers()).toEqual(['support']);
    expect([await asking.isHeld('support'), await asking.isHeld('night')]).toEqual([true, false]);
    await other.lift('support');
    for (const store of [asking, other]) {
      expect(await store.isHeld('support')).toBe(false);
      expect(await store.heldCallers()).toEqual([]);
    }
    await say(asking, time - ASKED_AT);
    await say(asking, time - ASKED_AT);
    expect(await other.isHeld('support')).toBe(false);
    await say(other, time - ASKED_AT);
    expect(await asking.isHeld('support')).toBe(true);
  });
}

describe('what waits in memory', () => {
  keeps(() => {
    const store = createApprovalStore(today);
    return [store, store];
  });

  it('begins with the noes that the record knows', async () => {
    time = ASKED_AT;
    const two = withNo(withNo(NO_NOES, ASKED_AT - 2), ASKED_AT - 1);
    const store = createApprovalStore(today, new Map([['support', two]]));
    expect(await store.isHeld('support')).toBe(false);
    await store.countNo('support');
    expect(await store.heldCallers()).toEqual(['support']);
  });

  it('asks about no further call where the noes of so many callers are remembered', async () => {
    time = ASKED_AT;
    const store = createApprovalStore(today);
    await many(1_000, (index) => store.countNo(`c${index}`));
    expect(await store.put(toApproval('h1'))).toBe(false);
    time += NOES_MS;
    expect(await store.put(toApproval('h2', { until: time + 1 }))).toBe(true);
  });
});

describeWithRedis.each(RUNS)('what waits in Redis, with scripts %s', (_, wrap) => {
  let server: RedisServer;
  let replicas: Redis[];
  let scopes = 0;
  const open = (scope: string) => replicas.map((redis) => openReplica(redis, scope, today));
  beforeAll(async () => {
    server = await startRedis();
    // Hundreds of commands at once take longer than those of one call.
    replicas = [
      await openRedis(server.url, { commandTimeout: 5_000 }),
      await openRedis(server.url, { commandTimeout: 5_000 }),
    ].map(wrap);
  });
  afterAll(async () => {
    for (const redis of replicas ?? []) await redis.close();
    await server?.kill();
  });

  keeps(() => {
    scopes += 1;
    const [asking = expect.fail(), other = expect.fail()] = open(`s${scopes}`);
    return [asking, other];
  });

  it('is there after a restart of the replica that asked, and apart from other deployments', async () => {
    time = ASKED_AT;
    const [asking, other] = open('restart');
    await asking?.put(toApproval('h1'));
    await other?.answer('h1', toAnswer('yes'));
    await many(3, async () => other?.countNo('night'));
    const [again = expect.fail()] = open('restart');
    expect(await again.isHeld('night')).toBe(true);
    expect(await again.take('h1')).toMatchObject({ answer: { answer: 'yes' } });
    const [elsewhere = expect.fail()] = open('elsewhere');
    await again.put(toApproval('h2'));
    expect([await elsewhere.list(), await elsewhere.heldCallers()]).toEqual([[], []]);
  });

  it('counts an answer whose script is run again after the call has taken it', async () => {
    time = ASKED_AT;
    const [redis = expect.fail(), other = expect.fail()] = replicas;
    const agents = openReplica(other, 'taken', today);
    const approvers = openReplica(
      {
        ...redis,
        run: async (script, key, args) => {
          const first = await redis.run(script, key, args);
          if (script !== ANSWER) return first;
          expect(await agents.take('h1')).toBeDefined();
          return redis.run(script, key, args);
        },
      },
      'taken',
      today,
    );
    await agents.put(toApproval('h1'));
    expect(await approvers.answer('h1', toAnswer('yes'))).toBe(true);
    expect(await agents.all()).toEqual([]);
    expect(await agents.take('h1')).toBeUndefined();
  });

  it('lets a call go on at once where its own server is answered', async () => {
    time = ASKED_AT;
    const [redis = expect.fail()] = replicas;
    const store = openReplica(redis, 'at once', today, { pollMs: 600_000 });
    await store.put(toApproval('h1'));
    const waits = store.waitFor('h1', 600_000, signal);
    await expect.poll(() => store.find('h1')).toBeDefined(); // the wait has looked before this
    await store.answer('h1', toAnswer('yes'));
    await waits;
    let told = 0;
    const end = store.onChange(() => void told++);
    await expect.poll(() => told).toBe(1);
    await store.put(toApproval('h2'));
    expect(told).toBe(2);
    end();
  });
});

describe('the look for what others changed', () => {
  it('that has begun before the last listener ended tells the next one nothing', async () => {
    const looks: ((found: string) => void)[] = [];
    const changes = createChanges(() => new Promise((resolve) => looks.push(resolve)), 1);
    let told = 0;
    changes.listen(() => expect.fail('it has ended'))();
    const end = changes.listen(() => void told++);
    looks[0]?.('old');
    looks[1]?.('new');
    await expect.poll(() => looks).toHaveLength(3);
    expect(told).toBe(1);
    end();
    end();
  });
});

describe('noes that replicas saw', () => {
  it('merge in any order, and a later lift ends those before it', () => {
    const one = withNo(withNo(NO_NOES, 10), 20);
    const other = withNo(NO_NOES, 15);
    const both = { lifted: 0, at: [10, 15, 20], isHeld: false };
    expect([merge(one, other), merge(other, one), merge(one, one)]).toEqual([both, both, one]);
    const held = withNo(one, 30);
    expect(merge(held, other).isHeld).toBe(true);
    const lifted = withLift(held, 25); // by a slower clock
    expect(lifted).toEqual({ lifted: 30, at: [], isHeld: false });
    expect([merge(lifted, held), merge(held, lifted)]).toEqual([lifted, lifted]);
    expect(withLift(lifted, 30).lifted).toBe(31);
  });
});

/** @param open two replicas, which are one store in memory */
function remembers(open: () => readonly [OnceStore, OnceStore]): void {
  it('is used once, by one of two at once, and remembered until its end', async () => {
    time = ASKED_AT;
    const [one, other] = open();
    expect(await one.isUsed('link')).toBe(false);
    const uses = await Promise.all([one, other, one, other].map((store) => store.use('link', ASKED_AT + 60_000)));
    expect(uses.filter(Boolean)).toHaveLength(1);
    expect([await one.isUsed('link'), await other.isUsed('link'), await one.isUsed('other')]).toEqual([
      true,
      true,
      false,
    ]);
  });
}

describe('what is used once, in memory', () => {
  remembers(() => {
    const store = createOnceStore(today);
    return [store, store];
  });
});

describeWithRedis('what is used once, in Redis', () => {
  const redis = useRedis();
  const open = () => createRedisOnceStore({ redis, scope: 'a', today });
  remembers(() => [open(), open()]);
});
