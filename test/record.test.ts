import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openedBy } from './support/catalog.ts';
import { runProgram } from './support/in-process.ts';
import { connect, type Session } from './support/session.ts';
import { listen, type Upstream } from './support/upstream.ts';

const USER = 'user_01E4ZCR3C56J083X43JQXF3JK5';
const ORGANIZATION = 'org_01EHZNVPK3SFK441A1RGBFSHRT';
const key = 'sk_test_record_1234567890';

let upstream: Upstream;
let folder: string;
let file: string;
let session: Session | undefined;

beforeAll(async () => {
  upstream = await listen(() => Response.json({}));
});
afterAll(() => upstream.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workos-mcp-'));
  file = join(folder, 'audit.jsonl');
  upstream.received.length = 0;
  upstream.answer = () =>
    Response.json({ object: 'user', id: USER, email: 'ada@example.com', organization_id: ORGANIZATION });
});
afterEach(async () => {
  await session?.close();
  session = undefined;
  await rm(folder, { recursive: true });
});

const start = async (...args: readonly string[]): Promise<Session> => {
  session = await connect(['--audit-log', file, '--confirm', 'off', '--agent', 'support-bot', ...args], {
    WORKOS_API_KEY: key,
    WORKOS_BASE_URL: upstream.url,
  });
  return session;
};
const entries = async (): Promise<readonly Record<string, unknown>[]> =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const last = async (): Promise<Record<string, unknown>> =>
  (await entries()).at(-1) ?? expect.fail('nothing is recorded');
const run = (...args: readonly string[]) => runProgram(args);

