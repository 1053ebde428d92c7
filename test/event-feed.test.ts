import { describe, expect, it } from 'vitest';
import { createEventFeed, type EventQuery, POLL_MS, type WaitRequest } from '../src/events/feed.ts';
import type { EventPlace } from '../src/events/place.ts';
import { createPlaces } from '../src/events/place.ts';
import type { JsonObject } from '../src/json.ts';
import { handClock } from './support/hand-clock.ts';

const BEGIN = Date.parse('2026-11-25T12:00:00Z');

/** A feed of events that the test makes happen, by a clock that it moves. */
function open({ pageSize = 100 } = {}) {
  const clock = handClock(BEGIN);
  const events: JsonObject[] = [];
  const queries: (EventQuery & { readonly agent: string | undefined; readonly at: number })[] = [];
  let fault: Error | undefined;
  const feed = createEventFeed(async (query, agent, signal) => {
    queries.push({ ...query, agent, at: clock.date() - BEGIN });
    if (fault !== undefined) throw fault;
    signal.throwIfAborted();
    const { after, range_start, order } = query;
    const own = events.filter(({ event }) => query.events.includes(String(event)));
    const sorted = order === 'asc' ? own : own.toReversed();
    const later = sorted.filter(({ created_at }) => !(Date.parse(String(created_at)) <= Date.parse(range_start ?? '')));
    // A place may be of an event of another type.
    const place = after === undefined ? -1 : events.findIndex(({ id }) => id === after);
    const items = later.filter((event) => events.indexOf(event) > place).slice(0, Math.min(query.limit, pageSize));
    const last = items.at(-1);
    return { items, isLast: last === undefined || last === later.at(-1), date: clock.date() };
  }, clock);
  const happen = (event: string, more: JsonObject = {}) => {
    const id = `event_${String(events.length + 1).padStart(26, '0')}`;
    events.push({ id, event, created_at: new Date(clock.date()).toISOString(), data: {}, ...more });
    return id;
  };
  const wait = (over: Partial<WaitRequest> = {}) => {
    const types = over.types ?? ['user.created'];
    const request: WaitRequest = {
      agent: 'ann',
      types,
      allTypes: types,
      after: undefined,
      look: (event) => event,
      ms: 45_000,
      signal: new AbortController().signal,
      ...over,
    };
    const waiting = feed.wait(request);
    waiting.catch(() => {}); // a test may look at it later
    return waiting;
  };
  const idsIn = (end: Awaited<ReturnType<typeof wait>>) => end.events.map(({ shown }) => shown.id);
  return {
    ...{ clock, queries, happen, wait, idsIn },
    fail: (error: Error) => {
      fault = error;
    },
  };
}

