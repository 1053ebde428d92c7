import { subscribe } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { get } from 'node:https';
import { setTimeout } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { createCertificate } from './support/certificate.ts';
import { callOf, connectHttp, eventually, HEADERS, openRaw, rawRequest, sendRaw, startHttp } from './support/http.ts';
import { measureLag } from './support/lag.ts';

/** Emits the socket of each request that a server in this process gets. */
const diagnostics = new EventEmitter();
subscribe('http.server.request.start', (message) => diagnostics.emit('request', Object(message).socket));

const start: typeof startHttp = (over, atEnd) =>
  startHttp({ ...over, limits: { drainMs: 100, ...over?.limits } }, atEnd);

const post = (url: string, body = callOf('echo'), headers: Record<string, string> = HEADERS) =>
  fetch(url, { method: 'POST', headers, body });

describe('slow clients', () => {
  it('three hundred that send nothing or little do not stop an honest one', async () => {
    const { url, port } = await start({ limits: { connections: 60 } });
    const slow = Array.from({ length: 300 }, () => openRaw(port));
    await Promise.all(slow.map(({ socket }) => once(socket, 'connect')));
    for (const { socket } of slow.slice(150)) socket.write('POST /mcp HTTP/1.1\r\nHost: localhost\r\nX: ');
    const drip = setInterval(() => {
      for (const { socket } of slow) if (!socket.destroyed) socket.write('a');
    }, 50);
    const client = await connectHttp(url, 'ada');
    for (let index = 0; index < 50; index += 1)
      expect(await client.call('echo', { text: index })).toBe(`ada: ${index}`);
    clearInterval(drip);
    await client.close();
    await eventually(() => slow.filter(({ socket }) => socket.destroyed).length >= 240);
    for (const { socket } of slow) socket.destroy();
  });

  it('do not push out a request that is under way', async () => {
    const { url, port, seen, release } = await start({ limits: { connections: 5 } });
    const answer = post(url, callOf('wait'));
    await eventually(() => seen.started.length === 1);
    const slow = Array.from({ length: 50 }, () => openRaw(port));
    await eventually(() => slow.filter(({ socket }) => socket.destroyed).length >= 46);
    release();
    expect(await (await answer).text()).toContain('ada: waited');
    expect(seen.aborted).toEqual([]);
    for (const { socket } of slow) socket.destroy();
  });

  it.concurrent.for<[what: string, sent: string]>([
    ['the head', 'POST /mcp HTTP/1.1\r\nHost: localhost\r\n'],
    ['the body', rawRequest({ headers: { 'Content-Length': '5000' } })],
    [
      'the rest of a refused body',
      rawRequest({ headers: { Authorization: 'x', Connection: '', 'Content-Length': '5000' } }),
    ],
    ['the next request', rawRequest({ headers: { Connection: 'keep-alive' } })],
  ])('that do not go on with %s are cut off', async ([, sent], { onTestFinished }) => {
    const limits = { headersTimeoutMs: 200, requestTimeoutMs: 300, keepAliveMs: 300 };
    const { port, seen } = await start({ limits }, onTestFinished);
    const raw = openRaw(port);
    raw.socket.write(sent);
    const before = performance.now();
    await raw.closed;
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(seen.errors).toEqual([]);
  });

  it.concurrent.for(['big', 'steps'])('that do not read the answer of %s are cut off', async (tool, {
    onTestFinished,
  }) => {
    const { port, seen } = await start({ limits: { requestTimeoutMs: 300, inFlightPerCaller: 1 } }, onTestFinished);
    const raw = openRaw(port);
    raw.socket.pause();
    const args = { size: 30_000_000, count: 100_000, message: 'x'.repeat(10_000) };
    raw.socket.write(rawRequest({ body: callOf(tool, args), headers: { Connection: 'keep-alive' } }));
    await eventually(() => seen.from.length === 1);
    // Its place is free again once it is cut off.
    let answer = '';
    for (let tries = 0; tries < 80 && !answer.includes('200 OK'); tries += 1) {
      await setTimeout(100);
      answer = await sendRaw(port, rawRequest());
    }
    expect(answer).toContain('ada: undefined');
    raw.socket.destroy();
  });
});

