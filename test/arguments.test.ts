import { WorkOS } from '@workos-inc/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Session } from './support/session.ts';
import { listen, type Upstream } from './support/upstream.ts';

let upstream: Upstream;
let session: Session;

beforeAll(async () => {
  upstream = await listen(() => Response.json({ object: 'ok' }));
  const env = {
    WORKOS_API_KEY: 'sk_test_key',
    WORKOS_BASE_URL: `${upstream.url}/prefix/`,
    WORKOS_CLIENT_ID: 'client_1',
  };
  session = await connect(['--allow', '*:full,*:credentials', '--confirm', 'off'], env);
});
afterAll(async () => {
  await session.close();
  await upstream.close();
});

const redirect = { redirect_uri: 'https://app.test/cb' };
const hash = { email: 'a@b.test', password_hash: 'x', password_hash_type: 'bcrypt' };
const NESTED = JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`);
const range = { organization_id: 'org_1', range_start: '2026-01-02T00:00:00Z', range_end: '2026-01-01T00:00:00Z' };

describe('arguments that are refused before a request leaves', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['get_user', {}, 'user_id is required.'],
    ['get_user', { user_id: 7 }, 'user_id: Invalid input: expected string, received number.'],
    ['get_user', { user_id: 'user_1', usre: 1 }, 'usre: there is no such argument.'],
    ['get_user', { userid: 'user_1' }, 'userid: there is no such argument. Did you mean "user_id"?'],
    [
      'get_user',
      Object.fromEntries(Array.from('abcdefghijklm', (key) => [key, 1])),
      'i: there is no such argument. And 4 more.',
    ],
    ['get_user', { user_id: 'user_1', ['x'.repeat(1_000)]: 1 }, `${'x'.repeat(100)}…: there is no such argument.`],
    ['get_user', { user_id: '.' }, 'user_id: "." is not a valid ID.'],
    ['get_user', { user_id: '..' }, 'user_id: ".." is not a valid ID.'],
    ['get_user', { user_id: '../organizations' }, 'user_id: "../organizations" is not a valid ID.'],
    ['get_user', { user_id: 'a/b' }, 'user_id: "a/b" is not a valid ID.'],
    ['get_user', { user_id: 'a\\b' }, 'is not a valid ID.'],
    ['get_user', { user_id: 'a?b' }, 'user_id: "a?b" is not a valid ID.'],
    ['get_user', { user_id: 'a#b' }, 'is not a valid ID.'],
    ['get_user', { user_id: '%2e%2e' }, 'is not a valid ID.'],
    ['get_user', { user_id: 'a\u0000b' }, 'is not a valid ID.'],
    ['get_user', { user_id: 'a\nb' }, 'is not a valid ID.'],
    ['get_user', { user_id: '' }, 'user_id: Too small'],
    ['list_users', { limit: 101 }, 'limit: Too big'],
    ['list_users', { limit: 0 }, 'limit: Too small'],
    ['list_users', { order: 'normal' }, 'order: Invalid option'],
    ['create_user', { email: 'nobody' }, 'email: Invalid email address.'],
    ['create_user', { ...hash, password: 'y' }, 'Give either password or password_hash, not both.'],
    ['create_user', { email: 'a@b.test', password_hash: 'x' }, 'password_hash and password_hash_type go together'],
    ['create_user', { ...hash, password_salt_position: 'prefix' }, 'password_salt_position needs password_hash with'],
    ['create_user', { email: 'a@b.test', metadata: { k: 1 } }, 'metadata.k: Invalid input'],
    ['create_user', { email: 'a@b.test', external_id: 'ü' }, 'external_id: ASCII only.'],
    ['update_user', { user_id: 'user_1' }, 'Nothing to change'],
    ['update_organization', { organization_id: 'org_1' }, 'Nothing to change'],
    ['authenticate_user', {}, 'grant_type is required.'],
    ['enroll_auth_factor', {}, 'type is required.'],
    ['delete_user', { user_id: '\ud800' }, 'user_id: the text is not valid Unicode'],
    [
      'create_user',
      JSON.parse('{"email":"a@b.test","metadata":{"__proto__":"x"}}'),
      '__proto__ is not a valid name for an argument',
    ],
    [
      'create_user',
      { email: 'a@b.test', metadata: NESTED },
      'The arguments are nested too deeply: at most 64 levels are allowed.',
    ],
    ['authenticate_user', { grant_type: 'password', email: 'a@b.test' }, 'grant_type "password" needs password.'],
    ['authenticate_user', { grant_type: 'refresh_token', refresh_token: 'r', code: 'c' }, 'does not take code.'],
    ['authenticate_user', { grant_type: 'password', client_secret: 's' }, 'client_secret: there is no such argument.'],
    ['enroll_auth_factor', { type: 'sms' }, 'type "sms" needs phone_number.'],
    ['enroll_auth_factor', { type: 'totp', totp_user: 'a' }, 'type "totp" needs totp_issuer and totp_user.'],
    ['enroll_auth_factor', { type: 'totp', totp_issuer: 'a', totp_user: 'b', phone_number: '1' }, 'phone_number goes'],
    [
      'challenge_auth_factor',
      { authentication_factor_id: 'f', sms_template: 'Hi' },
      'sms_template must contain {{code}}.',
    ],
    ['list_organizations', { domains: ['a.test,b.test'] }, 'domains: give one domain per item'],
    ['get_sso_authorization_url', redirect, 'Give exactly one of connection, organization, provider.'],
    ['get_sso_authorization_url', { ...redirect, connection: 'c', organization: 'o' }, 'Give exactly one of'],
    ['get_sso_authorization_url', { connection: 'c', redirect_uri: 'nowhere' }, 'redirect_uri: Invalid URL.'],
    ['get_sso_authorization_url', { connection: 'c', redirect_uri: 'https://a.test/ b' }, 'redirect_uri: ASCII'],
    [
      'get_sso_authorization_url',
      { ...redirect, connection: 'c', code_challenge: 'x'.repeat(43) },
      'code_challenge and code_challenge_method go together',
    ],
    ['list_directory_users', { email: 'a@b.test' }, 'email needs directory.'],
    ['list_directory_users', { idp_id: '1' }, 'idp_id needs directory.'],
    ['create_audit_log_export', range, 'range_start must be before range_end.'],
    ['create_audit_log_event', { organization_id: 'org_1', event: { action: 'a' } }, 'event.actor is required.'],
    [
      'create_audit_log_event',
      { organization_id: 'org_1', event: {}, idempotency_key: 'a b' },
      'idempotency_key: ASCII',
    ],
  ])('%s %j', async (name, args, message) => {
    const before = upstream.received.length;
    const result = await session.call(name, args);
    expect(result.isError).toBe(true);
    expect(result.text).toContain(`${name} was not sent. `);
    expect(result.text).toContain(message);
    expect(upstream.received).toHaveLength(before);
  });
});

describe('how arguments travel', () => {
  const sent = async (name: string, args: Record<string, unknown>) => {
    await session.call(name, args);
    return upstream.received.at(-1) ?? expect.fail('nothing was sent');
  };

  it('keeps the path prefix of the base URL', async () => {
    expect(await sent('get_user', { user_id: 'user_1' })).toMatchObject({
      path: '/prefix/user_management/users/user_1',
    });
  });

  it('escapes what an ID may hold but a path may not', async () => {
    const { path } = await sent('get_user', { user_id: 'user:ü&=+;' });
    expect(path).toBe('/prefix/user_management/users/user%3A%C3%BC%26%3D%2B%3B');
  });

  it('escapes the query', async () => {
    expect(await sent('list_users', { email: 'a+b&c=d@x.test' })).toMatchObject({ query: { email: 'a+b&c=d@x.test' } });
  });

  it('makes an idempotency key for each call that brings none', async () => {
    const event = {
      action: 'a',
      occurred_at: '2026-01-01T00:00:00Z',
      actor: { id: '1', type: 'user' },
      targets: [{ id: '2', type: 'team' }],
      context: { location: '192.0.2.1' },
    };
    const first = await sent('create_audit_log_event', { organization_id: 'org_1', event });
    const second = await sent('create_audit_log_event', { organization_id: 'org_1', event });
    expect(first.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
    expect(second.headers['idempotency-key']).not.toBe(first.headers['idempotency-key']);
    expect(first.body).toEqual({ organization_id: 'org_1', event });
  });

  it('sends no header that WorkOS has no use for', async () => {
    const { headers } = await sent('create_user', { email: 'a@b.test' });
    expect(Object.keys(headers).sort()).toEqual(
      [
        'accept',
        'accept-encoding',
        'authorization',
        'connection',
        'content-length',
        'content-type',
        'host',
        'user-agent',
      ].sort(),
    );
  });
});

describe('the SSO authorization URL is the one the official SDK builds', () => {
  const workos = new WorkOS('sk_test_key', { clientId: 'client_1' });
  const clientId = 'client_1';
  const redirectUri = 'https://app.test/cb?next=/a%20b&more=1';
  const codeChallenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

  it.each([
    [
      { connection: 'conn_1', state: "it's (a) *test*!~" },
      { connection: 'conn_1', state: "it's (a) *test*!~" },
    ],
    [
      { organization: 'org_1', login_hint: 'ü@x.test', domain_hint: 'x.test' },
      { organization: 'org_1', loginHint: 'ü@x.test', domainHint: 'x.test' },
    ],
    [
      { provider: 'GoogleOAuth', provider_scopes: ['b c', 'a'], provider_query_params: { z: '1', hd: 'x y' } },
      { provider: 'GoogleOAuth', providerScopes: ['b c', 'a'], providerQueryParams: { z: '1', hd: 'x y' } },
    ],
    [
      { connection: 'conn_1', code_challenge: codeChallenge, code_challenge_method: 'S256' },
      { connection: 'conn_1', codeChallenge, codeChallengeMethod: 'S256' as const },
    ],
  ])('%j', async (args, options) => {
    const before = upstream.received.length;
    const result = await session.call('get_sso_authorization_url', { redirect_uri: redirectUri, ...args });
    const expected = workos.sso.getAuthorizationUrl({ clientId, redirectUri, ...options });
    expect(result.structured).toEqual({ url: expected.replace('https://api.workos.com', `${upstream.url}/prefix`) });
    expect(upstream.received).toHaveLength(before);
  });

  it('has what the specification allows besides', async () => {
    const args = { redirect_uri: 'https://app.test/cb', connection: 'conn_1', nonce: 'n', prompt: 'login' };
    const { structured } = await session.call('get_sso_authorization_url', args);
    expect(structured?.url).toMatch(/\?client_id=client_1&connection=conn_1&nonce=n&prompt=login&redirect_uri=/);
  });
});

it('says who has to set the Client ID where a tool needs it', async () => {
  const plain = await connect(['--allow', 'sso:read,sso:credentials'], {
    WORKOS_API_KEY: 'sk_test_key',
    WORKOS_BASE_URL: upstream.url,
  });
  for (const [name, args] of [
    ['get_sso_authorization_url', { connection: 'conn_1', ...redirect }],
    ['get_sso_profile_and_token', { code: 'c' }],
  ] as const) {
    const result = await plain.call(name, args);
    expect(result).toMatchObject({
      isError: true,
      text: expect.stringContaining('Ask the operator of this server to set WORKOS_CLIENT_ID'),
    });
  }
  await expect.poll(() => plain.log()).toContain('these tools need WORKOS_CLIENT_ID');
  await plain.close();
});
