import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCatalog } from '../src/catalog/catalog.ts';
import { declarations } from '../tools/index.ts';
import { type Asking, connectAsking } from './support/asking.ts';
import { CALLS } from './support/calls.ts';
import { inForm, ofTool } from './support/requests.ts';
import { connect, type Session } from './support/session.ts';
import { listen, type Upstream } from './support/upstream.ts';

const { tools } = createCatalog(declarations);
const KEY = 'sk_test_dry_run_1234567890';
const GRANTS = ['--allow', '*:full,*:credentials'];

const GRANT = 'urn:workos:oauth:grant-type';
const SIGN_INS = [
  { grant_type: 'password', email: 'ada@example.com', password: 'correct horse', invitation_token: 'invitation' },
  { grant_type: 'authorization_code', code: 'code-123456', code_verifier: 'verifier' },
  { grant_type: 'refresh_token', refresh_token: 'refresh' },
  {
    grant_type: `${GRANT}:mfa-totp`,
    code: 'c-1',
    pending_authentication_token: 'p-1',
    authentication_challenge_id: 'a',
  },
  { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'device', device_id: 'd' },
];

/** What must not be seen of a request. */
const SECRETS = [
  'password',
  'password_hash',
  'code',
  'code_verifier',
  'refresh_token',
  'device_code',
  'pending_authentication_token',
  'invitation_token',
  'client_secret',
  'token',
  'new_password',
  'totp_secret',
  'value',
];

const masked = (body: unknown): unknown =>
  body === undefined
    ? undefined
    : Object.fromEntries(
        Object.entries(Object(body)).map(([name, value]) => [name, SECRETS.includes(name) ? '[withheld]' : value]),
      );

const writes = tools
  .filter(({ changes }) => changes)
  .flatMap(({ name }) =>
    (name === 'authenticate_user' ? SIGN_INS : (CALLS[name] ?? [])).map((args) => ({ name, args })),
  );

/** It has something that each tool promises, and is no former member to what is read first. */
const ANSWER = { object: 'thing', id: 'x', status: 'active', user: {}, challenge: {}, profile: {}, success: true };

let upstream: Upstream;
let dry: Asking;
let real: Session;
beforeAll(async () => {
  upstream = await listen(inForm(ANSWER));
  const env = { WORKOS_API_KEY: KEY, WORKOS_BASE_URL: `${upstream.url}/prefix`, WORKOS_CLIENT_ID: 'client_1' };
  [dry, real] = await Promise.all([
    connectAsking([...GRANTS, '--dry-run'], env, 'v2 client, legacy', {}),
    connect([...GRANTS, '--confirm', 'off'], env),
  ]);
});
afterAll(async () => {
  await Promise.all([dry.close(), real.close()]);
  await upstream.close();
});

it('is about every write there is', () => {
  const there = tools.filter(({ changes }) => changes).map(({ name }) => name);
  expect([...new Set(writes.map(({ name }) => name))]).toEqual(there);
});

