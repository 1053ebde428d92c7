import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  connectTo,
  entriesIn,
  findPort,
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
  waitFor,
} from './support/http-server.ts';
import { describeWithRedis, type RedisServer, startRedis } from './support/redis.ts';

const KEY = 'sk_test_replica_123456789';
const DIRECTORY = 'directory_01E4ZCR3C56J083X43';
const PER_SECOND = 4;

const token = newTokens('ann', 'bob', 'few');
const folder = openFolder();
let redis: RedisServer;
let workos: Awaited<ReturnType<typeof openWorkos>>;
/** When requests for the directory's users came, and what they were answered. */
let arrivals: { at: number; status: number }[] = [];
const open: HttpServer[] = [];

/** As strict as can be: every request counts, those refused too. */
function strictly(request: Request): Response | undefined {
  if (!request.url.includes('/directory_users')) return undefined;
  const at = performance.now();
  const status = arrivals.filter((other) => at - other.at <= 1_000).length < PER_SECOND ? 200 : 429;
  arrivals.push({ at, status });
  const after = arrivals.length;
  const data = Array.from({ length: 10 }, () => ({ object: 'directory_user', id: newId('directory_user') }));
  return Response.json({ object: 'list', data, list_metadata: { before: null, after: `${after}` } }, { status });
}

let files = 0;
/** So many servers that have all in common but their ports. */
async function start(count: number, args: readonly string[] = []) {
  files += 1;
  const config = folder.write(
    `${files}.yaml`,
    `
public-url: https://mcp-${files}.acme.test/mcp
environments:
  north: { api-key-env: NORTH_KEY, base-url: '${workos.url}' }
agents:
  ann: { allow: '*:full', tokens: ['${hashOf(token.ann)}'], deletes-per-hour: 3 }
  bob: { allow: '*:full', tokens: ['${hashOf(token.bob)}'] }
  few: { allow: 'users:read', tokens: ['${hashOf(token.few)}'], requests-per-minute: 7 }
`,
  );
  const servers = await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const record = ['--audit-log', `${folder.path}/${files}-${index}.jsonl`];
      const common = ['--config', config, '--redis-url', redis.url, '--replicas', String(count)];
      return serve([...common, ...record, ...args], { NORTH_KEY: KEY });
    }),
  );
  open.push(...servers);
  return servers;
}

async function pair(args: readonly string[] = []): Promise<readonly [HttpServer, HttpServer]> {
  const [one, two] = await start(2, args);
  if (one === undefined || two === undefined) throw new Error('there are two');
  return [one, two];
}

const tokenIn = (text: string) => /confirm_token="([^"]+)"/.exec(text)?.[1] ?? expect.fail(text);
const remove = async ({ url }: HttpServer, of: keyof typeof token, user_id: string, confirm_token?: string) => {
  const args = confirm_token === undefined ? { user_id } : { user_id, confirm_token };
  const { status, result } = await postCall(url, token[of].token, 'delete_user', args);
  return { status, isError: result?.isError === true, text: String(result?.content?.[0]?.text) };
};
const deletes = () => workos.received.filter(({ method }) => method === 'DELETE').length;

