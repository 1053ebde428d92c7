import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openedBy } from './support/catalog.ts';
import { openRaw, rawRequest, sendRaw } from './support/http.ts';
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
import { PEERS } from './support/session.ts';

const NORTH_KEY = 'sk_test_north_1234567890';
const SOUTH_KEY = 'sk_test_south_0987654321';

const token = newTokens('north', 'south', 'gone', 'narrow', 'stranger', 'few', 'many', 'deletes', 'more', 'fresh');
const folder = openFolder();
let north: Awaited<ReturnType<typeof openWorkos>>;
let south: Awaited<ReturnType<typeof openWorkos>>;
let server: HttpServer;

beforeAll(async () => {
  [north, south] = await Promise.all([openWorkos('north', NORTH_KEY), openWorkos('south', SOUTH_KEY)]);
  const keyFile = folder.write('south.key', `${SOUTH_KEY}\n`);
  const config = folder.write(
    'workos-mcp.yaml',
    `
audit-log: ${folder.path}/audit.jsonl
confirm: 'off'
log-level: trace
environments:
  north: { api-key-env: NORTH_KEY, base-url: '${north.url}' }
  south: { api-key-file: ${keyFile}, base-url: '${south.url}' }
agents:
  ann: { environment: north, allow: ['users:read', 'users:delete', delete_organization], tokens: ['${hashOf(token.north)}'], status-tool: true }
  sol: { environment: south, allow: ['users:read', 'organizations:full'], tokens: ['${hashOf(token.south)}'] }
  nat: { environment: north, allow: '*:full', list: all, tokens: ['${hashOf(token.narrow)}'] }
  old: { environment: north, allow: '*:read', tokens: ['${hashOf(token.gone)}'], expires: 2020-01-01 }
  few: { environment: north, allow: 'users:read', requests-per-minute: 5, tokens: ['${hashOf(token.few)}'] }
  many: { environment: north, allow: 'users:read', tokens: ['${hashOf(token.many)}'] }
  deletes: { environment: north, allow: 'users:full', deletes-per-hour: 2, tokens: ['${hashOf(token.deletes)}'] }
  fresh: { environment: north, allow: 'users:full', deletes-per-hour: 1, confirm: auto, tokens: ['${hashOf(token.fresh)}'] }
  more: { environment: north, allow: 'users:full', deletes-per-hour: 3, tokens: ['${hashOf(token.more)}'] }
`,
  );
  server = await serve(['--config', config], { NORTH_KEY });
});
afterAll(async () => {
  await server?.stop();
  await Promise.all([north?.close(), south?.close()]);
  folder.remove();
});
beforeEach(() => {
  north.received.length = 0;
  south.received.length = 0;
});

const record = () => folder.read('audit.jsonl');
const entries = () => entriesIn(record());
const keysOf = ({ received }: typeof north) => [...new Set(received.map(({ headers }) => headers.authorization))];

const ANN = [...openedBy('users', 'read', 'delete'), 'delete_organization', 'get_access_status'];
const SOL = [...openedBy('users', 'read'), ...openedBy('organizations', 'read', 'write', 'delete')];

describe.each(PEERS)('a %s', (peer) => {
  it("has its agent's tools and no other", async () => {
    const [ann, sol] = await Promise.all([
      connectTo(server.url, token.north.token, { peer }),
      connectTo(server.url, token.south.token, { peer }),
    ]);
    expect([...(await ann.tools())].sort()).toEqual([...ANN].sort());
    expect([...(await sol.tools())].sort()).toEqual([...SOL].sort());
    await Promise.all([ann.close(), sol.close()]);
  });

  it("reaches its agent's environment, with the key of that", async () => {
    const user_id = newId('user');
    const [ann, sol] = await Promise.all([
      connectTo(server.url, token.north.token, { peer }),
      connectTo(server.url, token.south.token, { peer }),
    ]);
    expect((await ann.call('get_user', { user_id })).structured).toMatchObject({ email: 'ada@north.test' });
    expect((await sol.call('get_user', { user_id })).structured).toMatchObject({ email: 'ada@south.test' });
    expect([keysOf(north), keysOf(south)]).toEqual([[`Bearer ${NORTH_KEY}`], [`Bearer ${SOUTH_KEY}`]]);
    await Promise.all([ann.close(), sol.close()]);
  });

  it('is told the errors of its own environment', async () => {
    const sol = await connectTo(server.url, token.south.token, { peer });
    const result = await sol.call('get_user', { user_id: 'user_0M1SS1NG000000000000000000' });
    expect(result).toMatchObject({ isError: true });
    expect(result.text).toContain('404');
    expect(result.text).not.toContain('north');
    await sol.close();
  });

  it("is refused the other agent's tools as if they were none", async () => {
    const ann = await connectTo(server.url, token.north.token, { peer });
    const said = await Promise.all(
      ['create_organization', 'no_such_tool'].map((name) =>
        ann.call(name, { name: 'x' }).catch((error: Error) => error.message.replaceAll(name, 'TOOL')),
      ),
    );
    expect(said[0]).toEqual(said[1]);
    expect(north.received).toEqual([]);
    await ann.close();
  });
});

