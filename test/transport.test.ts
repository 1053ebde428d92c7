import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { createBytePool } from '../src/memory/byte-pool.ts';
import { toTransportError } from '../src/workos/faults.ts';
import { createTransport } from '../src/workos/transport.ts';

let close = () => {};
afterEach(() => close());

/** A transport to what answers each connection so. */
async function open(serve: (socket: Socket) => void, scheme = 'http') {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const now = () => performance.now();
  const transport = createTransport(`${scheme}://127.0.0.1:${port}`, {
    attemptTimeout: 5_000,
    maxReplyBytes: 50_000,
    answers: createBytePool(100_000),
    now,
  });
  close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    void transport.close();
  };
  const send = (signal = new AbortController().signal) =>
    transport.send(
      { method: 'POST', path: '/', headers: {}, body: '{}' },
      { signal, deadline: now() + 5_000, agent: 'a', repeat: 'never', slots: [] },
    );
  return { send };
}

// Whether a request may have reached WorkOS decides whether a write is sent again: only what fails while a connection
// comes about is known not to have.
it.each([
  [{ code: 'ECONNREFUSED', syscall: 'connect' }, false, 'connection refused'],
  [{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }, false, 'host name not found'],
  [{ code: 'EHOSTUNREACH', syscall: 'connect' }, false, 'host unreachable'],
  [{ code: 'ETIMEDOUT', syscall: 'connect' }, false, 'no connection was established'],
  [{ code: 'UND_ERR_CONNECT_TIMEOUT' }, false, 'no connection was established in time'],
  [{ code: 'CERT_HAS_EXPIRED' }, false, 'the TLS certificate is not trusted (CERT_HAS_EXPIRED)'],
  [
    { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    false,
    'the TLS certificate is not trusted (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
  ],
  [{ code: 'EHOSTUNREACH', syscall: 'read' }, true, 'the HTTP exchange failed'],
  [{ code: 'ENETUNREACH', syscall: 'write' }, true, 'the HTTP exchange failed'],
  [{ code: 'ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC' }, true, 'the HTTP exchange failed'],
  [{ code: 'ECONNRESET', syscall: 'read' }, true, 'the connection was reset'],
  [{ code: 'UND_ERR_SOCKET' }, true, 'the connection was dropped'],
  [{}, true, 'the HTTP exchange failed'],
])('%j may have been sent: %s', (fields, sent, message) => {
  expect(toTransportError(Object.assign(new Error('10.0.0.1 sk_test_secret'), fields))).toMatchObject({
    sent,
    message,
  });
});

it('a connection that breaks off before it is one has sent nothing', async () => {
  const { send } = await open((socket) => socket.destroy(), 'https');
  await expect(send()).rejects.toMatchObject({ sent: false, message: 'no connection was established' });
});

it('a call that is cancelled while a connection comes about has sent nothing', async () => {
  const { send } = await open(() => {}, 'https');
  const cancelling = new AbortController();
  const sending = send(cancelling.signal);
  await setTimeout(100);
  cancelling.abort();
  await expect(sending).rejects.toMatchObject({ sent: false, message: 'the call was cancelled' });
});

it('a call that is cancelled later may have', async () => {
  const cancelling = new AbortController();
  const { send } = await open((socket) => socket.on('data', () => cancelling.abort()));
  await expect(send(cancelling.signal)).rejects.toMatchObject({ sent: true, message: 'the call was cancelled' });
});

it('what comes before the answer is not the answer', async () => {
  const hints = 'HTTP/1.1 103 Early Hints\r\nx-request-id: req_hint\r\ncontent-encoding: gzip\r\n\r\n';
  const answer = 'HTTP/1.1 200 OK\r\nx-request-id: req_1\r\ncontent-length: 2\r\n\r\n{}';
  const { send } = await open((socket) => socket.once('data', () => socket.write(hints + answer)));
  expect(await send()).toEqual({ status: 200, headers: { 'x-request-id': 'req_1' }, body: '{}' });
});

it('an answer that is too long ends at once, also where its end came with it', async () => {
  const chunk = `${(50_001).toString(16)}\r\n${'x'.repeat(50_001)}\r\n0\r\n\r\n`;
  const answer = `HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`;
  const { send } = await open((socket) => socket.once('data', () => socket.write(answer)));
  await expect(send()).rejects.toMatchObject({ message: expect.stringContaining('larger than 50000 bytes') });
  // undici would go on to word a failed assertion, for which Node parses its source.
  const start = performance.now();
  await setTimeout(1);
  expect(performance.now() - start).toBeLessThan(1_000);
});