describe('a body of 1 MiB', () => {
  const large = 'a'.repeat(1_048_576);

  it.each<[what: string, head: Record<string, string | undefined>]>([
    ['with its length', {}],
    ['in chunks', { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' }],
  ])('%s is not read without a token', async (_, head) => {
    const { port } = await start();
    const arrived = once(diagnostics, 'request');
    const raw = openRaw(port);
    const headers = { Authorization: undefined, Connection: 'keep-alive', ...head };
    const body = 'Content-Length' in head ? `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n` : large;
    raw.socket.write(rawRequest({ headers, body }));
    const [socket] = await arrived;
    expect(await raw.until(/\}$/)).toContain('401 Unauthorized');
    await raw.closed;
    expect(socket.bytesRead).toBeLessThan(300_000); // what Node read ahead, and the little that was thrown away
  });

  it('without a token leaves the memory alone, a hundred at a time', async () => {
    const { port } = await start();
    const before = process.memoryUsage();
    const raws = Array.from({ length: 100 }, () => openRaw(port));
    const text = rawRequest({ headers: { Authorization: undefined, 'Content-Length': '1048576' }, body: '' });
    const some = 'a'.repeat(60_000);
    for (const { socket } of raws) socket.write(text);
    for (let round = 0; round < 10; round += 1) for (const { socket } of raws) if (socket.writable) socket.write(some);
    for (const answer of await Promise.all(raws.map((raw) => raw.until(/\}$/)))) expect(answer).toContain(' 401 ');
    const { arrayBuffers } = process.memoryUsage();
    expect(arrayBuffers - before.arrayBuffers).toBeLessThan(30_000_000);
    for (const { socket } of raws) socket.destroy();
  });

  it('gets its sender to see why it is refused', async () => {
    const { url } = await start();
    for (const [body, headers, status] of [
      [large, {}, 401],
      [`${large}a`, HEADERS, 413],
      [large.repeat(4), HEADERS, 413],
      ['small', {}, 401],
    ] as const) {
      const response = await post(url, body, headers);
      expect([response.status, Object(await response.json()).jsonrpc]).toEqual([status, '2.0']);
    }
  });

  it('in chunks without end is refused as soon as it is too large', async () => {
    const { port } = await start({ limits: { bodyBytes: 100_000 } });
    const raw = openRaw(port);
    raw.socket.write(
      rawRequest({ headers: { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' }, body: '' }),
    );
    const chunk = `4000\r\n${'a'.repeat(0x4000)}\r\n`;
    const more = setInterval(() => raw.socket.writable && raw.socket.write(chunk), 1);
    const before = performance.now();
    const lag = measureLag();
    expect(await raw.closed).toContain('413 Payload Too Large');
    expect(performance.now() - before - lag()).toBeLessThan(900);
    clearInterval(more);
  });

  it('is asked for only once its sender has been let in', async () => {
    const { port } = await start();
    const ask = (authorization: string) =>
      rawRequest({ headers: { Authorization: authorization, Expect: '100-continue' } });
    expect(await sendRaw(port, ask('Bearer wrong'))).toMatch(/^HTTP\/1\.1 401/);
    expect(await sendRaw(port, ask('Bearer token-of-ada'))).toMatch(
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/,
    );
  });

  it('of JSON is served', async () => {
    const { url } = await start();
    const response = await post(url, callOf('echo', { text: 'a'.repeat(1_000_000) }));
    expect((await response.text()).length).toBeGreaterThan(1_000_000);
  });
});

it('counts requests that are sent ahead on one connection', async () => {
  const { port, seen, release } = await start({ limits: { inFlightPerCaller: 2, waitingPerCaller: 3 } });
  const raw = openRaw(port);
  const one = rawRequest({ body: callOf('wait'), headers: { Connection: 'keep-alive' } });
  raw.socket.write(one.repeat(20));
  await eventually(() => seen.identified.length === 20);
  await eventually(() => seen.started.length === 2);
  expect(seen.started).toHaveLength(2);
  release();
  await eventually(() => (raw.text().match(/429 Too Many/g) ?? []).length === 15);
  expect(seen.started).toHaveLength(5);
  raw.socket.destroy();
});

it('aborts the tool when the connection is closed by half', async () => {
  const { port, seen } = await start();
  const raw = openRaw(port);
  raw.socket.write(rawRequest({ body: callOf('wait') }));
  await eventually(() => seen.started.length === 1);
  raw.socket.end();
  await eventually(() => seen.aborted.length === 1);
  expect(seen.refused).toEqual([]);
  expect(seen.errors.map((error) => error.message)).toEqual([]);
});

describe('on closing', () => {
  it('what is under way is finished, and nothing more begun', async () => {
    const { url, port, seen, release, close } = await startHttp();
    const idle = openRaw(port);
    await once(idle.socket, 'connect');
    const busy = openRaw(port);
    busy.socket.write(rawRequest({ body: callOf('wait'), headers: { Connection: 'keep-alive' } }));
    await eventually(() => seen.started.length === 1);
    const closed = close();
    await idle.closed;
    await expect(post(url)).rejects.toThrow('fetch failed');
    release();
    expect(await busy.closed).toContain('ada: waited');
    await closed;
    expect(seen.aborted).toEqual([]);
  });

  it('a request on a connection that is still there is refused', async () => {
    const { port, seen, release, close } = await startHttp();
    const raw = openRaw(port);
    raw.socket.write(rawRequest({ body: callOf('wait'), headers: { Connection: 'keep-alive' } }));
    await eventually(() => seen.started.length === 1);
    const closed = close();
    raw.socket.write(rawRequest());
    await eventually(() => seen.identified.length === 2);
    release();
    const answer = await raw.closed;
    expect(answer).toContain('ada: waited');
    expect(answer).toContain('503 Service Unavailable');
    await closed;
  });

  it.each(['legacy', 'modern'])('a %s call that does not end is aborted', async (era) => {
    const { url, seen, close } = await startHttp({ limits: { drainMs: 100 } });
    const client = await connectHttp(url, 'ada', era === 'legacy' ? 'v1 client' : 'v2 client, pinned to 2026-07-28');
    const call = client.call('wait').catch(() => 'ended');
    await eventually(() => seen.started.length === 1);
    const before = performance.now();
    await close();
    expect(performance.now() - before).toBeLessThan(2_000);
    expect(seen.aborted).toEqual(['ada']);
    await client.close();
    expect(await call).toBe('ended');
  });
});

describe('TLS', () => {
  const tls = createCertificate();
  afterAll(tls.remove);

  it('is served by the certificate, whoever holds connections open', async () => {
    const { url, port } = await start({ tls, limits: { connections: 20 } });
    expect(url).toMatch(/^https:/);
    const bare = Array.from({ length: 50 }, () => openRaw(port));
    const shaken = Array.from({ length: 50 }, () => connectTls({ port, ca: tls.cert, servername: 'localhost' }));
    for (const socket of shaken) socket.on('error', () => {});
    await setTimeout(200);
    const status = await new Promise((resolve, reject) => {
      get({ port, path: '/healthz', ca: tls.cert, host: 'localhost', family: 4 }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
    expect(status).toBe(200);
    for (const { socket } of bare) socket.destroy();
    for (const socket of shaken) socket.destroy();
  });

  it('keeps the connection of a request that is under way, and closes it in good order', async () => {
    const server = await startHttp({ tls, limits: { connections: 5 } });
    const { port, seen } = server;
    const busy = connectTls({ port, ca: tls.cert, servername: 'localhost' });
    busy.write(rawRequest({ body: callOf('wait'), headers: { Connection: 'keep-alive' } }));
    await eventually(() => seen.started.length === 1);
    const bare = Array.from({ length: 20 }, () => openRaw(port));
    await eventually(() => bare.filter(({ socket }) => socket.destroyed).length >= 16);
    const closed = server.close();
    server.release();
    let answer = '';
    for await (const chunk of busy) answer += chunk; // fails where TLS is not ended as it should be
    expect(answer).toContain('ada: waited');
    await closed;
    for (const { socket } of bare) socket.destroy();
  });

  it('closes connections that never shake hands', async () => {
    const { port } = await start({ tls, limits: { headersTimeoutMs: 200 } });
    expect(await openRaw(port).closed).toBe('');
  });

  it('needs a certificate and key that fit', async () => {
    await expect(start({ tls: { cert: 'x', key: 'y' } })).rejects.toThrow('TLS certificate and key cannot be used');
  });
});
