import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
  waitFor,
} from './support/http-server.ts';
import { runHere } from './support/run-here.ts';

const KEY = 'sk_test_reload_1234567890';
const OTHER_KEY = 'sk_test_rotated_123456789';
const folder = openFolder();
let workos: Awaited<ReturnType<typeof openWorkos>>;
let server: HttpServer;
let anonymous: HttpServer;
const open: HttpServer[] = [];

beforeAll(async () => {
  workos = await openWorkos('north', KEY, ({ method }) =>
    method === 'POST' ? Response.json({}, { status: 429, headers: { 'retry-after': '1' } }) : undefined,
  );
  const env = { WORKOS_API_KEY: KEY, WORKOS_BASE_URL: workos.url };
  [server, anonymous] = await Promise.all([
    start(toFile(`agents:\n${line('ann', 'users:read')}`)),
    start('anonymous: true\nallow: users:read', 'anonymous.yaml', env),
  ]);
});
afterAll(async () => {
  await Promise.all(open.map((each) => each.stop()));
  await workos?.close();
  folder.remove();
});

const toFile = (agents: string) => `
audit-log: ${folder.path}/audit.jsonl
confirm: 'off'
environments:
  north: { api-key-env: NORTH_KEY, base-url: '${workos.url}' }
${agents}`;

async function start(text: string, name = 'workos-mcp.yaml', env: Record<string, string> = { NORTH_KEY: KEY }) {
  const started = await serve(['--config', folder.write(name, text)], env);
  open.push(started);
  return started;
}

/** The one server of these tests, which reads those agents in the place of what a test before has left. */
async function begin(agents: string) {
  const { url, reload } = server;
  /** Replaces what the file says of agents, and reloads it. */
  const change = (agents: string): Promise<boolean> => {
    write(toFile(agents));
    return reload();
  };
  const write = (text: string) => void folder.write('workos-mcp.yaml', text);
  expect(await change(agents)).toBe(true);
  const [logged, recorded] = [server.log().length, folder.read('audit.jsonl').length];
  return {
    url,
    reload,
    change,
    write,
    signal: server.signal,
    text: toFile(agents),
    status: async (token: string) => (await post(url, token)).status,
    log: () => server.log().slice(logged),
    entries: () => entriesIn(folder.read('audit.jsonl').slice(recorded)),
  };
}

const token = newTokens('ann', 'bob', 'few', 'next');
const line = (name: keyof typeof token, allow: string, more = '') =>
  `  ${name}: { allow: ${allow}, tokens: ['${hashOf(token[name])}']${more} }\n`;

