import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createInFlightLine, type InFlightLimits } from '../src/serve/http/in-flight.ts';
import { REFUSALS } from '../src/serve/http/responses.ts';
import { callOf, eventually, HEADERS, openRaw, rawRequest, startHttp } from './support/http.ts';

const LIMITS: InFlightLimits = { inFlight: 4, inFlightPerCaller: 2, waiting: 6, waitingPerCaller: 4, waitMs: 1_000 };

/** A line with a clock that stands still, and what has become of each request. */
function open(over: Partial<InFlightLimits> = {}) {
  let now = 0;
  const timers = new Map<() => void, number>();
  const clock = {
    now: () => now,
    setTimer: (callback: () => void, ms: number) => {
      timers.set(callback, now + ms);
      return () => void timers.delete(callback);
    },
  };
  const line = createInFlightLine({ limits: { ...LIMITS, ...over }, clock });
  const begun: string[] = [];
  const enter = (caller: string, name = caller) => {
    const response = Object.assign(new EventEmitter(), { closed: false, writableFinished: false });
    // A response, as far as the line looks at it.
    const entered = line.enter(caller, response as unknown as ServerResponse);
    const isAtOnce = !(entered instanceof Promise);
    const settled = Promise.resolve(entered).then((entered) => {
      if (entered !== 'gone' && 'leave' in entered) begun.push(name);
      return entered;
    });
    const place = async () => {
      const entered = await settled;
      return entered !== 'gone' && 'leave' in entered ? entered : expect.fail(JSON.stringify(entered));
    };
    return {
      isAtOnce,
      settled,
      place,
      leave: async () => (await place()).leave(),
      close: () => response.emit('close'),
    };
  };
  const advance = (ms: number) => {
    now += ms;
    for (const [callback, at] of [...timers]) if (at <= now && timers.delete(callback)) callback();
  };
  return { line, enter, begun, advance, timers };
}

