import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPort } from './support/find-port.ts';
import {
  connectTo,
  entriesIn,
  type HttpServer,
  hashOf,
  newId,
  newTokens,
  openFolder,
  openWorkos,
  post,
  postCall,
  run,
  serve,
} from './support/http-server.ts';
import { describeWithRedis, type RedisServer, startRedis } from './support/redis.ts';

const KEY = 'sk_test_replica_123456789';
const OWN_KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7)).toString('base64');
const PER_SECOND = 4;

const token = newTokens('ann', 'bob', 'few', 'rare', 'thrifty');
const folder = openFolder();
let redis: RedisServer;
let workos: Awaited<ReturnType<typeof openWorkos>>;
let one: HttpServer;
let two: HttpServer;
let refusing: HttpServer;
const open: HttpServer[] = [];

/** When requests for a directory's users came, and what they were answered, by directory. */
const arrivals = new Map<string, { at: number; status: number }[]>();
/** Those of them that were one too many, in every try of a test. */
const refused: unknown[] = [];
const statusesIn = (directory: string) => arrivals.get(directory)?.map(({ status }) => status);

/** As strict as can be: every request counts, those refused too. */
function strictly(request: Request): Response | undefined {
  const { pathname, searchParams } = new URL(request.url);
  if (!pathname.endsWith('/directory_users')) return undefined;
  const directory = searchParams.get('directory') ?? '';
  const own = arrivals.get(directory) ?? [];
  arrivals.set(directory, own);
  const at = performance.now();
  const status = own.filter((other) => at - other.at <= 1_000).length < PER_SECOND ? 200 : 429;
  own.push({ at, status });
  if (status === 429) refused.push({ directory, at });
  const data = Array.from({ length: 10 }, () => ({ object: 'directory_user', id: newId('directory_user') }));
  return Response.json({ object: 'list', data, list_metadata: { before: null, after: `${own.length}` } }, { status });
}

/** A server that has all in common with the others but its port and its record. */
async function start(name: string, args: readonly string[] = []): Promise<HttpServer> {
  const record = ['--audit-log', `${folder.path}/${name}.jsonl`];
  const common = ['--config', `${folder.path}/workos-mcp.yaml`, '--redis-url', redis.url, '--replicas', '2'];
  const server = await serve([...common, ...record, ...args], {
    NORTH_KEY: KEY,
    OWN_KEY,
  });
  open.push(server);
  return server;
}

/** Resolves once each of them has said so after the change. */
async function untilAll(servers: readonly HttpServer[], pattern: RegExp, change: () => Promise<void>): Promise<void> {
  const from = servers.map(({ log }) => log().length);
  await change();
  await Promise.all(servers.map(({ until }, index) => until(pattern, from[index])));
}

const tokenIn = (text: string) => /confirm_token="([^"]+)"/.exec(text)?.[1] ?? expect.fail(text);
const remove = async ({ url }: HttpServer, of: keyof typeof token, user_id: string, confirm_token?: string) => {
  const args = confirm_token === undefined ? { user_id } : { user_id, confirm_token };
  const { status, result } = await postCall(url, token[of].token, 'delete_user', args);
  return { status, isError: result?.isError === true, text: String(result?.content?.[0]?.text) };
};
const deletesOf = (...ids: readonly string[]) =>
  workos.received.filter(({ method, path }) => method === 'DELETE' && ids.includes(path.split('/').at(-1) ?? ''))
    .length;