describe('SIGHUP', () => {
  it('lets in who was added, and puts out who was removed, at once', async () => {
    const { change, status, url } = await begin(`agents:\n${line('ann', 'users:read')}`);
    const connected = await connectTo(url, token.ann.token);
    expect([await status(token.ann.token), await status(token.bob.token)]).toEqual([200, 401]);
    expect(await change(`agents:\n${line('ann', 'users:read')}${line('bob', 'users:read')}`)).toBe(true);
    expect([await status(token.ann.token), await status(token.bob.token)]).toEqual([200, 200]);
    expect(await change(`agents:\n${line('bob', 'users:read')}`)).toBe(true);
    expect([await status(token.ann.token), await status(token.bob.token)]).toEqual([401, 200]);
    await expect(connected.call('get_user', { user_id: newId('user') })).rejects.toThrow();
    await connected.close();
  });

  it('changes what an agent may do, for those who are connected too', async () => {
    const { change, url, entries } = await begin(`agents:\n${line('ann', 'users:full')}`);
    const client = await connectTo(url, token.ann.token);
    expect((await client.call('delete_user', { user_id: newId('user') })).isError).toBeUndefined();
    const sent = workos.received.length;
    expect(await change(`agents:\n${line('ann', 'users:read')}`)).toBe(true);
    await expect(client.call('delete_user', { user_id: newId('user') })).rejects.toThrow('delete_user');
    expect(workos.received).toHaveLength(sent);
    const notes = entries().filter(({ kind }) => kind === 'note');
    expect(notes).toEqual([expect.objectContaining({ text: expect.stringMatching(/^configuration reloaded/) })]);
    await client.close();
  });

  it('stops a call that waits for its next attempt', async () => {
    const { change, url } = await begin(`agents:\n${line('ann', 'organizations:full')}`);
    const sent = workos.received.length;
    const waiting = postCall(url, token.ann.token, 'create_organization', { name: 'Acme' });
    await waitFor(() => workos.received.length === sent + 1);
    expect(await change(`agents:\n${line('ann', 'organizations:read')}`)).toBe(true);
    expect((await waiting).result.content[0].text).toContain('with 429 Too Many Requests. Nothing was changed.');
    expect(workos.received).toHaveLength(sent + 1);
  });

  it('stops a call that waits for a person', async () => {
    const deletes = () => workos.received.filter(({ method }) => method === 'DELETE').length;
    const before = deletes();
    const ann = (more = '') => line('ann', 'users:full', `, confirm: strict${more}`);
    const { change, url } = await begin(`agents:\n${ann()}`);
    const client = await connectTo(url, token.ann.token, {
      peer: 'v1 client',
      elicitation: { form: {} },
      person: async ({ message }) => {
        expect(await change(`agents:\n${ann(', read-only: true')}`)).toBe(true);
        return { action: 'accept', content: { confirm: /[0-9A-Z]{6}(?=\W*$)/.exec(message)?.[0] ?? '' } };
      },
    });
    const { isError, text } = await client.call('delete_user', { user_id: newId('user') });
    expect([isError, text]).toEqual([true, expect.stringContaining('You are not allowed to use this tool')]);
    expect(deletes()).toBe(before);
    await client.close();
  });

  it('takes what an agent has spent over, and what it may spend anew', async () => {
    const { change, status } = await begin(`agents:\n${line('few', 'users:read', ', requests-per-minute: 3')}`);
    const statuses = async (count: number) => {
      const all = [];
      for (let index = 0; index < count; index += 1) all.push(await status(token.few.token));
      return all;
    };
    expect(await statuses(4)).toEqual([200, 200, 200, 429]);
    expect(await change(`agents:\n${line('few', 'users:read', ', requests-per-minute: 5')}`)).toBe(true);
    expect(await statuses(3)).toEqual([200, 200, 429]);
    expect(await change(`agents:\n${line('few', 'users:read', ', requests-per-minute: 2')}`)).toBe(true);
    expect(await statuses(1)).toEqual([429]);
  });

  it.each<[what: string, text: (good: string) => string, said: RegExp]>([
    ['does not parse', () => 'agents: [', /:\d+: /],
    ['is empty', () => '', /No agents are configured|No API key/],
    ['has a setting that there is none of', (good) => `${good}\nagnets: {}`, /agnets/],
    ['has a grant that is misspelt', (good) => good.replace('users:read', 'users:reed'), /users:reed/],
    ['names a variable that is not set', (good) => good.replace('NORTH_KEY', 'WEST_KEY'), /WEST_KEY/],
    ['holds a key', (good) => `${good}\n# ${OTHER_KEY}`, /key does not belong in a file/],
    ['holds a token', (good) => `${good}\n# ${token.next.token}`, /token does not belong in a file/],
  ])('keeps to the old file when the new one %s', async (_, broken, said) => {
    const { status, write, text: good, reload, log } = await begin(`agents:\n${line('ann', 'users:read')}`);
    write(broken(good));
    expect(await reload()).toBe(false);
    expect(log()).toMatch(said);
    expect(log()).not.toContain(OTHER_KEY);
    expect(log()).not.toContain(token.next.token);
    expect(await status(token.ann.token)).toBe(200);
    write(good.replace(hashOf(token.ann), hashOf(token.bob)));
    expect(await reload()).toBe(true);
    expect([await status(token.ann.token), await status(token.bob.token)]).toEqual([401, 200]);
  });

  it('tells agents and the operator what holds, and what needs a restart', async () => {
    const { url, write, text, reload, log } = await begin(
      `agents:\n${line('ann', '[users:full]', ', status-tool: true')}`,
    );
    const sent = workos.received.length;
    write(`dry-run: true\nmax-items: 5\n${text}`);
    expect(await reload()).toBe(true);
    const status = await postCall(url, token.ann.token, 'get_access_status');
    expect(status.result.structuredContent).toMatchObject({ dry_run: true });
    const written = await postCall(url, token.ann.token, 'delete_user', { user_id: newId('user') });
    expect(written.result.structuredContent).toMatchObject({ dry_run: true });
    expect(workos.received).toHaveLength(sent);
    expect(log()).toContain('"settings":["max-items"],"msg":"these settings take effect after a restart"');
  });

  it('reads keys from their files anew', async () => {
    const file = folder.write('north.key', OTHER_KEY);
    const agents = `agents:\n${line('ann', 'users:read')}`;
    const { url, write, text, reload, log } = await begin(agents);
    const get = () => postCall(url, token.ann.token, 'get_user', { user_id: newId('user') });
    write(text.replace('api-key-env: NORTH_KEY', `api-key-file: ${file}`));
    expect(await reload()).toBe(true);
    expect((await get()).result.content[0].text).toContain('401');
    folder.write('north.key', `${KEY}\n`);
    expect((await get()).result.content[0].text).toContain('401');
    expect(await reload()).toBe(true);
    expect((await get()).result.isError).toBeUndefined();
    folder.write('north.key', 'no key');
    expect(await reload()).toBe(false);
    expect((await get()).result.isError).toBeUndefined();
    expect(log()).not.toMatch(/sk_test/);
  });

  it('drops no request, however often', async () => {
    const { url, reload, signal } = await begin(`agents:\n${line('ann', 'users:read')}`);
    let isOver = false;
    const statuses = new Set<number>();
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (!isOver) {
          statuses.add((await postCall(url, token.ann.token, 'get_user', { user_id: newId('user') })).status);
        }
      }),
    );
    for (let index = 0; index < 4; index += 1) expect(await reload()).toBe(true);
    for (let index = 0; index < 4; index += 1) signal('SIGHUP');
    isOver = true;
    await load;
    expect([...statuses]).toEqual([200]);
  });

  it('is not needed for an agent whose time is over', async () => {
    const expires = new Date(Date.now() + 1_000).toISOString();
    const { status } = await begin(`agents:\n${line('ann', 'users:read', `, expires: '${expires}'`)}`);
    expect(await status(token.ann.token)).toBe(Date.now() < Date.parse(expires) ? 200 : 401);
    await waitFor(async () => (await status(token.ann.token)) === 401);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expires));
  });

  it.each([
    ['confirm', OTHER_KEY],
    ['expect', OTHER_KEY],
    ['log-level', token.next.token],
    [OTHER_KEY, 'true'],
  ])('does not quote a secret in the wrong place: %s', async (name, value) => {
    const { reload, text, write, log } = await begin(`agents:\n${line('ann', 'users:read')}`);
    write(`${name}: ${value}\n${text}`.replace("confirm: 'off'", ''));
    expect(await reload()).toBe(false);
    expect(log()).not.toContain(OTHER_KEY);
    expect(log()).not.toContain(token.next.token);
  });

  it('shows whoever asks the issuers of the new file', async () => {
    const { url, change } = await begin(`agents:\n${line('ann', 'users:read')}`);
    const issuers = `issuers:\n  authkit: { issuer: 'https://acme.authkit.app', environment: other }\n`;
    expect(await change(`${issuers}agents:\n${line('ann', 'users:read')}`)).toBe(true);
    const challenge = (await post(url, undefined)).headers.get('www-authenticate') ?? '';
    const metadata = /resource_metadata="([^"]+)"/.exec(challenge)?.[1];
    const response = await fetch(metadata ?? expect.fail(challenge));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ authorization_servers: ['https://acme.authkit.app'] });
  });
});