it('keeps two agents apart under load', async () => {
  const before = entries().length;
  const agents = [
    { name: 'ann', token: token.north.token, workos: 'north' },
    { name: 'sol', token: token.south.token, workos: 'south' },
  ];
  const clients = await Promise.all(
    agents.flatMap((agent) =>
      PEERS.map(async (peer) => ({ ...agent, client: await connectTo(server.url, agent.token, { peer }) })),
    ),
  );
  const answers = await Promise.all(
    clients.flatMap(({ client, ...agent }) =>
      Array.from({ length: 6 }, async () => {
        const crossed: unknown[] = [];
        for (let round = 0; round < 2; round += 1) {
          const user_id = newId('user');
          const { structured } = await client.call('get_user', { user_id });
          if (structured?.id !== user_id || structured?.email !== `ada@${agent.workos}.test`) crossed.push(structured);
          const failed = await client.call('get_user', { user_id: 'user_0M1SS1NG000000000000000000' });
          if (!failed.text.includes('404')) crossed.push(failed);
        }
        return crossed;
      }),
    ),
  );
  expect(answers.flat()).toEqual([]);
  expect([keysOf(north), keysOf(south)]).toEqual([[`Bearer ${NORTH_KEY}`], [`Bearer ${SOUTH_KEY}`]]);

  // Each agent's entries are of what its own environment was asked for, and of no more.
  const fresh = entries().slice(before);
  for (const [name, workos] of [['ann', north] as const, ['sol', south] as const]) {
    const decided = fresh.filter((entry) => entry.agent === name && entry.kind === 'decision');
    const asked = workos.received.map(({ path }) => path.split('/').at(-1));
    expect(decided.map(({ ids }) => Object(ids).user_id).sort()).toEqual(asked.sort());
    expect(decided.length).toBe(4 * 6 * 2 * 2);
  }
  expect(new Set(fresh.map(({ agent }) => agent))).toEqual(new Set(['ann', 'sol']));
  await Promise.all(clients.map(({ client }) => client.close()));
});

describe('who is not let in', () => {
  const { id } = token.north;
  it.each<[what: string, authorization: string | undefined]>([
    ['nothing', undefined],
    ['a token that was never given to an agent', `Bearer ${token.stranger.token}`],
    ['the ID of one token with the secret of another', `Bearer wmcp_${id}_${token.south.token.slice(16)}`],
    ['a token that is cut', `Bearer ${token.north.token.slice(0, -1)}`],
    ['a hash', `Bearer ${token.north.hash.sha256}`],
    ['another scheme', `Basic ${Buffer.from(`x:${token.north.token}`).toString('base64')}`],
    ['a token without its scheme', token.north.token],
    ['the token of an agent whose time is over', `Bearer ${token.gone.token}`],
    ['a WorkOS key', `Bearer ${NORTH_KEY}`],
  ])('%s is answered 401 and a challenge', async (_, authorization) => {
    const headers = authorization === undefined ? {} : { authorization };
    const { status, headers: got, text } = await post(server.url, undefined, { headers });
    expect(status).toBe(401);
    expect(got.get('www-authenticate')).toMatch(/^Bearer realm="workos-mcp"/);
    expect(got.get('www-authenticate')?.includes('invalid_token')).toBe(authorization !== undefined);
    expect(text).not.toMatch(/ann|sol|north|south|wmcp_|sk_test/);
  });

  it('a token in the address is refused, alone and beside a good one', async () => {
    const url = `${server.url}?access_token=${token.north.token}`;
    expect((await post(url, undefined)).status).toBe(400);
    expect((await post(url, token.north.token)).status).toBe(400);
  });

  it('a client of the SDK gets no further than to connect', async () => {
    await expect(connectTo(server.url, token.stranger.token)).rejects.toThrow();
  });
});