describeWithRedis('two servers on one Redis', () => {
  beforeAll(async () => {
    [redis, workos] = await Promise.all([startRedis(), openWorkos('north', KEY, strictly)]);
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.stop()));
    workos.received.length = 0;
    arrivals = [];
  });
  afterAll(async () => {
    await redis?.kill();
    await workos?.close();
    folder.remove();
  });

  it('read one directory together at its 4 a second, with no 429', async () => {
    const servers = await pair();
    const clients = await Promise.all(servers.map(({ url }) => connectTo(url, token.ann.token)));
    const calls = 12;
    const results = await Promise.all(
      clients.flatMap((client) =>
        Array.from({ length: calls }, () => client.call('list_directory_users', { directory: DIRECTORY })),
      ),
    );
    expect(results.filter(({ isError }) => isError)).toEqual([]);
    expect(arrivals.map(({ status }) => status)).toEqual(Array(2 * calls).fill(200));
    const took = Math.max(...arrivals.map(({ at }) => at)) - Math.min(...arrivals.map(({ at }) => at));
    const least = ((2 * calls) / PER_SECOND - 1) * 1_000;
    process.stderr.write(
      `\n${2 * calls} reads of a directory by two servers: ${Math.round(took)} ms, at least ${least}\n`,
    );
    expect(took).toBeLessThan(least * 1.5);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('walk the pages of one directory together, with no 429', async () => {
    const servers = await pair();
    const walk = { directory: DIRECTORY, max_items: 80 };
    const answers = await Promise.all(
      servers.map(({ url }) => postCall(url, token.ann.token, 'list_directory_users', walk)),
    );
    expect(
      answers.map(({ result }) => result.isError),
      answers[0]?.text,
    ).toEqual([undefined, undefined]);
    expect(answers.map(({ result }) => result.structuredContent.data.length)).toEqual([80, 80]);
    expect(arrivals.map(({ status }) => status)).toEqual(Array(16).fill(200));
  });

  it('take at one the confirmation that the other asked for, once, and from nobody else', async () => {
    const [one, two] = await pair();
    const user_id = newId('user');
    const confirm_token = tokenIn((await remove(one, 'ann', user_id)).text);
    const results = await Promise.all([
      remove(two, 'ann', user_id, confirm_token),
      remove(one, 'ann', user_id, confirm_token),
      remove(two, 'ann', user_id, confirm_token),
    ]);
    expect(results.filter(({ isError }) => !isError)).toHaveLength(1);
    expect(deletes()).toBe(1);
    const stolen = await remove(two, 'bob', user_id, tokenIn((await remove(one, 'ann', user_id)).text));
    expect(stolen).toMatchObject({ isError: true, text: expect.stringContaining('is not valid') });
    expect(deletes()).toBe(1);
  });

  it('ask a person at one and hear them at the other', async () => {
    const [one, two] = await pair();
    const user_id = newId('user');
    const call = async ({ url }: HttpServer, more: object) => {
      const params = { name: 'delete_user', arguments: { user_id }, ...more };
      return (await post(url, token.ann.token, { method: 'tools/call', params, abilities: { elicitation: {} } }))
        .result;
    };
    const { requestState } = await call(one, {});
    const inputResponses = { confirm: { action: 'accept', content: { confirm: user_id } } };
    expect((await call(two, { requestState, inputResponses })).isError).toBeUndefined();
    expect(deletes()).toBe(1);
  });

  it('share the budgets of an agent', async () => {
    const [one, two] = await pair(['--confirm', 'off']);
    const statuses: number[] = [];
    for (let index = 0; index < 10; index += 1) {
      statuses.push((await post([one, two][index % 2]?.url ?? '', token.few.token)).status);
    }
    expect(statuses).toEqual([...Array(7).fill(200), 429, 429, 429]);
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) => remove(index % 2 === 0 ? one : two, 'ann', newId('user'))),
    );
    expect(results.filter(({ isError }) => !isError)).toHaveLength(3);
    expect(deletes()).toBe(3);
  });

  describe('whose Redis goes', () => {
    afterEach(async () => {
      await redis.kill();
      await redis.restart();
    });

    it('go on under a part of the limits, refuse confirmations, and say so', async () => {
      const [one, two] = await pair();
      const user_id = newId('user');
      const confirm_token = tokenIn((await remove(one, 'ann', user_id)).text);
      await redis.kill();
      await waitFor(() => [one, two].every(({ log }) => log().includes('Redis is unreachable')));

      const read = await postCall(one.url, token.ann.token, 'get_user', { user_id });
      expect(read.result.isError, read.text).toBeUndefined();
      for (const given of [confirm_token, undefined]) {
        const refused = await remove(two, 'ann', user_id, given);
        expect(refused).toMatchObject({ isError: true, text: expect.stringContaining('in Redis and cannot reach it') });
      }
      expect(deletes()).toBe(0);

      // Of four a second each of two has two.
      arrivals = [];
      const list = ({ url }: HttpServer) =>
        postCall(url, token.ann.token, 'list_directory_users', { directory: DIRECTORY });
      const lists = await Promise.all([one, two].flatMap((server) => Array.from({ length: 6 }, () => list(server))));
      expect(lists.filter(({ result }) => result.isError)).toEqual([]);
      expect(arrivals.filter(({ status }) => status === 429)).toEqual([]);

      const ready = await fetch(new URL('/readyz', two.url));
      expect([ready.status, await ready.json()]).toEqual([503, { status: 'failing', failed: ['redis'] }]);

      await redis.restart();
      await waitFor(() =>
        [one, two].every(({ log }) => /Redis is unreachable.*\n(.*\n)*.*Connected to Redis/.test(log())),
      );
      const again = tokenIn((await remove(two, 'ann', user_id)).text);
      expect(await remove(one, 'ann', user_id, again)).toMatchObject({ isError: false });
    });

    it('give each agent a part of its budget', async () => {
      const [one, two] = await pair();
      await redis.kill();
      await waitFor(() => [one, two].every(({ log }) => log().includes('Redis is unreachable')));
      const statuses = async ({ url }: HttpServer) => {
        const all = [];
        for (let index = 0; index < 5; index += 1) all.push((await post(url, token.few.token)).status);
        return all.filter((status) => status === 200).length;
      };
      expect([await statuses(one), await statuses(two)]).toEqual([3, 3]);
    });

    it('refuse every request, by setting', async () => {
      const [one] = await pair(['--redis-away', 'refuse']);
      await redis.kill();
      await waitFor(() => one.log().includes('Redis is unreachable'));
      const received = workos.received.length;
      const answer = await postCall(one.url, token.ann.token, 'get_user', { user_id: newId('user') });
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
      expect(answer.error.message).toContain('in Redis and cannot reach it');
      expect(workos.received).toHaveLength(received);
      expect(await one.stop()).toBe(0);
    });

    it('stop in time and end the record all the same', async () => {
      const [one] = await pair();
      await redis.kill();
      const from = performance.now();
      expect(await one.stop()).toBe(0);
      expect(performance.now() - from).toBeLessThan(5_000);
      expect(entriesIn(folder.read(`${files}-0.jsonl`)).at(-1)).toMatchObject({ kind: 'stop' });
    });
  });

  it('start without Redis, and find it later', async () => {
    await redis.kill();
    const [one] = await pair();
    expect((await post(one.url, token.ann.token)).status).toBe(200);
    await redis.restart();
    await waitFor(() => one.log().includes('Connected to Redis'));
    tokenIn((await remove(one, 'ann', newId('user'))).text);
  });

  it('end when their port is taken', async () => {
    const [one] = await pair();
    const args = ['http', '--config', `${folder.path}/${files}.yaml`, '--redis-url', redis.url];
    const { code, stderr } = await run([...args, '--port', String(one.port)], { NORTH_KEY: KEY }, 3_000);
    expect(stderr).toContain('Nothing can listen on');
    expect(code, 'it hangs').toBe(2);
  });

  it('keep the password of Redis and the key to themselves', async () => {
    const url = redis.url.replace('redis://', 'redis://ann:hunter2@');
    const args = ['http', '--config', `${folder.path}/${files}.yaml`, '--port', String(await findPort())];
    const { code, stderr } = await run([...args, '--redis-url', url], { NORTH_KEY: KEY });
    expect([code, stderr]).toEqual([2, expect.stringContaining('Redis refused the login')]);
    expect(stderr).not.toMatch(/hunter2|sk_test/);
  });
});
