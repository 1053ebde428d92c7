import { once } from 'node:events';
import { expect, it } from 'vitest';
import { callOf, eventually, HEADERS, openRaw, rawRequest, startHttp } from './support/http.ts';

const CHUNKED = { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked', Connection: 'keep-alive' };
const post = (url: string, body = callOf('echo')) => fetch(url, { method: 'POST', headers: HEADERS, body });

it.each<[who: string, headers: Record<string, string | undefined>, status: string]>([
  ['without a token', { ...CHUNKED, Authorization: undefined }, ' 401 '],
  ['with another content type', { ...CHUNKED, 'Content-Type': 'text/plain' }, ' 415 '],
  ['with a body that is too large', { Connection: 'keep-alive', 'Content-Length': '9999999' }, ' 413 '],
])('clients that are refused %s and send no body keep no agent out', async (_, headers, status) => {
  const { url, port } = await startHttp({ limits: { connections: 10 } });
  const refused = Array.from({ length: 10 }, () => openRaw(port));
  for (const { socket } of refused) socket.write(rawRequest({ headers, body: '' }));
  for (const raw of refused) expect(await raw.until(/\}$/)).toContain(status);
  // Their connections stay open for a second, so that the clients can read the refusal.
  expect(refused.filter(({ socket }) => socket.destroyed)).toEqual([]);
  expect((await post(url)).status).toBe(200);
  for (const { socket } of refused) socket.destroy();
});

it('clients whose token is still being verified keep no agent out', async () => {
  const { url, port, seen } = await startHttp({
    limits: { connections: 10 },
    identify: async (head) => {
      seen.identified.push(head);
      if (head.authorization !== 'Bearer token-of-ada') await new Promise(() => {});
      return { ok: true, caller: 'ada' };
    },
  });
  const strangers = Array.from({ length: 10 }, () => openRaw(port));
  for (const { socket } of strangers) socket.write(rawRequest({ headers: { Authorization: 'Bearer slow' } }));
  await eventually(() => seen.identified.length === 10);
  expect((await post(url)).status).toBe(200);
  for (const { socket } of strangers) socket.destroy();
});

it('a refused request does not end the safety of another one on its connection', async () => {
  const { port, seen, release } = await startHttp({ limits: { connections: 5 } });
  const busy = openRaw(port);
  const wrong = rawRequest({ headers: { Connection: 'keep-alive', 'Content-Type': 'text/plain' } });
  busy.socket.write(rawRequest({ body: callOf('wait'), headers: { Connection: 'keep-alive' } }) + wrong);
  await eventually(() => seen.identified.length === 2 && seen.started.length === 1);
  const idle = Array.from({ length: 20 }, () => openRaw(port));
  await eventually(() => idle.filter(({ socket }) => socket.destroyed).length >= 16);
  release();
  expect(await busy.until(/ada: waited.* 415 /s)).toContain('ada: waited');
  for (const { socket } of [busy, ...idle]) socket.destroy();
});

it('an agent that sends requests on one connection keeps it, as others come and go', async () => {
  const { port } = await startHttp({ limits: { connections: 5 } });
  const agent = openRaw(port);
  for (let round = 0; round < 5; round += 1) {
    const strangers = Array.from({ length: 4 }, () => openRaw(port));
    for (const { socket } of strangers) {
      await once(socket, 'connect');
      socket.write(rawRequest({ headers: { ...CHUNKED, Authorization: undefined }, body: '' }));
    }
    for (const raw of strangers) await raw.until(/\}$/);
    agent.socket.write(rawRequest({ body: callOf('echo', { text: round }), headers: { Connection: 'keep-alive' } }));
    expect(await agent.until(new RegExp(`ada: ${round}`))).toContain(`ada: ${round}`);
    for (const { socket } of strangers) socket.destroy();
  }
  agent.socket.destroy();
});

it.each([
  [190, 200],
  [201, 431],
  [2_001, 431],
])('%i headers get %i', async (count, status) => {
  const { port, seen } = await startHttp();
  const raw = openRaw(port);
  raw.socket.write(
    rawRequest(
      {},
      Array.from({ length: count }, (_, index) => `a${index}: `),
    ),
  );
  expect(await raw.until(/\}$/)).toContain(`HTTP/1.1 ${status} `);
  expect(seen.identified).toHaveLength(status === 200 ? 1 : 0);
  raw.socket.destroy();
});