describe('headers that narrow', () => {
  const toolsWith = async (headers: Record<string, string>, of = token.narrow.token) => {
    const { result } = await post(server.url, of, { headers });
    return (result?.tools ?? []).map(({ name }: { name: string }) => name) as string[];
  };

  it('take tools out of the list, for every client', async () => {
    for (const peer of PEERS) {
      const headers = { 'X-WorkOS-MCP-Allow': 'users:read', 'X-WorkOS-MCP-Read-Only': 'true' };
      const client = await connectTo(server.url, token.narrow.token, { peer, headers });
      expect([...(await client.tools())].sort()).toEqual([...openedBy('users', 'read')].sort());
      await expect(client.call('delete_user', { user_id: newId('user') })).rejects.toThrow('delete_user');
      await client.close();
    }
    expect(north.received).toEqual([]);
  });

  it('leave only reads with Read-Only', async () => {
    const all = await toolsWith({});
    const reads = await toolsWith({ 'X-WorkOS-MCP-Read-Only': '1' });
    expect(all).toContain('delete_user');
    expect(reads.length).toBeGreaterThan(10);
    expect(reads.filter((name) => !/^(get|list|check|wait)_/.test(name))).toEqual([]);
    expect(await toolsWith({ 'X-WorkOS-MCP-Read-Only': 'false' })).toEqual(all);
  });

  it.each([
    ['everything', '*:full,*:credentials'],
    ["another agent's tools", 'users:read,organizations:full'],
  ])('cannot widen: %s', async (_, allow) => {
    const tools = await toolsWith({ 'X-WorkOS-MCP-Allow': allow }, token.north.token);
    expect(tools.filter((name) => !ANN.includes(name))).toEqual([]);
    const { error } = await postCall(
      server.url,
      token.north.token,
      'create_organization',
      { name: 'x' },
      {
        'X-WorkOS-MCP-Allow': allow,
      },
    );
    expect(error?.code).toBe(-32602);
    expect(north.received).toEqual([]);
  });

  it.each<[what: string, headers: Record<string, string>]>([
    ['a grant that there is none of', { 'X-WorkOS-MCP-Allow': 'users:reed' }],
    ['an empty item', { 'X-WorkOS-MCP-Allow': 'users:read,,' }],
    ['nothing at all', { 'X-WorkOS-MCP-Allow': '' }],
    ['a word that is neither true nor false', { 'X-WorkOS-MCP-Read-Only': 'yes' }],
    ['an empty switch', { 'X-WorkOS-MCP-Read-Only': '' }],
    ['a misspelt name', { 'X-WorkOS-MCP-Readonly': 'true' }],
    ['a name that is none', { 'X-WorkOS-MCP-Environment': 'south' }],
  ])('are a 400 with %s', async (_, headers) => {
    const { status, error } = await post(server.url, token.narrow.token, { headers });
    expect(status).toBe(400);
    expect(error.message).toMatch(/x-workos-mcp-/i);
  });

  it.each(['X-WorkOS-MCP-Allow: users:read', 'X-WorkOS-MCP-Read-Only: true'])('are a 400 twice: %s', async (line) => {
    const headers = { Authorization: `Bearer ${token.narrow.token}` };
    const answer = await sendRaw(server.port, rawRequest({ headers }, [line, line]));
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
    expect(answer).toContain('more than once');
  });

  it('say nothing to who is not let in', async () => {
    const { status } = await post(server.url, undefined, { headers: { 'X-WorkOS-MCP-Allow': 'users:reed' } });
    expect(status).toBe(401);
  });
});

describe('the record', () => {
  it('has agent, environment, grant and trace of a call', async () => {
    const user_id = newId('user');
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await postCall(server.url, token.south.token, 'get_user', { user_id }, { traceparent });
    const [decision, outcome] = entries().slice(-2);
    expect(decision).toMatchObject({
      kind: 'decision',
      agent: 'sol',
      environment: 'south (staging)',
      tool: 'get_user',
      ids: { user_id },
      decision: 'allowed',
      rule: 'users:read',
      trace: traceparent,
    });
    expect(outcome).toMatchObject({ kind: 'outcome', agent: 'sol', of: decision?.seq, outcome: 'ok' });
  });

  it('tells environments of one kind apart', async () => {
    await postCall(server.url, token.south.token, 'get_user', { user_id: newId('user') });
    expect(JSON.stringify(entries().at(-1))).toContain('south');
  });

  it('has a call of a tool that is not the agent’s, as refused', async () => {
    await postCall(server.url, token.south.token, 'delete_user', { user_id: newId('user') });
    expect(entries().at(-1)).toMatchObject({ agent: 'sol', tool: 'delete_user', decision: 'refused' });
    await postCall(server.url, token.south.token, 'sk_secret_tool');
    expect(entries().at(-1)).toMatchObject({ agent: 'sol', tool: '(unknown)', decision: 'refused' });
  });

  it('has no key and no token in it, nor has the log, and is whole', async () => {
    const secrets = [NORTH_KEY, SOUTH_KEY, ...Object.values(token).map((each) => each.token)];
    const written = `${record()}${server.log()}`;
    for (const secret of secrets) expect(written).not.toContain(secret.slice(0, 20));
    expect(written).not.toMatch(/sk_secret_tool|ada@/);
    expect(await run(['audit', 'verify', `${folder.path}/audit.jsonl`])).toMatchObject({ code: 0 });
  });
});

