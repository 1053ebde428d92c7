import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../src/clock.ts';
import { RefusedError } from '../src/errors.ts';
import { TransportError } from '../src/workos/errors.ts';
import type { ApiRequest, Context, Reply, Slot } from '../src/workos/layer.ts';
import { limit } from '../src/workos/limits/limit.ts';
import { createQueue } from '../src/workos/limits/queue.ts';
import { hasRoom } from '../src/workos/limits/windows.ts';

const REQUEST: ApiRequest = { method: 'GET', path: '/', headers: {}, body: undefined };
const DATE = Date.parse('2026-01-01T00:00:00Z');

/** Virtual time: `run` goes from timer to timer, and lets everything happen in between. */
function createTime(jitter = () => 0) {
  let now = 0;
  type Timer = { readonly at: number; readonly callback: () => void };
  const timers = new Set<Timer>();
  const setTimer = (callback: () => void, ms: number) => {
    const timer = { at: now + Math.max(0, ms), callback };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  const clock: Clock = {
    now: () => now,
    date: () => DATE + now,
    setTimer: (callback, ms) => setTimer(callback, ms + jitter()),
  };
  const run = async (until = 1e7) => {
    for (;;) {
      await immediate();
      let next: Timer | undefined;
      for (const timer of timers) if (next === undefined || timer.at < next.at) next = timer;
      if (next === undefined || next.at > until) break;
      timers.delete(next);
      now = next.at;
      next.callback();
    }
    if (timers.size > 0) now = Math.max(now, until);
  };
  return {
    clock,
    run,
    timers,
    sleep: (ms: number) => new Promise<void>((resolve) => void setTimer(resolve, ms)),
  };
}

type Fate = {
  /** Milliseconds from here to WorkOS, and from there back. */
  readonly there: number;
  readonly back: number;
  readonly reply?: Partial<Reply>;
  readonly fails?: 'unsent' | 'midway';
};

type Plan = Partial<Fate> & {
  readonly at?: number;
  readonly agent?: string;
  readonly slots: readonly Slot[];
  /** Milliseconds after `at`. */
  readonly budget?: number;
  readonly cancelAfter?: number | undefined;
};

type Record = {
  readonly plan: Plan;
  readonly order: number;
  sentAt?: number;
  arrivedAt?: number;
  error?: unknown;
  endedAt?: number;
};

/** Plays calls through the layer in virtual time, against an upstream that records what arrives. */
async function play(plans: readonly Plan[], jitter?: () => number): Promise<Record[]> {
  const { clock, run, sleep } = createTime(jitter);
  const fates = new Map<ApiRequest, Record>();
  const send = limit(clock)(async (request) => {
    const record = fates.get(request);
    if (record === undefined) throw new Error('nobody sent this');
    const { there = 0, back = 0, fails, reply } = record.plan;
    record.sentAt = clock.now();
    if (fails === 'unsent') {
      await sleep(there);
      throw new TransportError('connection refused', false);
    }
    const arrival = sleep(there).then(() => {
      record.arrivedAt = clock.now();
    });
    if (fails === 'midway') {
      await sleep(back);
      throw new TransportError('the connection was dropped', true);
    }
    await arrival;
    await sleep(back);
    return { status: 200, headers: {}, body: '', ...reply };
  });
  const records = plans.map((plan, order): Record => ({ plan, order }));
  for (const record of records) {
    const { at = 0, agent = 'a', slots, budget = 1e6, cancelAfter } = record.plan;
    void sleep(at).then(async () => {
      const request = { ...REQUEST };
      fates.set(request, record);
      const cancel = new AbortController();
      if (cancelAfter !== undefined) void sleep(cancelAfter).then(() => cancel.abort());
      try {
        await send(request, context({ slots, agent, deadline: at + budget, signal: cancel.signal }));
      } catch (error) {
        record.error = error;
      }
      record.endedAt = clock.now();
    });
  }
  await run();
  return records;
}

const context = (fields: Partial<Context> & Pick<Context, 'slots'>): Context => ({
  signal: new AbortController().signal,
  deadline: 1e6,
  agent: 'a',
  repeat: 'never',
  ...fields,
});

const slot = (name: string, requests: number, seconds: number, key = ''): Slot => ({ name, requests, seconds, key });
const directory = (key: string) => slot('directory_users', 4, 1, key);
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const sentAt = (records: readonly Record[]) => records.map((record) => record.sentAt);

/** The most arrivals in any window of `seconds`, both ends included, among those that count for the key. */
function mostArrivals(records: readonly Record[], { name, seconds, key }: Slot): number {
  const arrivals = records
    .filter(({ plan }) => plan.slots.some((own) => own.name === name && (own.key === key || own.key === '*')))
    .flatMap(({ arrivedAt }) => (arrivedAt === undefined ? [] : [arrivedAt]))
    .sort((a, b) => a - b);
  let most = 0;
  let start = 0;
  arrivals.forEach((arrival, end) => {
    while (arrival - (arrivals[start] ?? 0) > seconds * 1000) start += 1;
    most = Math.max(most, end - start + 1);
  });
  return most;
}

const LIMITS = [slot('general', 6, 3), slot('reads', 3, 2), slot('directory', 2, 1)] as const;
const KEYS = ['x', 'y', 'z', '*'];

const anySlots = fc
  .tuple(fc.boolean(), fc.boolean(), fc.option(fc.constantFrom(...KEYS), { nil: undefined }))
  .map(([general, reads, key]) => [
    ...(general ? [LIMITS[0]] : []),
    ...(reads ? [LIMITS[1]] : []),
    ...(key === undefined ? [] : [{ ...LIMITS[2], key }]),
  ]);

const anyPlan: fc.Arbitrary<Plan> = fc.record({
  at: fc.nat(6_000),
  agent: fc.constantFrom('a', 'b', 'c'),
  slots: anySlots,
  there: fc.oneof(fc.nat(30), fc.nat(1_500)),
  back: fc.oneof(fc.nat(30), fc.nat(1_500)),
});

/** Some run into their deadline, some are cancelled, some are never sent, some are cut off on the way. */
const anyTroubledPlan: fc.Arbitrary<Plan> = fc
  .tuple(
    anyPlan,
    fc.oneof(fc.constant(1e6), fc.nat(6_000)),
    fc.option(fc.nat(4_000), { nil: undefined }),
    fc.constantFrom('none', 'none', 'unsent', 'midway'),
    fc.nat(400),
  )
  .map(([plan, budget, cancelAfter, fails, there]) => ({
    ...plan,
    budget,
    cancelAfter,
    ...(fails === 'none' ? {} : { fails: fails as 'unsent' | 'midway', there }),
  }));

const anyJitter = fc.infiniteStream(fc.integer({ min: -1, max: 4 })).map((stream) => () => stream.next().value ?? 0);

function expectKept(records: readonly Record[]) {
  for (const limit of LIMITS) {
    for (const key of limit.name === 'directory' ? KEYS : ['']) {
      expect(mostArrivals(records, { ...limit, key })).toBeLessThanOrEqual(limit.requests);
    }
  }
}

describe('whatever calls come', () => {
  const some = { minLength: 1, maxLength: 60 };

  it('no sliding window ever sees more arrivals than allowed, and every call is sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyPlan, some), anyJitter, async (plans, jitter) => {
        const records = await play(plans, jitter);
        expectKept(records);
        expect(records.filter(({ endedAt, error }) => endedAt === undefined || error !== undefined)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('holds with refusals, cancellations, unsent and broken requests, and each call ends in its time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyTroubledPlan, some), anyJitter, async (plans, jitter) => {
        const records = await play(plans, jitter);
        expectKept(records);
        for (const { plan, error, sentAt, endedAt } of records) {
          expect(endedAt).toBeDefined();
          const { at = 0, budget = 0, slots } = plan;
          if (error instanceof RefusedError) {
            expect(sentAt).toBeUndefined();
            expect(endedAt === at || (endedAt ?? 0) >= at + budget).toBe(true);
          }
          if (sentAt !== undefined && sentAt > at && slots.length > 0)
            expect(sentAt).toBeLessThanOrEqual(at + budget + 4);
          if (sentAt === undefined) expect(endedAt).toBeLessThanOrEqual(at + budget + 4);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('calls of one agent for the same windows keep their order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyPlan, some), async (plans) => {
        const lanes = new Map<string, Record[]>();
        for (const record of await play(plans)) {
          const lane = JSON.stringify([record.plan.agent, record.plan.slots]);
          lanes.set(lane, [...(lanes.get(lane) ?? []), record]);
        }
        for (const lane of lanes.values()) {
          const arrived = lane.sort((a, b) => (a.plan.at ?? 0) - (b.plan.at ?? 0) || a.order - b.order);
          const sent = sentAt(arrived);
          expect(sent).toEqual([...sent].sort((a = 0, b = 0) => a - b));
        }
      }),
    );
  });

  it('no agent has two turns in a window while another one waits', async () => {
    const anyCrowd = fc.array(
      fc.record({ at: fc.nat(3_000), agent: fc.constantFrom('a', 'b', 'c', 'd'), back: fc.nat(300) }),
      { minLength: 10, maxLength: 80 },
    );
    await fc.assert(
      fc.asyncProperty(anyCrowd, fc.integer({ min: 1, max: 4 }), async (crowd, requests) => {
        const records = await play(crowd.map((plan) => ({ ...plan, slots: [slot('only', requests, 1)] })));
        const sent = records.sort((a, b) => (a.sentAt ?? 0) - (b.sentAt ?? 0));
        for (const [index, first] of sent.entries()) {
          const { agent } = first.plan;
          const next = sent.find((other, at) => at > index && other.plan.agent === agent);
          for (const other of next === undefined ? [] : sent) {
            const { plan, sentAt = 0 } = other;
            const waited = (plan.at ?? 0) < (first.sentAt ?? 0) && sentAt > (next?.sentAt ?? 0);
            const hadTurn = sent.some(
              ({ plan: turn, sentAt: at = 0 }) =>
                turn.agent === plan.agent && at >= (first.sentAt ?? 0) && at <= (next?.sentAt ?? 0),
            );
            expect(waited && plan.agent !== agent && !hadTurn).toBe(false);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('a refusal comes at once and says the wait to the second', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(900),
        async (agents, requests, seconds, at) => {
          const slots = [slot('only', requests, seconds)];
          const before = agents.map((agent) => ({ agent, slots }));
          const patient = (await play([...before, { at, slots }])).at(-1);
          const hasty = (await play([...before, { at, slots, budget: 0 }])).at(-1);
          const wait = (patient?.sentAt ?? 0) - at;
          expect(hasty?.endedAt).toBe(at);
          if (wait === 0) return;
          const stated = Number(/Wait at least (\d+) second/.exec(String(hasty?.error))?.[1]);
          expect(stated).toBeLessThanOrEqual(Math.ceil(wait / 1000));
          // Each round holds its places 2 ms longer than it says.
          const rounds = Math.ceil(wait / 1000 / seconds);
          expect(stated).toBeGreaterThanOrEqual(Math.ceil((wait - 2 * rounds) / 1000));
        },
      ),
    );
  });
});

describe('a place', () => {
  it.each<[string, Partial<Plan>, number]>([
    ['is held one window from the answer on, not from sending', { there: 300, back: 400 }, 1_702],
    ['is held from when a broken request must have arrived', { fails: 'midway', there: 100, back: 50 }, 1_552],
    ['is free at once when nothing was sent', { fails: 'unsent', there: 300 }, 300],
  ])('%s', async (_, fate, expected) => {
    const slots = [slot('only', 1, 1)];
    expect(
      sentAt(
        await play([
          { slots, ...fate },
          { at: 10, slots },
        ]),
      ),
    ).toEqual([0, expected]);
  });

  it('is free in its time although another one is held longer', async () => {
    const slots = [slot('only', 2, 1)];
    const records = await play([
      { slots, fails: 'midway' },
      { slots, at: 10 },
      { slots, at: 20 },
    ]);
    expect(sentAt(records)).toEqual([0, 10, 1_012]);
  });

  it('is taken in all windows of a call or in none', async () => {
    const wide = slot('wide', 2, 10);
    const records = await play([
      { slots: [wide, directory('full')] },
      ...times(3, { slots: [directory('full')] }),
      { slots: [wide, directory('full')], at: 1 },
      { slots: [wide], at: 2 },
      { slots: [wide], at: 3 },
    ]);
    expect(sentAt(records)).toEqual([0, 0, 0, 0, 10_002, 2, 10_004]);
  });

  it('is not needed without slots', async () => {
    expect(sentAt(await play(times(100, { slots: [] })))).toEqual(times(100, 0));
  });

  it('that counts in every window waits for the fullest one', async () => {
    const records = await play([
      ...times(4, { slots: [directory('x')] }),
      { slots: [directory('*')], at: 10 },
      ...times(3, { slots: [directory('y')], at: 20 }),
    ]);
    expect(sentAt(records)).toEqual([0, 0, 0, 0, 1_002, 20, 20, 20]);
  });

  it('that counts in every window leaves that much less in each', async () => {
    const records = await play([
      ...times(3, { slots: [directory('*')] }),
      ...times(2, { slots: [directory('x')], at: 10 }),
      ...times(2, { slots: [directory('y')], at: 20 }),
    ]);
    expect(sentAt(records)).toEqual([0, 0, 0, 10, 1_002, 20, 1_002]);
  });
});

describe('waiting', () => {
  it('for a full window holds up nobody who needs another one', async () => {
    const general = slot('general', 100, 60);
    const to = (key: string) => [general, directory(key)];
    const records = await play([
      ...times(6, { slots: to('x') }),
      { slots: to('y'), at: 5 },
      { slots: to('y'), at: 5, agent: 'b' },
      { slots: [general], at: 5 },
    ]);
    expect(sentAt(records)).toEqual([0, 0, 0, 0, 1_002, 1_002, 5, 5, 5]);
  });

  it('in one window, an older call of the agent goes first, whatever else it needs', async () => {
    const shared = slot('shared', 1, 1);
    const records = await play([
      { slots: [shared] },
      { slots: [shared, directory('x')], at: 1 },
      { slots: [shared], at: 2 },
      { slots: [shared, directory('y')], at: 3 },
    ]);
    expect(sentAt(records)).toEqual([0, 1_002, 2_004, 3_006]);
  });

  it('an agent with one call waits one turn behind an agent with a hundred', async () => {
    const slots = [slot('only', 1, 1)];
    const records = await play([
      ...times(100, { slots }),
      { slots, agent: 'b', at: 1_500 },
      { slots, agent: 'c', at: 1_500 },
    ]);
    expect(sentAt(records.slice(-2))).toEqual([2_004, 3_006]);
  });

  it('an agent that is busy in one window keeps its turn in another', async () => {
    const records = await play([
      ...times(40, { slots: [slot('slow', 1, 1)], agent: 'b' }),
      { slots: [slot('slow', 1, 1)], agent: 'a' },
      ...Array.from({ length: 50 }, (_, index) => ({ slots: [slot('fast', 9, 1)], agent: 'a', at: index * 100 })),
    ]);
    expect(records[40]?.sentAt).toBe(1_002);
  });

  it('an agent has its turn also behind calls that count in every window', async () => {
    const only = (key: string) => slot('only', 1, 1, key);
    const records = await play([
      ...times(3, { slots: [only('*')] }),
      { slots: [only('x')], agent: 'b', at: 10 },
      { slots: [only('*')], agent: 'c', at: 20 },
    ]);
    expect(sentAt(records)).toEqual([0, 3_006, 4_008, 1_002, 2_004]);
  });

  const x = slot('keyed', 1, 1, 'x');
  const y = slot('keyed', 1, 1, 'y');
  const one = slot('one', 1, 1);
  const two = slot('two', 1, 1);
  it.each([
    ['every key', [slot('keyed', 1, 1, '*')], x, y],
    ['two limits', [one, two], one, two],
  ])('for %s at once ends, although others would always have one of them taken', async (_, both, first, second) => {
    const inLine = [
      ...times(30, { slots: [first], agent: 'b' }),
      ...times(30, { slots: [second], agent: 'c', at: 500 }),
    ];
    const [waits, ...rest] = await play([{ slots: both, at: 100 }, ...inLine]);
    expect(waits?.sentAt).toBeLessThanOrEqual(2_504);
    expect(rest.filter(({ sentAt }) => sentAt === undefined)).toEqual([]);

    const justInTime = Array.from({ length: 30 }, (_, index) => [
      { slots: [first], agent: 'b', at: index * 1_010 },
      { slots: [second], agent: 'c', at: index * 1_010 + 500 },
    ]).flat();
    const [passed, ...others] = await play([{ slots: both, at: 100 }, ...justInTime]);
    expect(passed?.sentAt).toBeLessThan(4_000);
    expect(others.filter(({ sentAt }) => sentAt === undefined)).toEqual([]);

    const [gone, ...left] = await play([{ slots: both, at: 100, cancelAfter: 1_600 }, ...inLine]);
    expect(gone?.sentAt).toBeUndefined();
    expect(left.filter(({ sentAt }) => sentAt === undefined)).toEqual([]);
  });

  it.each<[string, number, { agent: string; order: number; key?: string; claims?: boolean }]>([
    ['the call it is kept for', 1, { agent: 'a', order: 5 }],
    ['a later call of the same agent', 0, { agent: 'a', order: 6 }],
    ['an earlier call of the same agent', 1, { agent: 'a', order: 4 }],
    ['a later call of another agent', 0, { agent: 'b', order: 6 }],
    ['an earlier call of another agent', 0, { agent: 'b', order: 4 }],
    ['a later call that has a place kept elsewhere', 0, { agent: 'b', order: 6, claims: true }],
    ['an earlier call that has a place kept elsewhere', 1, { agent: 'b', order: 4, claims: true }],
    ['a call for another key', 1, { agent: 'b', order: 6, key: 'y' }],
    ['a call for all keys', 0, { agent: 'b', order: 6, key: '*' }],
  ])('a place that is kept is room for %s: %i', (_, expected, { agent, order, key = 'x', claims = false }) => {
    const queue = createQueue();
    const toCall = (own: string, who: string, at: number) => ({
      ...queue.toCall([slot('other', 1, 1), slot('only', 1, 1, own)], who),
      order: at,
    });
    const kept = toCall('x', 'a', 5);
    const call = toCall(key, agent, order);
    const [only, other] = call.windows;
    if (only === undefined || other === undefined) throw new Error('two slots, two windows');
    only.family.claim = kept;
    if (claims) other.family.claim = call;
    expect(Number(hasRoom(only, 0, call))).toBe(expected);
  });

  it('a cancelled call gives its place in the queue back and says so', async () => {
    const slots = [slot('only', 1, 1)];
    const records = await play([{ slots }, { slots, cancelAfter: 500 }, { slots }]);
    expect(sentAt(records)).toEqual([0, undefined, 1_002]);
    expect(records[1]).toMatchObject({ endedAt: 500, error: new TransportError('the call was cancelled', false) });
  });

  it('a call cancelled before is not sent', async () => {
    const layer = limit(createTime().clock);
    const send = layer(() => Promise.reject(new Error('sent')));
    const call = send(REQUEST, context({ slots: [directory('x')], signal: AbortSignal.abort() }));
    await expect(call).rejects.toEqual(new TransportError('the call was cancelled', false));
  });

  it('takes one timer for all, besides one for each deadline, and leaves none behind', async () => {
    const time = createTime();
    const send = limit(time.clock)(async () => ({ status: 200, headers: {}, body: '' }));
    const calls = times(500, directory('x')).map((slot) => send(REQUEST, context({ slots: [slot] })));
    await immediate();
    expect(time.timers.size).toBe(496 + 1);
    await time.run();
    await Promise.all(calls);
    expect(time.timers.size).toBe(0);
  });

  it('does not keep the process alive', () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const cancel = systemClock.setTimer(() => {}, 1e12);
    expect(timers()).toBe(before);
    cancel();
  });
});

describe('a wait beyond the budget', () => {
  it.each<[string, Slot, number, string]>([
    [
      'one window',
      directory('x'),
      4,
      "WorkOS's rate limit directory_users (4 requests per second) is used up. Wait at least 1 second, then call again.",
    ],
    [
      'many windows',
      directory('x'),
      48,
      "WorkOS's rate limit directory_users (4 requests per second) is used up. Wait at least 12 seconds, then call again.",
    ],
    [
      'a long window',
      slot('general', 6000, 60),
      6000,
      "WorkOS's rate limit general (6,000 requests per 60 seconds) is used up. Wait at least 60 seconds, then call again.",
    ],
    [
      'a narrow window',
      slot('tight', 1, 1),
      1,
      "WorkOS's rate limit tight (1 request per second) is used up. Wait at least 1 second, then call again.",
    ],
  ])('is refused at once: %s', async (_, only, before, message) => {
    const records = await play([...times(before, { slots: [only] }), { slots: [only], budget: 900 }]);
    expect(records.at(-1)).toMatchObject({
      endedAt: 0,
      error: expect.objectContaining({ name: 'RefusedError', message }),
    });
  });

  it('is refused when it turns out so, with what is left of it', async () => {
    const slots = [slot('only', 1, 3)];
    const early = [-1, -1, -1]; // a real timer may be so, too
    const plans = [
      { slots, back: 2_500 },
      { slots, budget: 4_000 },
    ];
    const records = await play(plans, () => early.pop() ?? 0);
    expect(records[1]).toMatchObject({
      endedAt: 4_000,
      error: expect.objectContaining({
        message:
          "WorkOS's rate limit only (1 request per 3 seconds) is used up. Wait at least 2 seconds, then call again.",
      }),
    });
  });

  it('names the limit that takes longest', async () => {
    const slots = [slot('general', 2, 60), directory('x')];
    const records = await play([...times(2, { slots }), { slots, budget: 0 }]);
    expect(String(records[2]?.error)).toContain(
      'general (2 requests per 60 seconds) is used up. Wait at least 60 seconds',
    );
  });
});

describe('after a 429', () => {
  it.each([
    ['seconds', '5', 5_000],
    ['a date', 'Thu, 01 Jan 2026 00:00:07 GMT', 7_000],
    ['nothing', undefined, 1_002],
    ['no wait', '0', 1_002],
    ['nonsense', 'soon', 1_002],
    ['more than a minute', '600', 60_000],
  ])('its window pauses as told by %s', async (_, value, expected) => {
    const reply = { status: 429, headers: value === undefined ? {} : { 'retry-after': value } };
    const to = (key: string) => [slot('general', 100, 60), slot('only', 1, 1, key)];
    const records = await play([
      { slots: to('x'), reply },
      { slots: to('x'), at: 10 },
      { slots: to('y'), at: 20 },
    ]);
    expect(sentAt(records)).toEqual([0, expected, 20]);
  });

  it('all keys pause where it counted in each of them', async () => {
    const reply = { status: 429, headers: { 'retry-after': '5' } };
    const records = await play([
      { slots: [directory('*')], reply },
      { slots: [directory('x')], at: 1 },
      { slots: [directory('*')], at: 2 },
    ]);
    expect(sentAt(records)).toEqual([0, 5_000, 5_000]);
  });

  it('a call that cannot wait so long is told how long', async () => {
    const reply = { status: 429, headers: { 'retry-after': '30' } };
    const slots = [directory('x')];
    const records = await play([
      { slots, reply },
      { slots, at: 500, budget: 20_000 },
    ]);
    expect(records[1]?.endedAt).toBe(500);
    expect(String(records[1]?.error)).toContain('Wait at least 30 seconds');
  });
});

it('forgets windows that are not in use', () => {
  const queue = createQueue();
  let windows = 0;
  for (let index = 0; index < 10_000; index += 1) {
    const call = queue.toCall([slot('email', 10, 60, `user${index}@example.com`)], 'a');
    queue.take(call, index * 1_000);
    queue.cool(call, index * 1_000, index * 1_000);
    windows = Math.max(windows, call.windows[0]?.family.byKey.size ?? 0);
  }
  expect(windows).toBeLessThan(200);
});

describe('on the real clock', () => {
  /** Counters as strict as can be: each says whether one more request may arrive now. */
  const counters: { [name: string]: (requests: number, ms: number) => (now: number) => boolean } = {
    'sliding window': (requests, ms) => {
      const log: number[] = [];
      return (now) => log.push(now) <= requests || now - (log.at(-1 - requests) ?? 0) > ms;
    },
    'fixed window': (requests, ms) => {
      const counts = new Map<number, number>();
      return (now) => {
        const window = Math.floor(now / ms);
        counts.set(window, (counts.get(window) ?? 0) + 1);
        return (counts.get(window) ?? 0) <= requests;
      };
    },
    'token bucket': (requests, ms) => {
      let tokens = requests;
      let last = 0;
      return (now) => {
        tokens = Math.min(requests, tokens + ((now - last) * requests) / ms) - 1;
        last = now;
        return tokens >= 0;
      };
    },
  };

  // Other work on the machine can make one run too slow, but not three.
  it.concurrent.each(Object.keys(counters))('12 reads at 4 per second take 2 seconds: %s', {
    retry: 2,
  }, async (name) => {
    const admits = counters[name]?.(4, 1_000);
    const send = limit(systemClock)(async () => {
      await sleep(Math.random() * 3);
      const status = admits?.(Date.now()) ? 200 : 429;
      await sleep(Math.random() * 3);
      return { status, headers: {}, body: '' };
    });
    const start = performance.now();
    const calls = times(12, directory('x')).map((slot) =>
      send(REQUEST, context({ slots: [slot], deadline: start + 10_000 })),
    );
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    expect(statuses).toEqual(times(12, 200));
    expect(performance.now() - start).toBeLessThan(2_000 * 1.05 + 50);
  });
});
