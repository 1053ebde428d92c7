import { describe, expect, it } from 'vitest';
import { callOf, eventually, HEADERS, openRaw, rawRequest, startHttp } from './support/http.ts';

const KIB = 1_024;
const LIMITS = { bodyBytes: 400 * KIB, bodiesBytes: 1_000 * KIB, bodyWaitMs: 60_000 };
const large = (tool: string) => callOf(tool, { text: 'x'.repeat(240 * KIB) });
const CHUNKED = { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' };
const chunked = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

/** A request of an agent, and what it has been answered. */
function send(port: number, agent: string, body: string, headers: Record<string, string | undefined> = {}) {
  const raw = openRaw(port);
  raw.socket.write(rawRequest({ headers: { Authorization: `Bearer token-of-${agent}`, ...headers }, body }));
  return raw;
}

describe('large bodies', () => {
  it.each([
    ['with their length', (port: number, agent: string) => send(port, agent, large('wait'))],
    ['in chunks', (port: number, agent: string) => send(port, agent, chunked(large('wait')), CHUNKED)],
  ])('%s wait for room, those of one agent behind its own', async (_, sendLarge) => {
    const { url, port, seen, release } = await startHttp({ limits: LIMITS });
    const raws = [sendLarge(port, 'ada'), sendLarge(port, 'ada'), sendLarge(port, 'ada')];
    await eventually(() => seen.identified.length === 3 && seen.started.length >= 1);
    raws.push(sendLarge(port, 'bob'));
    await eventually(() => seen.started.length === 2);
    // Small ones need no room.
    const small = await fetch(url, { method: 'POST', headers: HEADERS, body: callOf('echo') });
    expect([small.status, seen.from.length]).toEqual([200, 3]);
    release();
    for (const raw of raws) expect(await raw.closed).toMatch(/: waited/);
    expect(seen.errors).toEqual([]);
  });

  it('that find no room in time are refused, and leave none taken', async () => {
    const { port, seen, release } = await startHttp({ limits: { ...LIMITS, bodyWaitMs: 50 } });
    const first = send(port, 'ada', large('wait'));
    await eventually(() => seen.started.length === 1);
    for (const [body, headers] of [
      [large('echo'), {}],
      [chunked(large('echo')), CHUNKED],
    ] as const) {
      const answer = await send(port, 'ada', body, headers).until(/\}$/);
      expect(answer).toMatch(/ 503 .*retry-after: 1.*The server holds too many large bodies/is);
    }
    release();
    expect(await first.closed).toContain('ada: waited');
    expect(await send(port, 'ada', large('echo')).closed).toContain(' 200 ');
  });

  it('of a client that has gone make room for others', async () => {
    const { port, seen } = await startHttp({ limits: { ...LIMITS, inFlightPerCaller: 3 } });
    const first = send(port, 'ada', large('wait'));
    await eventually(() => seen.started.length === 1);
    const gone = send(port, 'ada', large('echo'));
    await eventually(() => seen.identified.length === 2);
    gone.socket.destroy();
    const last = send(port, 'ada', large('echo'));
    await eventually(() => seen.identified.length === 3);
    expect(seen.from).toHaveLength(1);
    first.socket.destroy();
    expect(await last.closed).toContain(' 200 ');
  });
});

it.each([
  ['values', `[${'0,'.repeat(39_999)}0]`, 'Batches are not supported. Send each message on its own.'],
  ['values', `[${'0,'.repeat(40_001)}0]`, 'The message has too many values: at most 40,000 are read.'],
  ['members', `{${'"a":0,'.repeat(40_001)}"a":0}`, 'The message has too many values: at most 40,000 are read.'],
  ['commas in a text', JSON.stringify(',[{"'.repeat(40_001)), 'The message is not a JSON object.'],
])('a message with many %s is not parsed', async (_, body, message) => {
  const { url } = await startHttp();
  const response = await fetch(url, { method: 'POST', headers: HEADERS, body });
  expect([response.status, Object(await response.json()).error.message]).toEqual([400, message]);
});