describe('what a browser or a stranger can do', () => {
  it('a page that has rebound its name is not served', async () => {
    const headers = { Host: 'evil.test', Authorization: `Bearer ${token.narrow.token}` };
    expect(await sendRaw(server.port, rawRequest({ headers }))).toMatch(/^HTTP\/1\.1 403/);
  });

  it('nor is a page of another origin, whatever its token', async () => {
    const headers = { Origin: 'https://evil.test', Authorization: `Bearer ${token.narrow.token}` };
    expect(await sendRaw(server.port, rawRequest({ headers }))).toMatch(/^HTTP\/1\.1 403/);
  });

  it.each([
    [4 << 20, 'of a length'],
    [64 << 20, 'of a length'],
    [64 << 20, 'in chunks'],
  ])('a body of %i bytes %s without a token is refused before it is sent, and not taken in', async (size, how) => {
    const raw = openRaw(server.port);
    const length = how === 'in chunks' ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': String(size) };
    const headers = { Authorization: undefined, 'Content-Length': undefined, ...length };
    raw.socket.write(rawRequest({ headers, body: '' }));
    expect(await raw.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 401/);
    const block = Buffer.alloc(65_536, how === 'in chunks' ? `fff8\r\n${'x'.repeat(0xfff8)}\r\n` : 'x');
    let sent = 0;
    while (sent < size && !raw.socket.destroyed) {
      if (!raw.socket.write(block)) await Promise.race([once(raw.socket, 'drain').catch(() => {}), raw.closed]);
      sent += block.length;
    }
    raw.socket.end();
    await raw.closed;
    if (size > 32 << 20) expect(sent).toBeLessThan(size);
    expect((await post(server.url, token.narrow.token)).status).toBe(200);
  });
});

describe('budgets of requests', () => {
  it('one too many in a minute is answered 429 with the time to wait, and others are not touched', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 8; index += 1) {
      statuses.push((await postCall(server.url, token.few.token, 'get_user', { user_id: newId('user') })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
    expect(north.received).toHaveLength(5);
    const refused = await post(server.url, token.few.token);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(refused.error.message).toContain('5 requests a minute');
    for (let index = 0; index < 20; index += 1) expect((await post(server.url, token.many.token)).status).toBe(200);
  });

  it('in parallel lets through exactly as many', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 30 }, async () => (await post(server.url, token.few.token)).status),
    );
    expect(statuses.filter((status) => status === 200)).toEqual([]);
  });

  it('one delete too many in an hour is an error of the tool, and nothing is sent', async () => {
    const remove = (of: string) => postCall(server.url, of, 'delete_user', { user_id: newId('user') });
    const results = await Promise.all(Array.from({ length: 6 }, () => remove(token.deletes.token)));
    expect(results.filter(({ result }) => result.isError !== true)).toHaveLength(2);
    const refused = results.find(({ result }) => result.isError === true);
    expect(refused?.status).toBe(200);
    expect(refused?.result.content[0].text).toContain('You have reached your limit of 2 deletes an hour');
    expect(north.received.filter(({ method }) => method === 'DELETE')).toHaveLength(2);
    // Reads go on, and so do the deletes of others.
    const read = await postCall(server.url, token.deletes.token, 'get_user', { user_id: newId('user') });
    expect(read.result.isError).toBeUndefined();
    expect((await remove(token.more.token)).result.isError).toBeUndefined();
    expect(entries().filter(({ agent, outcome }) => agent === 'deletes' && outcome === 'not sent')).toHaveLength(4);
  });

  it('a delete that is not sent costs nothing', async () => {
    const user_id = newId('user');
    const usual = north.answer;
    if (typeof usual !== 'function') throw new Error('it answers');
    let looks = 0;
    north.answer = (request) => {
      looks += 1;
      if (request.method !== 'GET') return usual(request);
      return Response.json({ object: 'user', id: user_id, email: `ada${looks}@north.test` });
    };
    const remove = async (more: object = {}) =>
      (await postCall(server.url, token.fresh.token, 'delete_user', { user_id, ...more })).result;
    for (let index = 0; index < 2; index += 1) {
      const [, confirm_token] = /confirm_token="([^"]+)"/.exec((await remove()).content[0].text) ?? [];
      expect((await remove({ confirm_token })).content[0].text).toContain('has changed since');
    }
    north.answer = usual;
    const [, confirm_token] = /confirm_token="([^"]+)"/.exec((await remove()).content[0].text) ?? [];
    expect((await remove({ confirm_token })).isError).toBeUndefined();
  });
});
