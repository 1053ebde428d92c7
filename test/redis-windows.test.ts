import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../src/clock.ts';
import { RefusedError } from '../src/errors.ts';
import { openRedis, type Redis, toScript } from '../src/redis/connect.ts';
import { createSharedWindows } from '../src/redis/windows.ts';
import { TransportError } from '../src/workos/errors.ts';
import type { Context, Reply, Slot } from '../src/workos/layer.ts';
import { limit, type Shared } from '../src/workos/limits/limit.ts';
import { measureLag } from './support/lag.ts';
import { describeWithRedis, type RedisServer, startRedis } from './support/redis.ts';

const { now } = systemClock;
const slot = (name: string, requests: number, seconds: number, key = ''): Slot => ({ name, requests, seconds, key });
const REQUEST = { method: 'GET', path: '/', headers: {}, body: undefined } as const;
const OK: Reply = { status: 200, headers: {}, body: '' };

const context = (slots: readonly Slot[], fields: Partial<Context> = {}): Context => ({
  signal: new AbortController().signal,
  deadline: now() + 15_000,
  agent: 'a',
  repeat: 'never',
  slots,
  ...fields,
});

describeWithRedis('windows in Redis', () => {
  let server: RedisServer;
  const open: Redis[] = [];
  let scopes = 0;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await Promise.all(open.map((redis) => redis.close()));
    await server?.kill();
  });

  /** So many servers that share their windows. */
  async function createServers(count: number, fields: { whenAway?: 'share' | 'refuse'; url?: string } = {}) {
    const { whenAway = 'share', url = server.url } = fields;
    scopes += 1;
    const scope = `test ${scopes}`;
    const create = async () => {
      const redis = await openRedis(url, { commandTimeout: 1_000 });
      open.push(redis);
      return createSharedWindows({ redis, scope, replicas: count, whenAway, now });
    };
    return Promise.all(Array.from({ length: count }, create));
  }
  const two = async () => (await createServers(2)) as [Shared, Shared];
  const take = (shared: Shared, slots: readonly Slot[], within = 10_000) => {
    const place = shared.toPlace(slots, now() + within);
    return place.ask().then((verdict) => ({ ...place, verdict }));
  };

  it('gives all places of a request or none, and says when to ask again', async () => {
    const [a, b] = await two();
    const both = [slot('wide', 10, 60), slot('narrow', 2, 1, 'x')];
    const first = await take(a, both);
    expect([first.verdict, (await take(b, both)).verdict]).toEqual(['granted', 'granted']);
    // In flight: nothing can be free before one window from now.
    expect((await take(b, both)).verdict).toEqual({ denied: 1, ms: 1_000 });
    first.cool(now(), 0);
    await sleep(300);
    const { verdict } = await take(a, both);
    expect(verdict).toEqual({ denied: 1, ms: expect.toSatisfy((ms: number) => ms > 500 && ms <= 760) });
    // Neither of the two that were denied left anything in the wide one.
    const rest = await Promise.all(Array.from({ length: 9 }, () => take(b, [slot('wide', 10, 60)])));
    expect(rest.filter((place) => place.verdict === 'granted')).toHaveLength(8);
  });

  it('frees a place one window after its answer, and at once when nothing was sent', async () => {
    const [a, b] = await two();
    const slots = [slot('only', 1, 1.2)];
    const first = await take(a, slots);
    await sleep(900);
    first.cool(now(), 0);
    await sleep(400); // a window after it was taken, and far less than one after its answer
    expect((await take(b, slots)).verdict).toMatchObject({ denied: 0 });
    await sleep(900);
    const second = await take(b, slots);
    expect(second.verdict).toBe('granted');
    second.giveBack();
    expect((await take(b, slots)).verdict).toBe('granted');
  });

  it('counts what is for all keys in each of them', async () => {
    const [a, b] = await two();
    const to = (key: string) => [slot('directory', 2, 5, key)];
    const verdicts = [];
    for (const key of ['x', '*', 'x', 'y', '*', 'y']) verdicts.push((await take(a, to(key))).verdict);
    const denied = { denied: 0, ms: 5_000 };
    expect(verdicts).toEqual(['granted', 'granted', denied, 'granted', denied, denied]);
    expect((await take(b, to('z'))).verdict).toBe('granted');
  });

  it('shares the pause after a 429', async () => {
    const [a, b] = await two();
    const to = (key: string) => [slot('general', 100, 60), slot('only', 5, 1, key)];
    const first = await take(a, to('x'));
    first.cool(now(), 30_000);
    await sleep(20);
    expect((await take(b, to('x'))).verdict).toEqual({ denied: 1, ms: expect.closeTo(30_000, -3) });
    expect((await take(b, to('*'))).verdict).toEqual({ denied: 1, ms: expect.closeTo(30_000, -3) });
    expect((await take(b, to('y'))).verdict).toBe('granted');
  });

  it('keeps a place for the server that has waited longest, for as long as it may be on its way', async () => {
    const [a, b] = await two();
    const slots = [slot('only', 1, 0.3)];
    const first = await take(a, slots);
    first.cool(now(), 0);
    const waits = b.toPlace(slots, now() + 5_000);
    expect(await waits.ask()).toMatchObject({ denied: 0 });
    await sleep(310);
    const hasty = a.toPlace(slots, now() + 5_000);
    expect(await hasty.ask()).toEqual({ denied: 0, ms: expect.toSatisfy((ms: number) => ms <= 100) });
    expect(await waits.ask()).toBe('granted');
    waits.giveBack();
    expect(await hasty.ask()).toBe('granted');
  });

  it('gives a kept place away when nobody comes for it', async () => {
    const [a, b] = await two();
    const slots = [slot('only', 1, 0.2)];
    (await take(a, slots)).cool(now(), 0);
    await take(b, slots);
    await sleep(330);
    expect((await take(a, slots)).verdict).toBe('granted');
  });

  const LIMITS = [slot('general', 6, 0.3), slot('reads', 3, 0.2), slot('directory', 2, 0.1)] as const;
  const KEYS = ['x', 'y', '*'];
  const anyPlan = fc.record({
    at: fc.nat(500),
    server: fc.nat(2),
    agent: fc.constantFrom('a', 'b'),
    there: fc.oneof(fc.nat(5), fc.nat(80)),
    back: fc.oneof(fc.nat(5), fc.nat(80)),
    fails: fc.constantFrom('', '', '', '', 'unsent', 'midway'),
    cancelAfter: fc.option(fc.nat(400), { nil: undefined, freq: 8 }),
    slots: fc
      .tuple(fc.boolean(), fc.boolean(), fc.constantFrom(...KEYS))
      .map(([general, reads, key]) => [
        ...(general ? [LIMITS[0]] : []),
        ...(reads ? [LIMITS[1]] : []),
        { ...LIMITS[2], key },
      ]),
  });

  async function playOnce(plans: readonly (typeof anyPlan extends fc.Arbitrary<infer Plan> ? Plan : never)[]) {
    const sends = (await createServers(3)).map((shared) => {
      type Plan = (typeof plans)[number];
      return (plan: Plan, arrivals: { at: number; slots: readonly Slot[] }[]) =>
        limits(shared)(async () => {
          if (plan.fails === 'unsent') throw new TransportError('connection refused', false);
          await sleep(plan.there);
          arrivals.push({ at: now(), slots: plan.slots });
          if (plan.fails === 'midway') throw new TransportError('the connection was dropped', true);
          await sleep(plan.back);
          return OK;
        });
    });
    // One layer for each server: the queue is in it.
    const layers = new Map<Shared, ReturnType<typeof limit>>();
    function limits(shared: Shared) {
      const layer = layers.get(shared) ?? limit(systemClock, shared);
      layers.set(shared, layer);
      return layer;
    }
    const arrivals: { at: number; slots: readonly Slot[] }[] = [];
    await Promise.all(
      plans.map(async (plan) => {
        await sleep(plan.at);
        const cancel = new AbortController();
        if (plan.cancelAfter !== undefined) setTimeout(() => cancel.abort(), plan.cancelAfter);
        const { agent, slots } = plan;
        const call = sends[plan.server]?.(plan, arrivals)(REQUEST, context(slots, { agent, signal: cancel.signal }));
        await call?.catch((error: unknown) => {
          if (!(error instanceof TransportError)) throw error;
        });
      }),
    );
    for (const { name, requests, seconds } of LIMITS) {
      for (const key of name === 'directory' ? ['x', 'y'] : ['']) {
        const own = arrivals.filter(({ slots }) =>
          slots.some((other) => other.name === name && (other.key === key || other.key === '*')),
        );
        const times = own.map(({ at }) => at).sort((a, b) => a - b);
        for (const [index, at] of times.entries()) {
          expect((times[index + requests] ?? Number.POSITIVE_INFINITY) - at).toBeGreaterThan(seconds * 1_000);
        }
      }
    }
  }

  it('a wait beyond the budget is refused at once when others have used the limit up', async () => {
    const [a, b] = await two();
    const slots = [slot('general', 3, 60)];
    const first = await Promise.all([take(a, slots), take(a, slots), take(a, slots)]);
    for (const place of first) place.cool(now(), 0);
    await sleep(20);
    const send = limit(systemClock, b)(async () => OK);
    const start = now();
    const lag = measureLag();
    const call = send(REQUEST, context(slots, { deadline: now() + 10_000 }));
    await expect(call).rejects.toEqual(
      new RefusedError(
        "WorkOS's rate limit general (3 requests per 60 seconds) is used up. Wait at least 60 seconds, then call again.",
        'the rate limit general is used up',
      ),
    );
    expect(now() - start - lag()).toBeLessThan(500);
  });

  it('a call that is cancelled while it waits for Redis is not sent, and leaves no place taken', async () => {
    const [a, b] = await two();
    const slots = [slot('only', 1, 5)];
    const cancel = new AbortController();
    const call = limit(systemClock, a)(() => Promise.reject(new Error('sent')))(
      REQUEST,
      context(slots, { signal: cancel.signal }),
    );
    cancel.abort();
    await expect(call).rejects.toEqual(new TransportError('the call was cancelled', false));
    await sleep(20);
    expect((await take(b, slots)).verdict).toBe('granted');
  });

  // Beside each other: they mostly wait.
  describe.concurrent('in the long run', () => {
    it('whatever calls come to three servers, no sliding window sees more arrivals than allowed, and all are sent', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(anyPlan, { minLength: 1, maxLength: 40 }), { minLength: 6, maxLength: 6 }),
          async (runs) => {
            await Promise.all(runs.map(playOnce));
          },
        ),
        { numRuns: 4, endOnFailure: true },
      );
    }, 60_000);

    it('no server starves, however many calls another one has', async () => {
      const [busy, quiet] = (await two()).map((shared) => {
        return limit(
          systemClock,
          shared,
        )(async () => {
          await sleep(2);
          return OK;
        });
      });
      const slots = [slot('only', 2, 0.2)];
      const flood = Array.from({ length: 24 }, () => busy?.(REQUEST, context(slots)));
      await sleep(50);
      for (let turn = 0; turn < 3; turn += 1) {
        const start = now();
        const lag = measureLag();
        await quiet?.(REQUEST, context(slots));
        expect(now() - start - lag()).toBeLessThan(2 * 210 + 100);
      }
      await Promise.all(flood);
    });

    it('a request for several limits is sent, although others would always have one of them taken', async () => {
      const [a, b] = (await two()).map((shared) => limit(systemClock, shared)(async () => OK));
      const one = slot('one', 1, 0.2);
      const other = slot('two', 1, 0.2);
      const flood = Array.from({ length: 10 }, () => [
        b?.(REQUEST, context([one], { agent: 'b' })),
        b?.(REQUEST, context([other], { agent: 'c' })),
      ]).flat();
      await sleep(100);
      const start = now();
      const lag = measureLag();
      await a?.(REQUEST, context([one, other]));
      expect(now() - start - lag()).toBeLessThan(1_300);
      await Promise.all(flood);
    });

    it('frees the places of a server that is gone when its call must be over', async () => {
      const [a, b] = await two();
      const slots = [slot('only', 1, 1.2)];
      await take(a, slots, 200);
      await sleep(2_300);
      expect((await take(b, slots)).verdict).toMatchObject({ denied: 0 });
      await sleep(1_300);
      expect((await take(b, slots)).verdict).toBe('granted');
    });

    it('leaves nothing behind, and nothing readable in between', async () => {
      const [a] = await two();
      (await take(a, [slot('alone', 1, 0.3, 'someone@example.com')], 100)).cool(now(), 0);
      await sleep(20);
      const keys = async () => String(await open[0]?.run(toScript("return redis.call('KEYS', '*')"), '', []));
      expect(await keys()).toContain('alone');
      expect(await keys()).not.toContain('example.com');
      await vi.waitUntil(async () => !(await keys()).includes('alone'), { timeout: 3_800 });
    });
  });
});