it('a file that ends anonymous access is refused, or holds', async () => {
  expect((await post(anonymous.url, undefined)).status).toBe(200);
  folder.write('anonymous.yaml', `agents:\n${line('ann', 'users:read')}`);
  const holds = await anonymous.reload();
  const statuses = [(await post(anonymous.url, undefined)).status, (await post(anonymous.url, token.ann.token)).status];
  expect(statuses).toEqual(holds ? [401, 200] : [200, 200]);
});

describe('tokens by the command', () => {
  const YAML = (more: string) => `# who may call
audit-log: ${folder.path}/command.jsonl   # the record
environments:
  north:
    api-key-env: NORTH_KEY   # its key
    base-url: '${workos.url}'

# below: agents
${more}`;

  it('are printed once, kept as hashes, rotated, and hold as the server reads the file', async () => {
    const config = folder.write('command.yaml', YAML(''));
    const added = await run(['agent', 'add', 'ann', '--config', config, '--allow', 'users:read']);
    expect(added).toMatchObject({ code: 0, stderr: '' });
    const first = /^wmcp_[a-z2-7]{10}_[\w-]{43}$/m.exec(added.stdout)?.[0] ?? expect.fail(added.stdout);
    expect(added.stdout.split(first)).toHaveLength(2);
    const text = folder.read('command.yaml');
    expect(text).not.toContain(first);
    expect(text).not.toContain(first.slice(16));
    expect(text).toMatch(/[a-z2-7]{10}:[0-9a-f]{64}/);
    for (const comment of ['# who may call', '   # the record', '   # its key', '# below: agents']) {
      expect(text).toContain(comment);
    }

    const own = await start(text, 'command.yaml');
    const status = async (of: string) => (await post(own.url, of)).status;
    expect(await status(first)).toBe(200);

    const rotated = await run(['agent', 'add', 'ann', '--config', config]);
    const second = /^wmcp_\S+$/m.exec(rotated.stdout)?.[0] ?? expect.fail(rotated.stdout);
    expect(rotated.stdout).toContain(`agent remove-token ann ${first.slice(5, 15)}`);
    expect(await status(second)).toBe(401);
    expect(await own.reload()).toBe(true);
    expect([await status(first), await status(second)]).toEqual([200, 200]);

    const third = await run(['agent', 'add', 'ann', '--config', config]);
    expect(third.code).toBe(2);
    expect(third.stderr).toContain('has two tokens already');
    expect(third.stdout).toBe('');

    expect(await run(['agent', 'remove-token', 'ann', first.slice(5, 15), '--config', config])).toMatchObject({
      code: 0,
    });
    expect(await status(first)).toBe(200);
    expect(await own.reload()).toBe(true);
    expect([await status(first), await status(second)]).toEqual([401, 200]);
    expect(folder.read('command.yaml')).toContain('# its key');

    const last = await run(['agent', 'remove-token', 'ann', second.slice(5, 15), '--config', config]);
    expect(last.code).toBe(2);
    expect(last.stderr).toContain('only token');
    expect((await postCall(own.url, second, 'get_user', { user_id: newId('user') })).result.isError).toBeUndefined();
    const written = `${own.log()}${folder.read('command.jsonl')}`;
    for (const secret of [first, second]) expect(written).not.toContain(secret.slice(0, 20));
  });

  it.each([
    ['without grants', ['eve'], /what it may do/],
    ['with a grant that is none', ['eve', '--allow', 'users:reed'], /users:reed/],
    ['with a name that is none', ['Eve!', '--allow', 'users:read'], /Eve!/],
    ['in an environment that there is none of', ['eve', '--allow', 'users:read', '--environment', 'west'], /west/],
    ['without a file', ['eve', '--allow', 'users:read', '--config'], /config/],
  ])('are not made %s, and the file stays as it was', async (_, words, said) => {
    const text = YAML(`agents:\n${line('ann', 'users:read')}`);
    const config = folder.write('refused.yaml', text);
    const args = words.includes('--config') ? words : [...words, '--config', config];
    const { code, stdout, stderr } = await runHere(['agent', 'add', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(said);
    expect(folder.read('refused.yaml')).toBe(text);
  });
});
