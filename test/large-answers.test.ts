import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createBytePool } from '../src/memory/byte-pool.ts';
import { createTransport } from '../src/workos/transport.ts';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

const BODY = 'x'.repeat(300_000);

/** A transport whose answers of 300,000 bytes have room for one at a time. */
async function open(form: 'with its length' | 'in chunks', attemptTimeout = 20_000) {
  const server = createServer((request, response) => {
    const size = Number(request.url?.slice(1));
    if (form === 'with its length') response.setHeader('content-length', size);
    response.write(BODY.slice(0, size / 2));
    setImmediate(() => response.end(BODY.slice(0, size / 2)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const now = () => performance.now();
  const answers = createBytePool(400_000);
  const transport = createTransport(`http://127.0.0.1:${port}`, {
    attemptTimeout,
    maxReplyBytes: 390_000,
    answers,
    now,
  });
  endings.push(
    transport.close,
    () => server.closeAllConnections(),
    () => server.close(),
  );
  const send = async (size = 300_000, agent = 'a', signal = new AbortController().signal) => {
    const context = { signal, deadline: now() + 60_000, agent, repeat: 'never', slots: [] } as const;
    return (await transport.send({ method: 'GET', path: `/${size}`, headers: {}, body: undefined }, context)).body;
  };
  return { send, answers };
}

describe.each(['with its length', 'in chunks'] as const)('a large answer %s', (form) => {
  it('is read while there is room', async () => {
    const { send } = await open(form);
    expect(await Promise.all(Array.from({ length: 10 }, (_, index) => send(300_000, `agent${index % 3}`)))).toEqual(
      Array.from({ length: 10 }, () => BODY),
    );
  });

  it('waits until another one has made room, while small ones are read', async () => {
    const { send, answers } = await open(form);
    const other = answers.enter('other', 300_000, () => {});
    let isRead = false;
    const read = send().then((body) => {
      isRead = true;
      return body;
    });
    expect(await send(60_000)).toHaveLength(60_000);
    expect(await send(60_000)).toHaveLength(60_000);
    expect(isRead).toBe(false);
    other.leave();
    expect(await read).toBe(BODY);
  });

  it('that finds no room in time is given up with the reason, and leaves none taken', async () => {
    const { send, answers } = await open(form, 1_500);
    const other = answers.enter('other', 300_000, () => {});
    await expect(send()).rejects.toMatchObject({
      sent: true,
      message: 'this server holds too many large answers, and had no room for this one within 1.5 s',
    });
    other.leave();
    expect(await send()).toBe(BODY);
  });

  it('of a cancelled call leaves its place', async () => {
    const { send, answers } = await open(form);
    const other = answers.enter('other', 300_000, () => {});
    const cancelled = new AbortController();
    const call = send(300_000, 'a', cancelled.signal);
    await send(60_000);
    cancelled.abort();
    await expect(call).rejects.toMatchObject({ message: 'the call was cancelled' });
    other.leave();
    expect(await send(300_000, 'b')).toBe(BODY);
  });
});
