import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RefusedError } from '../src/errors.ts';
import { TransportError } from '../src/workos/errors.ts';
import type { Context, Reply } from '../src/workos/layer.ts';
import { type AttemptOutcome, retry, retryAfter, retryDelay } from '../src/workos/retry.ts';

const date = Date.parse('2026-01-01T00:00:00Z');

describe('what Retry-After asks for', () => {
  it.each([
    ['3', 3_000],
    [' 1.5 ', 1_500],
    ['60', 60_000],
    ['86400', 60_000],
    ['0', undefined],
    ['-1', undefined],
    ['', undefined],
    ['soon', undefined],
    [undefined, undefined],
    ['Thu, 01 Jan 2026 00:00:07 GMT', 7_000],
    ['Thu, 01 Jan 2026 09:00:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 23:59:59 GMT', undefined],
  ])('%j is %j ms', (value, ms) => {
    expect(retryAfter(value, date)).toBe(ms);
  });
});

const reply = (status: number, headers: Record<string, string> = {}, body = ''): AttemptOutcome => ({
  reply: { status, headers, body },
});
const lost: AttemptOutcome = { error: new TransportError('reset', true) };
const unsent: AttemptOutcome = { error: new TransportError('refused', false) };
const final: AttemptOutcome = { error: new TransportError('too large', true, { final: true }) };

describe('whether an attempt is made again', () => {
  it.each<[string, AttemptOutcome, { never: boolean; refused: boolean; unknown: boolean }]>([
    ['200', reply(200), { never: false, refused: false, unknown: false }],
    ['400', reply(400), { never: false, refused: false, unknown: false }],
    ['404', reply(404), { never: false, refused: false, unknown: false }],
    ['408', reply(408), { never: false, refused: false, unknown: true }],
    ['429', reply(429), { never: false, refused: true, unknown: true }],
    [
      '429 over the daily quota',
      reply(429, {}, '{"code":"daily_quota_exceeded"}'),
      { never: false, refused: false, unknown: false },
    ],
    ['500', reply(500), { never: false, refused: false, unknown: true }],
    ['503', reply(503), { never: false, refused: false, unknown: true }],
    ['501', reply(501), { never: false, refused: false, unknown: false }],
    ['302', reply(302), { never: false, refused: false, unknown: false }],
    ['an answer that was lost', lost, { never: false, refused: false, unknown: true }],
    ['a request that never left', unsent, { never: true, refused: true, unknown: true }],
    ['an answer that is too large', final, { never: false, refused: false, unknown: false }],
  ])('%s', (_, outcome, expected) => {
    const again = (repeat: Context['repeat']) =>
      retryDelay(outcome, { count: 1, repeat, random: 0, date }) !== undefined;
    expect({ never: again('never'), refused: again('refused'), unknown: again('unknown') }).toEqual(expected);
  });

  it('stops after four attempts', () => {
    const delay = (count: number) => retryDelay(reply(503), { count, repeat: 'unknown', random: 0, date });
    expect([1, 2, 3, 4].map(delay)).toEqual([0, 0, 0, undefined]);
  });

  it('waits for a time with full jitter, that doubles and stays bounded', () => {
    const delay = (count: number, random: number) => retryDelay(reply(503), { count, repeat: 'unknown', random, date });
    expect([1, 2, 3].map((count) => delay(count, 1))).toEqual([500, 1_000, 2_000]);
    expect([1, 2, 3].map((count) => delay(count, 0.5))).toEqual([250, 500, 1_000]);
  });

  it('never waits less than WorkOS asks, and at least a second after a 429', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(408, 429, 500, 502, 503),
        fc.option(fc.integer({ min: 0, max: 1_000 }), { nil: undefined }),
        fc.integer({ min: 1, max: 3 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (status, seconds, count, random) => {
          const headers: Record<string, string> = seconds === undefined ? {} : { 'retry-after': `${seconds}` };
          const delay = retryDelay(reply(status, headers), { count, repeat: 'unknown', random, date }) ?? expect.fail();
          expect(delay).toBeGreaterThanOrEqual(Math.min(seconds ?? 0, 60) * 1_000);
          if (status === 429) expect(delay).toBeGreaterThanOrEqual(1_000);
          expect(delay).toBeLessThanOrEqual(60_000 + 8_000);
        },
      ),
    );
  });
});