describeWithRedis('two servers on one Redis', () => {
  beforeAll(async () => {
    [redis, workos] = await Promise.all([startRedis(), openWorkos('north', KEY, strictly)]);
    folder.write(
      'workos-mcp.yaml',
      `
public-url: https://mcp.acme.test/mcp
deployment-key-env: OWN_KEY
environments:
  north: { api-key-env: NORTH_KEY, base-url: '${workos.url}' }
agents:
  ann: { allow: '*:full', tokens: ['${hashOf(token.ann)}'] }
  bob: { allow: '*:full', tokens: ['${hashOf(token.bob)}'] }
  few: { allow: 'users:read', tokens: ['${hashOf(token.few)}'], requests-per-minute: 7 }
  rare: { allow: 'users:read', tokens: ['${hashOf(token.rare)}'], requests-per-minute: 7 }
  thrifty: { allow: '*:full', tokens: ['${hashOf(token.thrifty)}'], deletes-per-hour: 3, confirm: 'off' }
`,
    );
    [one, two, refusing] = await Promise.all([
      start('one'),
      start('two'),
      start('refusing', ['--redis-away', 'refuse']),
    ]);
  });
  afterAll(async () => {
    await Promise.all(open.map((server) => server.stop()));
    await redis?.kill();
    await workos?.close();
    folder.remove();
  });

  // Beside each other: the first two mostly wait for their turn in a directory of their own.
  describe.concurrent('that is there', () => {
    // It has a bound on the real clock, which other work on the machine can exceed.
    it('read one directory together at its 4 a second, with no 429', { retry: 2 }, async () => {
      const directory = newId('directory');
      const clients = await Promise.all([one, two].map(({ url }) => connectTo(url, token.ann.token)));
      const calls = 8;
      const results = await Promise.all(
        clients.flatMap((client) =>
          Array.from({ length: calls }, () => client.call('list_directory_users', { directory })),
        ),
      );
      expect(results.filter(({ isError }) => isError)).toEqual([]);
      expect(statusesIn(directory)).toEqual(Array(2 * calls).fill(200));
      expect(refused).toEqual([]);
      const times = (arrivals.get(directory) ?? []).map(({ at }) => at);
      const took = Math.max(...times) - Math.min(...times);
      const least = ((2 * calls) / PER_SECOND - 1) * 1_000;
      process.stderr.write(
        `\n${2 * calls} reads of a directory by two servers: ${Math.round(took)} ms, at least ${least}\n`,
      );
      expect(took).toBeLessThan(least * 1.5);
      await Promise.all(clients.map((client) => client.close()));
    });

    it('walk the pages of one directory together, with no 429', async () => {
      const directory = newId('directory');
      const walk = { directory, max_items: 60 };
      const answers = await Promise.all(
        [one, two].map(({ url }) => postCall(url, token.ann.token, 'list_directory_users', walk)),
      );
      expect(
        answers.map(({ result }) => result.isError),
        answers[0]?.text,
      ).toEqual([undefined, undefined]);
      expect(answers.map(({ result }) => result.structuredContent.data.length)).toEqual([60, 60]);
      expect(statusesIn(directory)).toEqual(Array(12).fill(200));
    });

    it('take at one the confirmation that the other asked for, once, and from nobody else', async () => {
      const user_id = newId('user');
      const confirm_token = tokenIn((await remove(one, 'ann', user_id)).text);
      const results = await Promise.all([
        remove(two, 'ann', user_id, confirm_token),
        remove(one, 'ann', user_id, confirm_token),
        remove(two, 'ann', user_id, confirm_token),
      ]);
      expect(results.filter(({ isError }) => !isError)).toHaveLength(1);
      expect(deletesOf(user_id)).toBe(1);
      const stolen = await remove(two, 'bob', user_id, tokenIn((await remove(one, 'ann', user_id)).text));
      expect(stolen).toMatchObject({ isError: true, text: expect.stringContaining('is not valid') });
      expect(deletesOf(user_id)).toBe(1);
    });

    it('ask a person at one and hear them at the other', async () => {
      const user_id = newId('user');
      const call = async ({ url }: HttpServer, more: object) => {
        const params = { name: 'delete_user', arguments: { user_id }, ...more };
        return (await post(url, token.ann.token, { method: 'tools/call', params, abilities: { elicitation: {} } }))
          .result;
      };
      const { requestState } = await call(one, {});
      const inputResponses = { confirm: { action: 'accept', content: { confirm: user_id } } };
      expect((await call(two, { requestState, inputResponses })).isError).toBeUndefined();
      expect(deletesOf(user_id)).toBe(1);
    });

    const QUESTION = /^data: (.*elicitation\/create.*)\n/m;
    it('ask a person of before 2026-07-28 at one and hear them at the other', async () => {
      const user_id = newId('user');
      const send = ({ url }: HttpServer, message: object, session?: string | null) =>
        fetch(url, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${token.ann.token}`,
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            ...(session && { 'mcp-session-id': session }),
          },
          body: JSON.stringify({ jsonrpc: '2.0', ...message }),
        });
      const capabilities = { elicitation: {} };
      const clientInfo = { name: 'raw', version: '1' };
      const params = { protocolVersion: '2025-11-25', capabilities, clientInfo };
      const session = (await send(one, { id: 0, method: 'initialize', params })).headers.get('mcp-session-id');
      const call = { id: 1, method: 'tools/call', params: { name: 'delete_user', arguments: { user_id } } };
      const stream = await send(two, call, session);
      let text = '';
      for await (const chunk of stream.body ?? []) {
        const before = text;
        text += Buffer.from(chunk).toString();
        const question = QUESTION.exec(text)?.[1];
        if (question === undefined || QUESTION.test(before)) continue;
        const result = { action: 'accept', content: { confirm: user_id } };
        const { id } = JSON.parse(question);
        expect((await send(one, { id, result }, session)).status).toBe(202);
      }
      expect(text).toContain('"ok\\":true');
      expect(deletesOf(user_id)).toBe(1);
    });

    it('share the budgets of an agent', async () => {
      const statuses: number[] = [];
      for (let index = 0; index < 10; index += 1) {
        statuses.push((await post([one, two][index % 2]?.url ?? '', token.few.token)).status);
      }
      expect(statuses).toEqual([...Array(7).fill(200), 429, 429, 429]);
      const ids = Array.from({ length: 8 }, () => newId('user'));
      const results = await Promise.all(
        ids.map((user_id, index) => remove(index % 2 === 0 ? one : two, 'thrifty', user_id)),
      );
      expect(results.filter(({ isError }) => !isError)).toHaveLength(3);
      expect(deletesOf(...ids)).toBe(3);
    });

    it('end when their port is taken', async () => {
      const args = ['http', '--config', `${folder.path}/workos-mcp.yaml`, '--redis-url', redis.url];
      const { code, stderr } = await run([...args, '--port', String(one.port)], { NORTH_KEY: KEY, OWN_KEY });
      expect(stderr).toContain('The server cannot listen on');
      expect(code, 'it hangs').toBe(2);
    });

    it('keep the password of Redis and the key to themselves', async () => {
      const url = redis.url.replace('redis://', 'redis://ann:hunter2@');
      const args = ['http', '--config', `${folder.path}/workos-mcp.yaml`, '--port', String(await findPort())];
      const env = { NORTH_KEY: KEY, OWN_KEY, WORKOS_MCP_REDIS_URL: url };
      const { code, stderr } = await run(args, env);
      expect([code, stderr]).toEqual([2, expect.stringContaining('Redis refused the login')]);
      expect(stderr).not.toMatch(/hunter2|sk_test/);
    });
  });

  describe('that goes', () => {
    const user_id = newId('user');
    let confirm_token: string;
    let late: HttpServer;
    beforeAll(async () => {
      confirm_token = tokenIn((await remove(one, 'ann', user_id)).text);
      await untilAll([one, two, refusing], /Redis is unreachable/, redis.kill);
      late = await start('late');
    });

    it('go on under a part of the limits, refuse confirmations, and say so', async () => {
      const read = await postCall(one.url, token.ann.token, 'get_user', { user_id });
      expect(read.result.isError, read.text).toBeUndefined();
      for (const given of [confirm_token, undefined]) {
        const refused = await remove(two, 'ann', user_id, given);
        expect(refused).toMatchObject({ isError: true, text: expect.stringContaining('in Redis and cannot reach it') });
      }
      expect(deletesOf(user_id)).toBe(0);

      // Of four a second each of two has two.
      const directory = newId('directory');
      const list = ({ url }: HttpServer) => postCall(url, token.ann.token, 'list_directory_users', { directory });
      const lists = await Promise.all([one, two].flatMap((server) => Array.from({ length: 6 }, () => list(server))));
      expect(lists.filter(({ result }) => result.isError)).toEqual([]);
      expect(statusesIn(directory)).toEqual(Array(12).fill(200));

      const ready = await fetch(new URL('/readyz', two.url));
      expect([ready.status, await ready.json()]).toEqual([503, { status: 'failing', failed: ['redis'] }]);
    });

    it('give each agent a part of its budget', async () => {
      const statuses = async ({ url }: HttpServer) => {
        const all = [];
        for (let index = 0; index < 5; index += 1) all.push((await post(url, token.rare.token)).status);
        return all.filter((status) => status === 200).length;
      };
      expect([await statuses(one), await statuses(two)]).toEqual([3, 3]);
    });

    it('refuse every request, by setting', async () => {
      const received = workos.received.length;
      const answer = await postCall(refusing.url, token.ann.token, 'get_user', { user_id: newId('user') });
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
      expect(answer.error.message).toContain('in Redis and cannot reach it');
      expect(workos.received).toHaveLength(received);
      expect(await refusing.stop()).toBe(0);
    });

    it('start without it', async () => {
      expect((await post(late.url, token.ann.token)).status).toBe(200);
    });

    it('find it when it is back, or there at last', async () => {
      await untilAll([one, two, late], /Connected to Redis/, redis.restart);
      const again = tokenIn((await remove(two, 'ann', user_id)).text);
      expect(await remove(one, 'ann', user_id, again)).toMatchObject({ isError: false });
      tokenIn((await remove(late, 'ann', newId('user'))).text);
    });

    it('stop in time and end the record all the same', async () => {
      await redis.kill();
      const from = performance.now();
      expect(await one.stop()).toBe(0);
      expect(performance.now() - from).toBeLessThan(5_000);
      expect(entriesIn(folder.read('one.jsonl')).at(-1)).toMatchObject({ kind: 'stop' });
    });
  });
});