describe('a wait', () => {
  it('ends with the first event after its begin, at the next poll', async () => {
    const { clock, happen, wait, idsIn } = open();
    happen('user.created');
    const waiting = wait();
    await clock.pass(10_000);
    const id = happen('user.created');
    await clock.pass(POLL_MS);
    const end = await waiting;
    expect(idsIn(end)).toEqual([id]);
    expect(end.after.id).toBe(id);
  });

  it('ends after its time with the place where it began', async () => {
    const { clock, queries, happen, wait } = open();
    const after: EventPlace = { id: happen('user.created'), at: BEGIN };
    const waiting = wait({ after });
    await clock.pass(45_000);
    expect(await waiting).toEqual({ events: [], after, isBehind: false });
    const asked = queries.length;
    await clock.pass(60_000);
    expect(queries).toHaveLength(asked);
    expect(asked).toBeLessThanOrEqual(23);
  });

  it('hands over 200 events between two calls once each, in order', async () => {
    const { clock, happen, wait, idsIn } = open();
    const first = wait();
    await clock.pass(1_000);
    const ids = [happen('user.created')];
    await clock.pass(POLL_MS);
    let { after } = await first;
    for (let n = 0; n < 200; n += 1) {
      ids.push(happen('user.created'));
      if (n % 50 === 0) await clock.pass(10);
    }
    const seen = [ids[0]];
    while (seen.length < ids.length) {
      const end = await wait({ after });
      seen.push(...idsIn(end).map(String));
      after = end.after;
    }
    expect(seen).toEqual(ids);
    // Nothing comes a second time from a poll that begins before the place.
    const last = wait({ after, ms: 10_000 });
    await clock.pass(10_000);
    expect((await last).events).toEqual([]);
  });

  it('loses and repeats nothing while others wait for other types', async () => {
    const { clock, happen, wait, idsIn } = open({ pageSize: 3 });
    void wait({ agent: 'bob', types: ['session.created'], look: () => undefined, ms: 600_000 });
    let end = wait();
    const seen: unknown[] = [];
    const ids: string[] = [];
    for (let n = 0; n < 300; n += 1) {
      await clock.pass(((n * 7) % 13) * 100);
      if (n % 3 > 0) happen('session.created');
      if (n % 5 === 0 && n > 1) ids.push(happen('user.created'));
      const now = await Promise.race([end, Promise.resolve(undefined)]);
      if (now === undefined) continue;
      seen.push(...idsIn(now));
      end = wait({ after: now.after });
    }
    while (seen.length < ids.length) {
      await clock.pass(POLL_MS);
      const now = await end;
      seen.push(...idsIn(now));
      end = wait({ after: now.after });
    }
    expect(seen).toEqual(ids);
  });

  it('is freed at once when its client cancels, and the poll ends with the last one', async () => {
    const { clock, queries, wait } = open();
    const cancelling = new AbortController();
    const waiting = wait({ signal: cancelling.signal });
    await clock.pass(5_000);
    cancelling.abort();
    expect((await waiting).events).toEqual([]);
    const asked = queries.length;
    await clock.pass(20_000);
    expect(queries).toHaveLength(asked);
  });

  it('fails with the fault of its read, and polls no more', async () => {
    const { clock, queries, fail, wait } = open();
    const waiting = wait();
    await clock.pass(1_000);
    fail(new Error('WorkOS is away'));
    await clock.pass(POLL_MS);
    await expect(waiting).rejects.toThrow('WorkOS is away');
    const asked = queries.length;
    await clock.pass(20_000);
    expect(queries).toHaveLength(asked);
  });

  it('reads a bounded number of older pages, and says that there are more', async () => {
    const { clock, queries, happen, wait } = open({ pageSize: 1 });
    const after: EventPlace = { id: happen('user.created'), at: BEGIN };
    const ids = Array.from({ length: 80 }, () => happen('user.created'));
    const end = await wait({ after, look: () => undefined });
    expect(end).toMatchObject({ events: [], after: { id: ids[49] }, isBehind: true });
    expect(queries).toHaveLength(50);
    await clock.pass(20_000);
    expect(queries).toHaveLength(50);
  });
});

describe('one poll', () => {
  it('serves all who wait, each with its own types', async () => {
    const { clock, queries, happen, wait, idsIn } = open();
    const [ann, bob] = [wait(), wait({ agent: 'bob', types: ['session.created'] })];
    await clock.pass(POLL_MS * 3);
    const polls = queries.filter(({ agent }) => agent === undefined);
    expect(polls).toHaveLength(3);
    expect(polls.at(-1)?.events).toEqual(['session.created', 'user.created']);
    const [user, session] = [happen('user.created'), happen('session.created')];
    await clock.pass(POLL_MS);
    expect([idsIn(await ann), idsIn(await bob)]).toEqual([[user], [session]]);
  });

  it('keeps its pace whatever happens', async () => {
    const paces = await Promise.all(
      [0, 1].map(async (busy) => {
        const { clock, queries, happen, wait } = open();
        void wait({ ms: 50_000 });
        void wait({ agent: 'bob', types: ['session.created'], look: () => undefined, ms: 50_000 });
        for (let n = 0; n < 50; n += 1) {
          if (busy) happen('session.created');
          await clock.pass(1_000);
        }
        return queries.map(({ at }) => at);
      }),
    );
    expect(paces[0]).toEqual(paces[1]);
  });

  it('asks for nothing while nothing waits', async () => {
    const { clock, queries } = open();
    await clock.pass(600_000);
    expect(queries).toEqual([]);
  });
});

describe('a place', () => {
  const places = createPlaces('sk_test_places');
  const place = { id: 'event_01', at: BEGIN };

  it('opens for the agent that it was given, in the same environment', () => {
    const text = places.seal('ann', place);
    expect(text).not.toContain('event_01');
    expect(createPlaces('sk_test_places').open('ann', text)).toEqual(place);
    expect(places.open('ann', places.seal('ann', { at: 1 }))).toEqual({ at: 1 });
    expect(places.open('bob', text)).toBeUndefined();
    expect(createPlaces('sk_test_other').open('ann', text)).toBeUndefined();
  });

  it.each(['event_01JHIDDEN0000000000000000', '', 'x'.repeat(5_000), '{}'])('is not made by hand: %.20s', (text) => {
    expect(places.open('ann', text)).toBeUndefined();
  });
});