describe('a dry run sends nothing and shows what the real call sends', () => {
  it.each(writes)('$name $args', async ({ name, args }) => {
    const before = upstream.received.length;
    const rehearsed = await dry.call(name, args);
    expect(rehearsed.isError, rehearsed.text).toBeUndefined();
    const { length: looked } = upstream.received;
    // What is read first is read, so that the answer tells whether a person would be asked.
    expect(ofTool(name, upstream.received.slice(before))).toEqual([]);
    expect(upstream.received.slice(before).filter(({ method }) => method !== 'GET')).toEqual([]);
    const looks = tools.find((tool) => tool.name === name)?.before !== undefined;
    expect(looked > before).toBe(looks);
    expect(dry.asked).toEqual([]);

    const done = await real.call(name, args);
    expect(done.isError, done.text).toBeUndefined();
    expect(ofTool(name, upstream.received.slice(looked))).toHaveLength(1);
    const { method, path, query, headers, body } = upstream.received.at(-1) ?? expect.fail();
    expect(rehearsed.structured).toEqual({
      dry_run: true,
      environment: 'staging',
      request: {
        method,
        url: `${upstream.url}${path}`,
        headers: Object.fromEntries(
          Object.entries(headers).filter(([header]) => ['content-type', 'idempotency-key'].includes(header)),
        ),
        ...(body !== undefined && { body: masked(body) }),
      },
      notes: looks
        ? [
            'Only reads were sent: the server was started with --dry-run.',
            expect.stringMatching(/^A person would be asked, because .*\.$/),
          ]
        : ['Nothing was sent: the server was started with --dry-run.'],
    });
    expect(query).toEqual({});
    expect(JSON.parse(rehearsed.text)).toEqual(rehearsed.structured);
    const given = Object.entries(args).filter(([argument]) => SECRETS.includes(argument));
    for (const secret of [KEY, ...given.map(([, value]) => String(value))]) {
      expect(JSON.stringify(Object(rehearsed.structured).request.body ?? {})).not.toContain(`"${secret}"`);
      expect(dry.log()).not.toContain(`"${secret}"`);
    }
  });
});

describe('a dry run', () => {
  it('lets reads go out', async () => {
    const before = upstream.received.length;
    const { structured } = await dry.call('get_user', { user_id: 'user_1' });
    expect(structured).toMatchObject(ANSWER);
    expect(upstream.received.slice(before)).toMatchObject([
      { method: 'GET', path: '/prefix/user_management/users/user_1' },
    ]);
  });

  it('leaves alone what makes no request', async () => {
    const args = { provider: 'GoogleOAuth', redirect_uri: 'https://app.test/callback' };
    expect((await dry.call('get_sso_authorization_url', args)).structured).toEqual({ url: expect.any(String) });
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['update_user', { user_id: 'user_1' }, /Nothing to change/],
    ['delete_user', { user_id: '../x' }, /is not a valid ID/],
    ['create_user', { email: 'none' }, /email: /],
    ['create_user', { email: 'a@b.test', password: 'x', password_hash: 'y' }, /Give either password or password_hash/],
  ])('refuses what %s with %j would refuse', async (name, args, reason) => {
    expect(await dry.call(name, args)).toMatchObject({ isError: true, text: expect.stringMatching(reason) });
  });

  it('shows the Idempotency-Key that it makes up', async () => {
    const args = { ...CALLS.create_audit_log_event?.[0], idempotency_key: undefined };
    const { structured } = await dry.call('create_audit_log_event', args);
    expect(Object(structured).request.headers).toEqual({
      'content-type': 'application/json',
      'idempotency-key': expect.stringMatching(/^[\da-f-]{36}$/),
    });
  });

  it('is on record as one', async () => {
    await dry.call('delete_user', { user_id: 'user_01JADA0000000000000054K0EG' });
    await expect
      .poll(() =>
        dry
          .log()
          .split('\n')
          .slice(0, -1)
          .filter((line) => line.includes('"kind"') && line.includes('"delete_user"'))
          .map((line) => JSON.parse(line))
          .slice(-2),
      )
      .toMatchObject([
        { kind: 'decision', decision: 'allowed' },
        {
          kind: 'outcome',
          outcome: 'dry run',
          text: 'local asked to delete user user_01JADA0000000000000054K0EG in staging: dry run, nothing sent',
          requests: 0,
        },
      ]);
  });

  it('holds with a production key and strict confirmation too', async () => {
    const env = { WORKOS_API_KEY: 'sk_live_1', WORKOS_BASE_URL: upstream.url };
    const flags = ['--dry-run', '--production-writes', '--audit-log', 'stderr'];
    const session = await connect(['--allow', 'users:full', ...flags], env);
    const before = upstream.received.length;
    expect((await session.call('delete_user', { user_id: 'user_1' })).structured).toMatchObject({
      dry_run: true,
      environment: 'production',
      request: { method: 'DELETE', url: `${upstream.url}/user_management/users/user_1` },
    });
    expect(upstream.received).toHaveLength(before);
    await session.close();
  });
});