describe('the line of requests', () => {
  it('lets in at once as many as there is room for, of each caller and in total', () => {
    const { enter } = open();
    expect(['a', 'a', 'a', 'b', 'b', 'c'].map((caller) => enter(caller).isAtOnce)).toEqual([
      true,
      true,
      false,
      true,
      true,
      false,
    ]);
  });

  it('lets callers take turns, and each its oldest request', async () => {
    const { enter, begun } = open({ inFlight: 1, waiting: 9, waitingPerCaller: 9 });
    const first = enter('x');
    const waiting = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map((name) => enter(name.slice(0, 1), name));
    await first.leave();
    for (const { leave } of [0, 3, 5, 1, 4, 2].flatMap((index) => waiting[index] ?? [])) await leave();
    expect(begun).toEqual(['x', 'a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('passes over a caller who has all its places taken', async () => {
    const { enter, begun } = open({ inFlight: 3 });
    const [first, , other] = [enter('a', 'a1'), enter('a', 'a2'), enter('b', 'b1')];
    for (const name of ['a3', 'b2']) enter(name.slice(0, 1), name);
    await other.leave();
    await first.leave();
    await Promise.resolve();
    expect(begun).toEqual(['a1', 'a2', 'b1', 'b2', 'a3']);
  });

  it('refuses only when it is full: of one caller, and in total', async () => {
    const { enter } = open({ inFlight: 0 });
    for (let count = 0; count < 4; count += 1) enter('a');
    expect(await enter('a').settled).toBe(REFUSALS.callerFull);
    for (let count = 0; count < 2; count += 1) enter('b');
    expect(await enter('c').settled).toBe(REFUSALS.full);
  });

  it('has the place of a client that disconnects free for the next', async () => {
    const { enter, timers } = open({ inFlight: 0, waiting: 1 });
    const first = enter('a');
    expect(await enter('b').settled).toBe(REFUSALS.full);
    first.close();
    expect(await first.settled).toBe('gone');
    enter('b');
    expect(timers.size).toBe(1);
  });

  it('tells how long a request waited, and refuses one that waits too long', async () => {
    const { enter, advance } = open({ inFlight: 1 });
    const [first, second, third] = [enter('a'), enter('a'), enter('b')];
    advance(400);
    await first.leave();
    expect([(await first.place()).waitedMs, (await second.place()).waitedMs]).toEqual([0, 400]);
    advance(600);
    expect(await third.settled).toBe(REFUSALS.waitedTooLong);
  });

  it('gives the place of a request that waits outside to another, and does not make it wait again', async () => {
    const { enter, begun } = open({ inFlight: 1 });
    const first = await enter('a', 'first').place();
    const second = enter('b', 'second');
    const stepIn = first.stepOut();
    const { signal } = await second.place();
    stepIn();
    stepIn();
    const third = enter('c', 'third');
    await second.leave();
    await Promise.resolve();
    expect(begun).toEqual(['first', 'second']);
    first.leave();
    await third.place();
    expect(begun).toEqual(['first', 'second', 'third']);
    expect(signal.aborted).toBe(false);
  });

  it('counts out once a request that ends while it waits outside', async () => {
    const { enter } = open({ inFlight: 1 });
    const first = await enter('a').place();
    const stepIn = first.stepOut();
    first.leave();
    stepIn();
    expect([enter('a').isAtOnce, enter('a').isAtOnce]).toEqual([true, false]);
  });

  it('aborts what waits outside, and refuses what waits in line, when the server closes', async () => {
    const { line, enter } = open({ inFlight: 1 });
    const first = await enter('a').place();
    const stepIn = first.stepOut();
    await enter('a').place();
    const waiting = enter('b');
    line.dismiss();
    expect(await waiting.settled).toBe(REFUSALS.closing);
    line.abort();
    expect(first.signal.aborted).toBe(true);
    stepIn();
  });
});

describe('a burst', () => {
  const post = (url: string, caller: string) =>
    fetch(url, {
      method: 'POST',
      headers: { ...HEADERS, authorization: `Bearer token-of-${caller}` },
      body: callOf('echo', { text: 'x' }),
    });

  it('of 200 calls of one caller is answered as a whole', async () => {
    const { url } = await startHttp();
    const answers = await Promise.all(Array.from({ length: 200 }, () => post(url, 'ada')));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(200);
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    expect(new Set(texts.map((text) => text.includes('ada: x')))).toEqual(new Set([true]));
  });

  it('of 1,000 calls of ten callers loses none', async () => {
    const { url, seen } = await startHttp();
    const calls = Array.from({ length: 1_000 }, (_, index) => `c${index % 10}`);
    const answers = await Promise.all(calls.map(async (caller) => (await post(url, caller)).text()));
    expect(answers.filter((text, index) => text.includes(`${calls[index]}: x`))).toHaveLength(1_000);
    expect(seen.errors).toEqual([]);
  });

  it('frees the places of those that are cancelled while they wait', async () => {
    const { port, seen, release } = await startHttp({ limits: { inFlight: 1, waiting: 2, waitingPerCaller: 2 } });
    const request = rawRequest({ body: callOf('wait'), headers: { Connection: 'keep-alive' } });
    const first = openRaw(port);
    first.socket.write(request);
    await eventually(() => seen.started.length === 1);
    const waiting = [openRaw(port), openRaw(port)];
    for (const { socket } of waiting) socket.write(request);
    await eventually(() => seen.identified.length === 3);
    for (const { socket } of waiting) socket.destroy();
    await Promise.all(waiting.map(({ closed }) => closed));
    const last = openRaw(port);
    last.socket.write(request);
    await eventually(() => seen.identified.length === 4);
    release();
    await last.until(/ada: waited/);
    expect(seen.started).toHaveLength(2);
    for (const { socket } of [first, last]) socket.destroy();
  });
});
