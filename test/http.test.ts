import { describe, expect, it } from 'vitest';
import { toDirectAnswers } from '../src/serve/direct/http-calls.ts';
import { callOf, connectHttp, eventually, HEADERS, startHttp } from './support/http.ts';
import { PEERS } from './support/session.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe.each([
  ['past the SDK', toDirectAnswers<string>(() => undefined, { name: 'test', version: '1' })],
  ['by the SDK', undefined],
] as const)('answering %s,', (_, answerDirectly) => {
  const start: typeof startHttp = (over) => startHttp({ answerDirectly, ...over });

  describe.each(PEERS)('a %s', (peer) => {
    it('lists and calls the tools of its caller', async () => {
      const { url } = await start();
      const client = await connectHttp(url, 'ada', peer);
      expect(await client.tools()).toEqual(['echo', 'only_ada', 'wait', 'steps', 'big']);
      expect(await client.call('echo', { text: 'hello' })).toBe('ada: hello');
      await client.close();
    });

    it('gets progress while a call is under way', async () => {
      const { url } = await start();
      const client = await connectHttp(url, 'ada', peer);
      const steps: number[] = [];
      expect(await client.call('steps', { count: 50 }, { onprogress: ({ progress }) => steps.push(progress) })).toBe(
        'done',
      );
      expect(steps).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
      await client.close();
    });

    it('gets an answer of a megabyte', async () => {
      const { url } = await start();
      const client = await connectHttp(url, 'ada', peer);
      expect((await client.call('big', { size: 1_000_000 })).length).toBe(1_000_000);
      await client.close();
    });

    it('that calls a tool there is not is refused, and that is told', async () => {
      const { url, seen } = await start();
      const client = await connectHttp(url, 'ada', peer);
      await expect(client.call('only_bob')).rejects.toThrow('only_bob');
      await client.call('echo');
      expect(seen.refused).toEqual([{ caller: 'ada', tool: 'only_bob' }]);
      await client.close();
    });

    it('aborts the tool by going away', async () => {
      const { url, seen } = await start();
      const client = await connectHttp(url, 'ada', peer);
      const call = client.call('wait').catch(() => 'gone');
      await eventually(() => seen.started.length === 1);
      await client.close();
      await eventually(() => seen.aborted.length === 1);
      expect(await call).toBe('gone');
      expect(seen.refused).toEqual([]);
    });
  });

  it('keeps the callers of 160 calls in parallel apart', async () => {
    const { url } = await start({ limits: { inFlight: 1_000, inFlightPerCaller: 1_000 } });
    const names = ['ada', 'bob', 'cyd', 'dan'];
    const clients = await Promise.all(names.flatMap((name) => PEERS.map((peer) => connectHttp(url, name, peer))));
    const answers = await Promise.all(
      clients.flatMap((client, which) =>
        Array.from({ length: 5 }, async (_, index) => {
          const name = names[Math.floor(which / PEERS.length)];
          const text = `${name} ${index}`;
          const [own, foreign] = await Promise.all([
            client.call(index % 2 ? 'echo' : `only_${name}`, { text }),
            client.call(`only_${names[(names.indexOf(String(name)) + 1) % 4]}`).catch(() => 'refused'),
          ]);
          return own === (index % 2 ? `${name}: ${text}` : name) && foreign === 'refused';
        }),
      ),
    );
    expect(answers).toHaveLength(80);
    expect(answers.every(Boolean)).toBe(true);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('lets a caller have so many calls under way, and others theirs', async () => {
    const { url, seen, release } = await start({ limits: { inFlightPerCaller: 2, waitingPerCaller: 1 } });
    const post = (caller: string, tool: string) =>
      fetch(url, {
        method: 'POST',
        headers: { ...HEADERS, authorization: `Bearer token-of-${caller}` },
        body: callOf(tool),
      });
    const waiting = [post('ada', 'wait'), post('ada', 'wait')];
    await eventually(() => seen.started.length === 2);
    const third = post('ada', 'echo');
    await eventually(() => seen.identified.length === 3);
    const fourth = await post('ada', 'echo');
    expect([fourth.status, fourth.headers.get('retry-after')]).toEqual([429, '1']);
    expect((await post('bob', 'echo')).status).toBe(200);
    release();
    for (const response of waiting) await (await response).text();
    expect((await third).status).toBe(200);
    expect((await post('ada', 'echo')).status).toBe(200);
  });

  it('lets so many calls be under way in all', async () => {
    const { url, seen, release } = await start({ limits: { inFlight: 1, waiting: 1 } });
    const post = (tool: string) => fetch(url, { method: 'POST', headers: HEADERS, body: callOf(tool) });
    const waiting = post('wait');
    await eventually(() => seen.started.length === 1);
    const second = post('echo');
    await eventually(() => seen.identified.length === 2);
    expect((await post('echo')).status).toBe(503);
    release();
    await (await waiting).text();
    expect((await second).status).toBe(200);
    expect((await post('echo')).status).toBe(200);
  });

  it.each([
    ['of the right form', PARENT, PARENT],
    ['with a trace ID of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, undefined],
    ['of the version that is none', PARENT.replace(/^00/, 'ff'), undefined],
    ['in capitals', PARENT.toUpperCase(), undefined],
    ['that goes on', `${PARENT}-x`, undefined],
    ['that is something else', 'user_01', undefined],
  ])('hands on a traceparent %s as %#', async (_, header, handed) => {
    const { url, seen } = await start();
    await (
      await fetch(url, { method: 'POST', headers: { ...HEADERS, traceparent: header }, body: callOf('echo') })
    ).text();
    const place = expect.objectContaining({ waitedMs: 0 });
    const from = { traceparent: handed, remote: '127.0.0.1', tool: 'echo', args: expect.anything(), place };
    expect(seen.from).toEqual([from]);
  });

  it.each([
    [false, '127.0.0.1'],
    [true, '203.0.113.9'],
  ])('believes X-Forwarded-For only of a trusted proxy (%s)', async (trustProxy, remote) => {
    const { url, seen } = await start({ trustProxy });
    const headers = { ...HEADERS, 'x-forwarded-for': '198.51.100.7, 203.0.113.9' };
    await (await fetch(url, { method: 'POST', headers, body: callOf('echo') })).text();
    expect(seen.from.map((from) => from.remote)).toEqual([remote]);
  });

  it('hands no token on to the tools', async () => {
    const { url } = await start({
      factory: () => {
        throw new Error('see below');
      },
    });
    const response = await fetch(url, { method: 'POST', headers: HEADERS, body: callOf('echo') });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('see below');
  });
});
