import { describe, expect, it } from 'vitest';
import { CHECKS } from '../src/serve/http/checks.ts';
import { callOf, eventually, HEADERS, openRaw, rawRequest, sendRaw, startHttp } from './support/http.ts';

const PAGE = 'https://page.test';
const DOCUMENT = { path: '/document', json: () => '{"document":true}' };

describe('the checks of an HTTP request', () => {
  it('stand in this order', () => {
    expect(CHECKS.map(({ name }) => name)).toEqual([
      'form',
      'host',
      'publicDocument',
      'origin',
      'health',
      'path',
      'preflight',
      'method',
      'query',
      'identify',
      'mediaType',
      'notClosing',
      'inFlight',
      'body',
      'identifyAgain',
      'message',
      'session',
    ]);
  });

  type Request = NonNullable<Parameters<typeof rawRequest>[0]> & { readonly extra?: readonly string[] };
  const identified = { no: 0, yes: 1 } as const;

  // Each request has something for both checks, and gets the answer of the first.
  it.each<[first: string, second: string, request: Request, answer: RegExp, isIdentified: keyof typeof identified]>([
    [
      'form',
      'host',
      { headers: { Host: 'evil.test' }, extra: ['Content-Encoding: br', 'Content-Encoding: br'] },
      / 400 .*The content-encoding header is repeated/s,
      'no',
    ],
    [
      'host',
      'publicDocument',
      { line: 'GET /document HTTP/1.1', headers: { Host: 'evil.test' }, body: '' },
      / 403 .*This host/s,
      'no',
    ],
    [
      'publicDocument',
      'origin',
      { line: 'GET /document HTTP/1.1', headers: { Origin: 'https://evil.test' }, body: '' },
      / 200 .*"document":true/s,
      'no',
    ],
    [
      'origin',
      'health',
      { line: 'GET /healthz HTTP/1.1', headers: { Origin: 'https://evil.test' }, body: '' },
      / 403 .*This origin/s,
      'no',
    ],
    ['health', 'path', { line: 'GET /healthz HTTP/1.1', body: '' }, / 200 .*"status":"ok"/s, 'no'],
    [
      'path',
      'preflight',
      { line: 'OPTIONS /elsewhere HTTP/1.1', headers: { Origin: PAGE }, body: '' },
      / 404 .*Not found: MCP is served at/s,
      'no',
    ],
    [
      'preflight',
      'method',
      { line: 'OPTIONS /mcp HTTP/1.1', headers: { Origin: PAGE }, body: '' },
      / 204 .*access-control-allow-methods: POST/s,
      'no',
    ],
    ['method', 'query', { line: 'GET /mcp?a=b HTTP/1.1', body: '' }, / 405 .*Only POST/s, 'no'],
    [
      'query',
      'identify',
      { line: 'POST /mcp?a=b HTTP/1.1', headers: { Authorization: undefined } },
      / 400 .*must not have a query/s,
      'no',
    ],
    [
      'identify',
      'mediaType',
      { headers: { Authorization: undefined, 'Content-Type': 'text/plain' } },
      / 401 .*Who are you/s,
      'yes',
    ],
    [
      'mediaType',
      'inFlight',
      { headers: { 'Content-Type': 'text/plain' } },
      / 415 .*content type must be application\/json/s,
      'yes',
    ],
    ['inFlight', 'body', { body: '{' }, / 503 .*server has too many requests waiting/s, 'yes'],
  ])('%s comes before %s', async (_first, second, { extra, ...request }, answer, isIdentified) => {
    const limits = ['mediaType', 'inFlight', 'body'].includes(second) ? { inFlight: 0, waiting: 0 } : {};
    const { port, seen } = await startHttp({ allowedOrigins: [PAGE], metadata: DOCUMENT, limits });
    expect(await sendRaw(port, rawRequest(request, extra))).toMatch(answer);
    expect(seen.identified).toHaveLength(identified[isIdentified]);
    expect([seen.from, seen.errors]).toEqual([[], []]);
  });

  it('body comes before message', async () => {
    const { port, seen } = await startHttp({ limits: { bodyBytes: 100 } });
    const batch = `[${callOf('echo')},${callOf('echo')}]`;
    expect(await sendRaw(port, rawRequest({ body: batch }))).toMatch(/ 413 .*too large/s);
    expect(seen.from).toEqual([]);
  });

  it('identifyAgain refuses a token that a reload revoked while the body was sent', async () => {
    let generation = 0;
    let isRevoked = false;
    const again: boolean[] = [];
    const { port, seen } = await startHttp({
      generation: () => generation,
      identify: async (_, isAgain) => {
        again.push(isAgain);
        return isRevoked
          ? { ok: false, status: 401, reason: 'unknown', message: 'Revoked.' }
          : { ok: true, caller: 'ada' };
      },
    });
    const request = rawRequest({});
    const raw = openRaw(port);
    raw.socket.write(request.slice(0, -5));
    await eventually(() => again.length === 1);
    isRevoked = true;
    generation += 1;
    raw.socket.write(request.slice(-5));
    await eventually(() => raw.text().includes('Revoked.'));
    raw.socket.destroy();
    expect(raw.text()).toMatch(/^HTTP\/1\.1 401 /);
    expect(again).toEqual([false, true]); // so that the request is counted once
    expect(seen.from).toEqual([]);
  });

  it.each<[order: string, type: string, answer: RegExp]>([
    ['mediaType comes before notClosing', 'text/plain', / 415 .*content type must be application\/json/s],
    ['notClosing comes before inFlight', 'application/json', / 503 .*The server is closing/s],
  ])('%s', async (_, type, answer) => {
    let identify = () => {};
    const asked = new Promise<void>((resolve) => {
      identify = resolve;
    });
    let isAsked = false;
    const { port, seen, close } = await startHttp({
      limits: { inFlight: 0, waiting: 0 },
      identify: async () => {
        isAsked = true;
        await asked;
        return { ok: true, caller: 'ada' };
      },
    });
    const answered = sendRaw(port, rawRequest({ headers: { 'Content-Type': type } }));
    await eventually(() => isAsked);
    const closed = close();
    identify();
    expect(await answered).toMatch(answer);
    await closed;
    expect(seen.from).toEqual([]);
  });

  it('count a request out again that a later check refuses', async () => {
    const { url } = await startHttp({ limits: { inFlight: 1 } });
    const post = (body: string) => fetch(url, { method: 'POST', headers: HEADERS, body });
    expect([(await post('{')).status, (await post('[]')).status, (await post(callOf('echo'))).status]).toEqual([
      400, 400, 200,
    ]);
  });
});