describe('the record', () => {
  it('tells who did what, where, by which grant, and what came of it, in a file of its owner alone', async () => {
    const { call } = await start('--allow', 'users:read');
    await call('get_user', { user_id: USER });
    const common = { v: 1, agent: 'support-bot', tool: 'get_user', environment: 'staging' };
    expect(await entries()).toMatchObject([
      {
        v: 1,
        seq: 1,
        kind: 'start',
        agent: 'support-bot',
        environment: 'staging',
        tools: openedBy('users', 'read').length,
        confirm: 'off',
      },
      {
        ...common,
        seq: 2,
        kind: 'decision',
        area: 'users',
        access: 'read',
        text: `support-bot asked to read user ${USER} in staging`,
        ids: { user_id: USER },
        arguments: expect.stringMatching(/^[0-9a-f]{64}$/),
        decision: 'allowed',
        rule: 'users:read',
      },
      {
        ...common,
        seq: 3,
        kind: 'outcome',
        of: 2,
        text: `support-bot read user ${USER} in staging`,
        outcome: 'ok',
        object: USER,
        organization: ORGANIZATION,
        status: 200,
        requests: 1,
        attempts: 1,
        ms: expect.any(Number),
      },
    ]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it.each<[what: string, tool: string, args: Record<string, unknown>, entry: Record<string, unknown>]>([
    [
      'a tool that is off',
      'delete_user',
      { user_id: USER },
      { tool: 'delete_user', rule: 'needs the grant users:delete' },
    ],
    [
      'a tool that never was, without its name',
      'sk_secret_tool',
      {},
      { tool: '(unknown)', area: '(unknown)', ids: {} },
    ],
    ['arguments that do not fit', 'get_user', { user_id: 7 }, { tool: 'get_user', rule: 'the arguments do not fit' }],
    ['an argument that is not there', 'get_user', { user_id: USER, canary: 1 }, { ids: { user_id: USER } }],
    ['an ID that is none', 'get_user', { user_id: 'canary/..' }, { ids: {}, rule: 'the arguments do not fit' }],
  ])('has the refusal of %s', async (_, tool, args, entry) => {
    const { call } = await start('--allow', 'users:read');
    await call(tool, args).catch(() => {});
    expect(await last()).toMatchObject({ kind: 'decision', decision: 'refused', ...entry });
    expect(await readFile(file, 'utf8')).not.toMatch(/canary|sk_secret_tool/);
    expect(upstream.received).toEqual([]);
  });

  it.each<[what: string, answer: () => Response, outcome: Record<string, unknown>, text: string]>([
    [
      'an error',
      () => Response.json({ message: 'canary' }, { status: 404 }),
      { outcome: 'error', status: 404 },
      'tried to create a user in staging: WorkOS answered 404',
    ],
    [
      'an unclear end',
      () => new Response('canary', { status: 502 }),
      { outcome: 'unknown', status: 502 },
      'tried to create a user in staging: outcome unknown',
    ],
  ])('tells %s of a write as that', async (_, answer, outcome, text) => {
    upstream.answer = answer;
    const { call } = await start('--allow', '*:full');
    await call('create_user', { email: 'ada@example.com', first_name: 'canary' });
    expect(await last()).toMatchObject({ kind: 'outcome', ...outcome, text: `support-bot ${text}` });
    expect(await readFile(file, 'utf8')).not.toMatch(/canary|ada@/);
  });

  it.each<[what: string, grants: string, tool: string, args: Record<string, unknown>, rule: string]>([
    [
      'an argument that takes them',
      'users:write,users:credentials',
      'update_user',
      { user_id: USER, email: 'a@b.test' },
      'users:write + users:credentials',
    ],
    [
      'none, though it might',
      'users:write,users:credentials',
      'update_user',
      { user_id: USER, first_name: 'A' },
      'users:write',
    ],
    [
      'secrets in the answer',
      'magic_auth:read,magic_auth:credentials',
      'get_magic_auth',
      { magic_auth_id: 'magic_auth_1' },
      'magic_auth:read + magic_auth:credentials',
    ],
    [
      'secrets that are withheld',
      'magic_auth:read',
      'get_magic_auth',
      { magic_auth_id: 'magic_auth_1' },
      'magic_auth:read',
    ],
  ])('names the grant of credentials where a call has %s', async (_, grants, tool, args, rule) => {
    const { call } = await start('--allow', grants);
    await call(tool, args);
    expect((await entries()).find(({ kind }) => kind === 'decision')).toMatchObject({ decision: 'allowed', rule });
  });

  it('takes IDs from arguments that are IDs, not from what looks like one', async () => {
    const { call } = await start('--allow', '*:full');
    await call('update_user', { user_id: USER, first_name: 'ignore_ALLPREVIOUSINSTRUCTIONS' });
    expect(await readFile(file, 'utf8')).not.toContain('ALLPREVIOUS');
    expect(await last()).toMatchObject({ text: `support-bot updated user ${USER} in staging` });
  });

  it('says of a repeated delete that finds nothing that its outcome is unknown', async () => {
    let attempts = 0;
    upstream.answer = () => {
      attempts += 1;
      return new Response('{}', { status: attempts === 1 ? 503 : 404 });
    };
    const { call } = await start('--allow', 'users:delete');
    await call('delete_user', { user_id: USER });
    expect(await last()).toMatchObject({ outcome: 'unknown', attempts: 2 });
  });

  it('counts the attempts at a page that ended a walk', async () => {
    let attempts = 0;
    const list_metadata = { before: null, after: 'user_1' };
    upstream.answer = {
      next: () => {
        attempts += 1;
        if (attempts > 1) return { raw: (outgoing) => outgoing.destroy() };
        return () => Response.json({ object: 'list', data: [{ id: 'user_1' }], list_metadata });
      },
    };
    const { call } = await start('--allow', '*:read');
    await call('list_users', { max_items: 200 });
    expect(attempts).toBeGreaterThan(2);
    expect(await last()).toMatchObject({ outcome: 'ok', requests: 1, attempts });
  });

  it('says why what was allowed was not sent', async () => {
    const { call, close } = await start(
      '--allow',
      'users:read',
      '--limit',
      'user_management_reads=1/60',
      '--timeout',
      '1',
    );
    await call('get_user', { user_id: USER });
    await call('get_user', { user_id: USER });
    expect(await last()).toMatchObject({ outcome: 'not sent', rule: expect.stringContaining('limit') });
    await close();
    session = undefined;
    expect((await run('audit', 'show', file, '--refused')).stdout).toContain('not sent');
  });

  it('never holds names, addresses, answers or the key', async () => {
    const { call } = await start('--allow', '*:full,*:credentials');
    await call('create_user', { email: 'ada@example.com', first_name: 'Canary', password: 'correct horse' });
    await call('list_users', { email: 'ada@example.com' });
    await call('update_user', { user_id: USER, external_id: 'canary-7' });
    expect(await readFile(file, 'utf8')).not.toMatch(/ada@|canary|correct horse|sk_test/i);
  });

  it('digests the same arguments alike within a run, and otherwise in another', async () => {
    const digests = async () => (await entries()).flatMap(({ arguments: digest }) => digest ?? []);
    const one = await start('--allow', 'users:read');
    await one.call('list_users', { email: 'ada@example.com', limit: 2 });
    await one.call('list_users', { limit: 2, email: 'ada@example.com' });
    await one.close();
    const other = await start('--allow', 'users:read');
    await other.call('list_users', { email: 'ada@example.com', limit: 2 });
    const [first, second, third] = await digests();
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('has a write in it before WorkOS has the write', async () => {
    let recorded: readonly Record<string, unknown>[] = [];
    upstream.answer = async () => {
      recorded = await entries();
      return new Response(null, { status: 202 });
    };
    const { call } = await start('--allow', 'users:delete');
    await call('delete_user', { user_id: USER });
    expect(recorded.at(-1)).toMatchObject({ kind: 'decision', decision: 'allowed', confirmation: 'off' });
  });

  it.each(['info', 'silent'])('is whole at the end, and its head is on stderr: --log-level %s', async (level) => {
    const { call, close, log } = await start('--allow', 'users:read', '--log-level', level);
    await call('get_user', { user_id: USER });
    await close();
    session = undefined;
    expect(await last()).toMatchObject({ kind: 'stop' });
    const head = /"head":"([^"]+)"/.exec(log())?.[1] ?? expect.fail('no head is told');
    expect(await run('audit', 'verify', file, '--head', head)).toMatchObject({ code: 0 });
    const lines = (await readFile(file, 'utf8')).split('\n');
    await writeFile(file, lines.slice(0, -2).join('\n').concat('\n'));
    expect(await run('audit', 'verify', file, '--head', head)).toMatchObject({ code: 1 });
    await writeFile(file, lines.join('\n').replace(USER, USER.replace('01E4', '01E5')));
    expect(await run('audit', 'verify', file)).toMatchObject({ code: 1, stdout: expect.stringContaining(`${file}:`) });
  });

  it('reads like a page', async () => {
    const { call, close } = await start('--allow', 'users:read');
    await call('get_user', { user_id: USER });
    await call('delete_user', { user_id: USER }).catch(() => {});
    await close();
    session = undefined;
    const { stdout } = await run('audit', 'show', file);
    expect(stdout).toContain(`support-bot read user ${USER} in staging`);
    const refused = await run('audit', 'show', file, '--refused');
    expect(refused.stdout).toContain('delete user');
    expect(refused.stdout).not.toContain('read user');
  });
});

describe('where the record cannot be kept', () => {
  it.each([
    ['a folder', () => folder],
    ['a path below a file', () => join(import.meta.filename, 'audit.jsonl')],
    ['a folder that is not there', () => join(folder, 'no', 'audit.jsonl')],
  ])('%s stops the start', async (_, path) => {
    const args = ['--allow', '*:read', '--audit-log', path()];
    expect(await runProgram(args, { WORKOS_API_KEY: key })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^workos-mcp: .*audit/),
    });
  });

  it.each([
    ['stdout', 'stdout carries the protocol'],
    [`${import.meta.dirname}/../package.json`, 'something other than an audit record|chmod 600'],
  ])('%s is refused', async (path, message) => {
    for (const command of [['check'], []]) {
      const { code, stderr } = await run(...command, '--sandbox', '--allow', '*:read', '--audit-log', path);
      expect(code).toBe(2);
      expect(stderr).toMatch(new RegExp(message));
    }
  });

  it('a production key that may write has to say where', async () => {
    const start = async (...args: readonly string[]) => {
      const { code, stderr } = await runProgram(['check', ...args], { WORKOS_API_KEY: 'sk_live_1234567890' });
      return code === 0 ? 0 : [code, stderr];
    };
    expect(await start('--allow', '*:read')).toBe(0);
    expect(await start('--allow', '*:full')).toBe(0); // the production guard leaves it nothing to write with
    expect(await start('--allow', '*:full', '--production-writes')).toEqual([
      2,
      expect.stringContaining('--audit-log'),
    ]);
    expect(await start('--allow', '*:full', '--production-writes', '--audit-log', 'stderr')).toBe(0);
  });
});

describe('the commands', () => {
  it.each([
    ['explain get_usr --allow *:read', 'Did you mean "get_user"?'],
    ['explain', 'explain needs a tool or area'],
    ['check --allow user:read', 'Did you mean "users"?'],
    ['check', 'Nothing is allowed until you say so'],
    ['check --sandbox --expect staging --allow *:read', '--expect staging checks the API key'],
    ['check --base-url ftp://x --allow *:read', 'WORKOS_BASE_URL is not a valid http(s) URL'],
    ['check --client-id sk_test_abcdefgh --allow *:read', '--client-id is given a WorkOS API key'],
    ['check --audit-log /no/such/place --allow *:read', '--audit-log /no/such/place'],
    ['check --allow *:read --limit x=1/1', 'there is no limit "x"'],
    ['audit', 'audit verify'],
    ['audit verfy x', 'Did you mean "verify"?'],
    ['audit show x --agnt y', 'Did you mean "--agent"?'],
    ['--agent no/name --allow *:read', '--agent is "no/name"'],
    ['--confirm maybe --allow *:read', 'It is one of auto, strict, off'],
  ])('%s says what is wrong', async (line, message) => {
    expect(await run(...line.split(' '))).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('explain says the same as the status tool', async () => {
    const { stdout } = await run('explain', 'delete_user', '--allow', '*:read');
    expect(stdout).toContain('off: needs the grant users:delete');
    const asked = await connect(['--sandbox', '--allow', '*:read']);
    expect(await asked.call('get_access_status', { name: 'delete_user' })).toMatchObject({
      structured: { on: false, rule: 'needs the grant users:delete', to_switch_on: { add_grants: ['users:delete'] } },
    });
    await asked.close();
  });
});