/** Runs the layer over scripted outcomes on a clock that only sleeping moves. */
async function run(outcomes: readonly (AttemptOutcome | RefusedError)[], options: Partial<Context> = {}) {
  let time = 0;
  let sent = 0;
  const context: Context = {
    signal: new AbortController().signal,
    deadline: 30_000,
    agent: 'a',
    repeat: 'unknown',
    slots: [],
    ...options,
  };
  const layer = retry({
    now: () => time,
    date: () => date,
    random: () => 1,
    sleep: async (ms) => {
      time += ms;
    },
  });
  const send = layer(async () => {
    const outcome = outcomes[sent];
    sent += 1;
    if (outcome === undefined) throw expect.fail('one attempt too many');
    if (outcome instanceof RefusedError) throw outcome;
    if ('error' in outcome) throw outcome.error;
    return outcome.reply;
  });
  const request = { method: 'GET', path: '/', headers: {}, body: undefined } as const;
  const end: Reply | Error = await send(request, context).catch((error: Error) => error);
  return { end, sent, time };
}

describe('the layer', () => {
  it.each<[string, Parameters<typeof run>, object]>([
    ['returns a success', [[reply(200)]], { sent: 1, time: 0, end: { status: 200, attempts: 1, uncertain: false } }],
    [
      'repeats and says that an earlier attempt may have done something',
      [[reply(500), lost, reply(404)]],
      { sent: 3, time: 1_500, end: { status: 404, attempts: 3, uncertain: true } },
    ],
    [
      'knows that what was refused did nothing',
      [[reply(429, { 'retry-after': '2' }), unsent, reply(404)]],
      { sent: 3, time: 3_500, end: { status: 404, attempts: 3, uncertain: false } },
    ],
    [
      'gives up with the last outcome',
      [[lost, lost, lost, lost]],
      { sent: 4, end: { message: 'reset', sent: true, attempts: 4 } },
    ],
    [
      'remembers a lost attempt when the next one does not leave',
      [[lost, unsent, unsent, unsent]],
      { sent: 4, end: { message: 'refused', sent: true, attempts: 4 } },
    ],
    [
      'does not wait past the deadline',
      [[reply(429, { 'retry-after': '40' })]],
      { sent: 1, time: 0, end: { status: 429, attempts: 1 } },
    ],
    ['begins no attempt that has no time', [[reply(503)], { deadline: 599 }], { sent: 1, end: { status: 503 } }],
    ['begins one that has some', [[reply(503), reply(200)], { deadline: 600 }], { sent: 2, end: { status: 200 } }],
    [
      'answers with what WorkOS said where the rate limiter allows no further attempt',
      [[reply(503), new RefusedError('rate')]],
      { sent: 2, end: { status: 503, attempts: 1 } },
    ],
    ['passes on a refusal before anything was sent', [[new RefusedError('rate')]], { end: { message: 'rate' } }],
    ['does not go on for a cancelled call', [[lost], { signal: AbortSignal.abort() }], { sent: 1 }],
    ['sends what must be sent once no second time', [[reply(429)], { repeat: 'never' }], { sent: 1 }],
  ])('%s', async (_, args, expected) => {
    expect(await run(...args)).toMatchObject(expected);
  });
});

describe('in an outage', () => {
  const request = { method: 'GET', path: '/', headers: {}, body: undefined } as const;

  /** Calls of one environment over one layer, on a clock that runs with the waits. */
  function open(answer: () => Reply) {
    let [time, sent] = [0, 0];
    const send = retry({
      now: () => time,
      date: () => date,
      random: () => 0.5,
      sleep: async () => {
        time += 5;
      },
    })(async () => {
      sent += 1;
      return answer();
    });
    const context = {
      signal: new AbortController().signal,
      deadline: 1_000_000,
      agent: 'a',
      repeat: 'unknown',
      slots: [],
    } as const;
    return {
      calls: (count: number) => Promise.all(Array.from({ length: count }, () => send(request, context))),
      pass: (ms: number) => {
        time += ms;
      },
      takeSent: () => {
        const taken = sent;
        sent = 0;
        return taken;
      },
    };
  }

  it('many calls share thirty retries, and get them back with time and with successes', async () => {
    let status = 503;
    const { calls, pass, takeSent } = open(() => ({ status, headers: {}, body: '{}' }));
    const replies = await calls(60);
    expect(replies.every((reply) => reply.status === 503)).toBe(true);
    expect(takeSent()).toBe(90);
    await calls(1);
    expect(takeSent()).toBe(1);
    pass(3_000);
    await calls(1);
    expect(takeSent()).toBe(4);
    status = 200;
    await calls(3);
    expect(takeSent()).toBe(3);
    status = 503;
    await calls(1);
    expect(takeSent()).toBe(4);
  });

  it('refusals of the rate limit take none of them', async () => {
    const { calls, takeSent } = open(() => ({ status: 429, headers: { 'retry-after': '1' }, body: '{}' }));
    await calls(60);
    expect(takeSent()).toBe(240);
  });
});
