import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { toLink } from './support/console-client.ts';
import { findPort } from './support/find-port.ts';
import {
  entriesIn,
  type HttpServer,
  hashOf,
  newId,
  newTokens,
  openFolder,
  openWorkos,
  post,
  serve,
  waitFor,
} from './support/http-server.ts';
import { describeWithRedis, type RedisServer, startRedis } from './support/redis.ts';
import { createVisitor, type Visitor } from './support/visitor.ts';

const KEY = 'sk_test_replica_123456789';
const DEPLOYMENT_KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 5));
const CONSOLE = 'https://console.acme.test';
const token = newTokens('ann', 'noisy');

type CallOptions = {
  readonly confirm_token?: string;
  /** Whether the client opens addresses. */
  readonly opens?: boolean;
  readonly of?: keyof typeof token;
};

type Replica = { readonly server: HttpServer; readonly consolePort: number };

// A command waits 300 ms for Redis, which is not always enough beside other work on the machine.
describeWithRedis('two servers with a console, on one Redis', { retry: 2 }, () => {
  const folder = openFolder();
  let redis: RedisServer;
  let workos: Awaited<ReturnType<typeof openWorkos>>;
  let one: Replica;
  let two: Replica;
  let grace: Visitor;

  async function start(name: string): Promise<Replica> {
    const consolePort = await findPort();
    const args = ['--redis-url', redis.url, '--replicas', '2', '--console-port', String(consolePort)];
    const record = ['--audit-log', `${folder.path}/${name}.jsonl`];
    const config = ['--config', `${folder.path}/workos-mcp.yaml`];
    const server = await serve([...config, ...args, ...record], {
      NORTH_KEY: KEY,
      OWN_KEY: DEPLOYMENT_KEY.toString('base64'),
    });
    return { server, consolePort };
  }

  const deletesOf = (id: string) =>
    workos.received.filter(({ method, path }) => method === 'DELETE' && path.endsWith(`/${id}`)).length;
  /** A delete by a client of the newest era. One that can open addresses is told at once what its call waits by. */
  const remove = async (
    { server }: Replica,
    user_id: string,
    { confirm_token, opens, of = 'ann' }: CallOptions = {},
  ) => {
    const { result, error } = await post(server.url, token[of].token, {
      method: 'tools/call',
      params: { name: 'delete_user', arguments: { user_id, ...(confirm_token !== undefined && { confirm_token }) } },
      abilities: opens === true ? { elicitation: { url: {} } } : {},
    });
    return { isError: result?.isError === true, text: String(result?.content?.[0]?.text ?? error?.message), result };
  };
  /** Begins a call that waits, and returns the ID with which it goes on. */
  const ask = async (replica: Replica, user_id: string, of: keyof typeof token = 'ann') => {
    const { result } = await remove(replica, user_id, { opens: true, of });
    return String(result?.requestState ?? expect.fail(JSON.stringify(result)));
  };
  /** The page of the call that waits for an object. */
  const pageOf = async (visitor: Visitor, user_id: string) => {
    let found: string | undefined;
    await expect
      .poll(async () => {
        const { body } = await visitor.get('/waiting');
        for (const [, handle] of body.matchAll(/href="(\/waiting\/[\w-]+)"/g)) {
          if (handle !== undefined && (await visitor.get(handle)).body.includes(user_id)) found = handle;
        }
        return found;
      })
      .toBeDefined();
    return found ?? expect.fail();
  };
  const yes = (user_id: string) => ({ answer: 'yes', typed: user_id.slice(-6) });
  const recordOf = (name: string) => entriesIn(folder.read(`${name}.jsonl`));

  beforeAll(async () => {
    [redis, workos] = await Promise.all([startRedis(), openWorkos('north', KEY)]);
    folder.write(
      'workos-mcp.yaml',
      `
public-url: https://mcp.acme.test/mcp
console-url: ${CONSOLE}
deployment-key-env: OWN_KEY
environments:
  north: { api-key-env: NORTH_KEY, base-url: '${workos.url}', expect: staging }
agents:
  ann: { allow: 'users:full', confirm: person, tokens: ['${hashOf(token.ann)}'] }
  noisy: { allow: 'users:full', confirm: person, tokens: ['${hashOf(token.noisy)}'] }
approvers:
  grace: { agents: '*', allow: '*:full' }
`,
    );
    [one, two] = await Promise.all([start('one'), start('two')]);
    grace = createVisitor(CONSOLE, two.consolePort);
    await waitFor(async () => (await grace.send('/link', { link: toLink(DEPLOYMENT_KEY, 'grace') })).status === 303);
  });
  // Noes of one test do not hold the agent in another, or in a further try.
  beforeEach(async () => {
    for (const agent of ['ann', 'noisy']) await grace.send(`/agents/${agent}/lift`, {});
  });
  afterAll(async () => {
    await Promise.all([one, two].map((replica) => replica?.server.stop()));
    await redis?.kill();
    await workos?.close();
    folder.remove();
  });

  it('show and answer at one what was asked at the other, whose call goes through', async () => {
    const user_id = newId('user');
    const calling = remove(one, user_id);
    const page = await pageOf(grace, user_id);
    expect(deletesOf(user_id)).toBe(0);
    expect((await grace.send(page, yes(user_id))).status).toBe(303);
    expect(await calling).toMatchObject({ isError: false });
    expect(deletesOf(user_id)).toBe(1);
    expect(recordOf('one')).toContainEqual(
      expect.objectContaining({ kind: 'decision', confirmation: 'console', approver: 'grace', approver_by: 'link' }),
    );
  });

  it('carry a no and its words to the agent at the other, where the call stays refused', async () => {
    const user_id = newId('user');
    const calling = remove(one, user_id);
    expect((await grace.send(await pageOf(grace, user_id), { answer: 'no', words: 'Keep Ada.' })).status).toBe(303);
    expect(await calling).toMatchObject({ isError: true, text: expect.stringContaining('"Keep Ada."') });
    for (const replica of [one, two]) {
      expect(await remove(replica, user_id)).toMatchObject({
        isError: true,
        text: expect.stringContaining('declined'),
      });
    }
    expect(deletesOf(user_id)).toBe(0);
    expect(folder.read('one.jsonl') + folder.read('two.jsonl')).not.toContain('Keep Ada');
  });

  it('keep a page at one as things are at the other', async () => {
    const user_id = newId('user');
    let isAsked = false;
    const watching = grace.follow('/waiting', (sent) => {
      if (!isAsked && sent.includes('data: ')) {
        isAsked = true;
        ask(one, user_id).catch(() => {}); // the page then shows nothing, which fails this try alone
      }
      return sent.includes(user_id);
    });
    expect(await watching).toContain('ada@north.test');
    const atOne = grace.at(one.consolePort);
    const page = await pageOf(atOne, user_id);
    let isAnswered = false;
    const answering = grace.follow(page, (sent) => {
      if (!isAnswered && sent.includes('data: ')) {
        isAnswered = true;
        atOne.send(page, { answer: 'no' }).catch(() => {});
      }
      return sent.includes('<strong>No</strong>');
    });
    expect(await answering).toMatch(/said by <bdi>grace<\/bdi>/);
  });

  it('send a call once that goes on at both in the same moment', async () => {
    const user_id = newId('user');
    const confirm_token = await ask(one, user_id);
    expect((await grace.send(await pageOf(grace, user_id), yes(user_id))).status).toBe(303);
    const results = await Promise.all(
      [one, two, one, two].map((replica) => remove(replica, user_id, { confirm_token })),
    );
    expect(results.filter(({ isError }) => !isError)).toHaveLength(1);
    expect(deletesOf(user_id)).toBe(1);
  });

  it('let a call go on after a restart of the server that asked', async () => {
    const user_id = newId('user');
    const confirm_token = await ask(one, user_id);
    one.server.process.kill('SIGKILL');
    one = await start('one-again');
    expect((await grace.at(one.consolePort).send(await pageOf(grace, user_id), yes(user_id))).status).toBe(303);
    expect(await remove(one, user_id, { confirm_token })).toMatchObject({ isError: false });
    expect(deletesOf(user_id)).toBe(1);
  });

  it('give an agent its confirmation ID at a stop, with which its call goes on at the other', async () => {
    const user_id = newId('user');
    const calling = remove(one, user_id);
    const page = await pageOf(grace, user_id);
    const stopped = one.server.stop();
    const { confirmation } = (await calling).result.structuredContent;
    expect(confirmation).toMatchObject({ status: 'waiting', object: user_id });
    expect(await stopped).toBe(0);
    expect((await grace.send(page, yes(user_id))).status).toBe(303);
    expect(await remove(two, user_id, { confirm_token: confirmation.confirmation_id })).toMatchObject({
      isError: false,
    });
    expect(deletesOf(user_id)).toBe(1);
    one = await start('one-at-last');
  });

  it('hold an agent everywhere after three noes, until it is lifted at either', async () => {
    const ids = [newId('user'), newId('user'), newId('user')];
    for (const [index, user_id] of ids.entries()) {
      await ask(index === 1 ? two : one, user_id, 'noisy');
      const visitor = grace.at((index === 2 ? two : one).consolePort);
      expect((await visitor.send(await pageOf(visitor, user_id), { answer: 'no' })).status).toBe(303);
    }
    const another = newId('user');
    for (const replica of [one, two]) {
      const { text } = await remove(replica, another, { of: 'noisy' });
      expect(text).toContain('declined three of your calls');
    }
    expect((await grace.at(two.consolePort).send('/agents/noisy/lift', {})).status).toBe(303);
    const confirm_token = await ask(one, another, 'noisy');
    await grace.send(await pageOf(grace, another), yes(another));
    expect(await remove(two, another, { confirm_token, of: 'noisy' })).toMatchObject({ isError: false });
  });

  it('share sessions, used links and sign-outs', async () => {
    const link = toLink(DEPLOYMENT_KEY, 'grace');
    const visitor = createVisitor(CONSOLE, one.consolePort);
    expect((await visitor.send('/link', { link })).status).toBe(303);
    expect((await createVisitor(CONSOLE, two.consolePort).send('/link', { link })).status).toBe(403);
    const elsewhere = visitor.at(two.consolePort);
    expect((await elsewhere.get('/waiting')).status).toBe(200);
    const jar = new Map([['session', visitor.cookie('session')]]);
    expect((await elsewhere.send('/sign-out', {})).status).toBe(303);
    for (const { consolePort } of [one, two]) {
      expect((await createVisitor(CONSOLE, consolePort, jar).get('/waiting')).status).toBe(401);
    }
  });

  it('refuse calls and pages in clear words while Redis is away, and go on afterwards', async () => {
    const user_id = newId('user');
    await redis.kill();
    await Promise.all([one, two].map(({ server }) => server.until(/Redis is unreachable/)));
    const { status, body } = await grace.get('/waiting');
    expect([status, body]).toEqual([503, expect.stringContaining('in Redis and cannot reach it')]);
    expect(await remove(one, user_id)).toMatchObject({
      isError: true,
      text: expect.stringContaining('in Redis and cannot reach it'),
    });
    const from = one.server.log().length;
    await redis.restart();
    await one.server.until(/Connected to Redis/, from);
    await ask(one, user_id);
    expect(await pageOf(grace.at(one.consolePort), user_id)).toBeDefined();
    expect(deletesOf(user_id)).toBe(0);
  });
});
