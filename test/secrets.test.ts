import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textWithoutValues, withoutValues } from '../src/call/confidential.ts';
import { looksLikeSecret, NOT_SECRET } from '../src/secrets/names.ts';
import { holdsSecretText, withoutSecretTexts } from '../src/secrets/texts.ts';
import { marker, withhold } from '../src/secrets/withhold.ts';
import { CALLS } from './support/calls.ts';
import { catalog, openedBy } from './support/catalog.ts';
import { inForm, ofTool } from './support/requests.ts';
import { connect, type Session } from './support/session.ts';
import { listen, type Upstream } from './support/upstream.ts';

describe('names', () => {
  it.each([
    ...['code', 'access_token', 'refresh_token', 'pending_authentication_token', 'secret', 'client_secret', 'password'],
    ...['password_hash', 'api_key', 'external_key', 'device_code', 'backup_codes', 'qr_code', 'sealed_session', 'otp'],
    ...[
      'authkit_authorization_code',
      'apiKey',
      'refreshToken',
      'clientSecret',
      'X-Auth-Token',
      'jwt',
      'oauth_tokens',
      'recoveryCodes',
      'authorizationCode',
      'private_key_pem',
      'accept_invitation_url',
      'authorization',
      'passcode',
      'mfaCodes',
      'sms_code',
    ],
  ])('%s is a secret', (name) => {
    expect(looksLikeSecret(name)).toBe(true);
  });

  it.each([
    ...[
      'id',
      'email',
      'postal_code',
      'country_code',
      'cost_center_code',
      'keyboard',
      'tokenizer',
      'status',
      'key_count',
    ],
    ...['domain', 'idp_id', 'authentication_method', 'passed', 'description', 'pinned', ...Object.keys(NOT_SECRET)],
  ])('%s is none', (name) => {
    expect(looksLikeSecret(name)).toBe(false);
  });
});

describe('names in other spellings', () => {
  it.each([
    ...['user password', 'current.password', 'urn:x:apiKey', 'urn:x:User:api-key', 'API Key', 'api.key', 'APIKEY'],
    ...['x-api-key', 'api_key_value', 'secret value', 'token.value', 'access token', 'bearer_value', 'auth_header'],
    ...[
      'Proxy-Authorization',
      'x-auth',
      'setCookie',
      'session_id',
      'otp_value',
      'totp_uri',
      'scratch_code',
      'pin code',
    ],
    ...[
      'activationCode',
      'reset_code',
      'magic_url',
      'login_url',
      'reset_link',
      'accept_invitation_link',
      'portal_link',
    ],
    ...[
      'privateKeyPem',
      'master_key',
      'psk',
      'storage_key',
      'dsn',
      'connection_uri',
      'webhook_secret',
      'pw_hash',
      'creds',
    ],
    ...['connection_string', 'mot_de_passe', 'ssn', 'jwk', 'client.pem', 'seña', 'callback_ticket'],
    ...['userpassword', 'contraseña', 'пароль', '密码', 'recovery_phrase', `${'x'.repeat(300)}_password`.slice(60)],
  ])('%s is a secret', (name) => {
    expect(looksLikeSecret(name)).toBe(true);
  });

  it.each([
    ...['secretary', 'keyboard_layout', 'passport_country', 'token_type', 'password_updated_at', 'pin_count'],
    ...[
      'token_expires_at',
      'session_count',
      'code_length',
      'error_code',
      'language code',
      'key',
      'author',
      'authority',
    ],
    ...['compass', 'hashtag_count', 'login', 'signature_algorithm', 'profile_url', 'link', 'radar_auth_attempt_id'],
  ])('%s is not', (name) => {
    expect(looksLikeSecret(name)).toBe(false);
  });
});

describe('texts', () => {
  const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghijk';
  it.each([
    ...[JWT, `token: ${JWT}`, `"${JWT}"`, `the_key=sk_${'live'}_abcdefgh`, `sk_${'test'}_abc`, 'Bearer abcdefgh12'],
    ...[
      'Authorization: Basic dXNlcjpwYXNzd29yZA==',
      'see https://ada:hunter2@example.test/',
      'postgres://u:p@db:5432/x',
    ],
    ...[
      'https://x.test/cb?code=abc',
      'https://x.test/#access_token=abc',
      'myapp:/cb?token=abc',
      '/cb?state=1&code=abc',
    ],
    ...['https://x.test/?next=https%3A%2F%2Fy.test%2F%3Ftoken%3Dabc', 'https://x.test/?a=1&X-Amz-Signature=1'],
    ...[
      'otpauth://totp/x?secret=y',
      'scan otpauth://totp/x',
      `wmcp_abcdefghij_${'a'.repeat(43)}`,
      `ghp_${'a'.repeat(36)}`,
    ],
    ...[`xoxb-1234567890-abc`, `AKIA${'A'.repeat(16)}`, `AIza${'a'.repeat(35)}`, `glpat-${'a'.repeat(20)}`],
    ...[`Fe26.2*1*abc*def*ghi`, `-----BEGIN ${'RSA PRIVATE'} KEY-----\nabc\n-----END ${'RSA PRIVATE'} KEY-----`],
  ])('%j holds a secret', (text) => {
    expect(holdsSecretText(text)).toBe(true);
    expect(withoutSecretTexts(`before ${text} after`, '[withheld]')).toMatch(/^before .*\[withheld\].* after$/s);
  });

  it.each([
    ...['Ada Lovelace', 'ada@example.com', 'https://x.test/p.png?size=64', 'org_01EHZNVPK3SFK441A1RGBFSHRT', 'a = b'],
    ...[
      'a basic question about bearers',
      'https://x.test/a;b=c',
      '2026-01-01T00:00:00.000Z',
      '-----BEGIN CERTIFICATE-----',
    ],
    ...[
      'https://x.test/?code=',
      'sk_learn',
      'Basic functionality',
      'Standard-Edition-2026',
      'https://x.test:8443/@ada',
    ],
  ])('%j holds none', (text) => {
    expect(holdsSecretText(text)).toBe(false);
    expect(withoutSecretTexts(text, '[withheld]')).toBe(text);
  });

  // A quadratic pattern takes four times as long for twice the text.
  it.each([
    ...[
      'eyJ',
      'eyJa.',
      'eyJ.eyJ',
      'sk_live_',
      'sk-',
      'ghp_',
      'xoxb-',
      'AKIA',
      'SG.',
      'Fe26.2*',
      'bearer ',
      'basic ',
      'basic a',
    ],
    ...[
      'otpauth',
      'otpauth:',
      '-----BEGIN ',
      '-----BEGIN PRIVATE KEY-----',
      'https://',
      'http://a:',
      '?a=',
      '%3',
      '%2525',
      'a=',
    ],
    ...['//a:', '&token', ' ', '_', '-', 'A', '"https://a?b=', 'wmcp_a_', 'password'],
  ])('are looked through in linear time: %j', (piece) => {
    const time = (characters: number) => {
      const text = piece.repeat(Math.ceil(characters / piece.length));
      const runs = Array.from({ length: 5 }, () => {
        const start = process.cpuUsage();
        holdsSecretText(text);
        withoutSecretTexts(`${text} sk_${'test'}_x`, 'x');
        looksLikeSecret(text);
        const { user, system } = process.cpuUsage(start);
        return user + system;
      });
      return Math.max(2_000, Math.min(...runs)); // microseconds; below that, noise decides
    };
    expect(time(100_000) / time(50_000)).toBeLessThan(3);
  });
});

describe('withholding', () => {
  const text = marker('users');
  it.each<[string, unknown, unknown]>([
    ['leaves what is no secret', { id: '1', list: [{ email: 'a' }] }, { id: '1', list: [{ email: 'a' }] }],
    ['at the top', { access_token: 'x' }, { access_token: text }],
    ['at any depth', { a: [{ b: { new_secret: 'x' } }] }, { a: [{ b: { new_secret: text } }] }],
    ['in arrays', { backup_codes: ['1', '2'] }, { backup_codes: [text, text] }],
    ['numbers', { code: 123456 }, { code: text }],
    [
      'member by member where a secret is an object',
      { oauth_tokens: { provider: 'G', access_token: 'x' } },
      { oauth_tokens: { provider: 'G', access_token: text } },
    ],
    [
      'all that an object called like one holds',
      { secret: { value: 'x' }, tokens: [{ a: 'x' }] },
      { secret: { withheld_1: text }, tokens: [{ withheld_1: text }] },
    ],
    [
      'values that are secrets under any name',
      {
        a: ' OTPAUTH://totp/x?secret=y',
        b: ['https://x.test/f?X-Amz-Signature=1', 'Bearer abcdefgh'],
        c: 'https://x.test/p.png',
      },
      { a: text, b: [text, text], c: 'https://x.test/p.png' },
    ],
    ['but not what says nothing', { code: null, secret: '', token: true }, { code: null, secret: '', token: true }],
    [
      'what is declared, whatever its name',
      { url: 'https://x', data: [{ totp: { uri: 'y' } }] },
      { url: text, data: [{ totp: { uri: text } }] },
    ],
  ])('%s', (_, value, expected) => {
    const before = JSON.stringify(value);
    const declared = { secrets: new Set(['url', 'data.totp.uri']), shown: new Set(['oauth_tokens.provider']) };
    expect(withhold(value, declared, text)).toEqual(expected);
    expect(JSON.stringify(value)).toBe(before);
  });

  it('takes values out of text, the longest first, and leaves short ones', () => {
    const confidential = { values: ['abcd', 'abcdef', 'abc', 'correct horse'] };
    expect(textWithoutValues('abcd abcdef abc', confidential)).toBe('[withheld] [withheld] abc');
    expect(withoutValues({ abcd: 'abcdef', 'a correct horse': ['my correct horse'] }, confidential)).toEqual({
      abcd: 'abcdef',
      'a [withheld]': ['my [withheld]'],
    });
  });
});

const { tools } = catalog;
const CANARY = 'canary-7f3a9c';
const key = 'sk_test_canary_1234567890';

/** Every name that WorkOS has for a secret, and some that it has not yet. */
const BODY = {
  object: 'user',
  id: 'user_1',
  status: 'active',
  success: true,
  code: CANARY,
  access_token: CANARY,
  refresh_token: CANARY,
  authkit_authorization_code: CANARY,
  sealed_session: CANARY,
  external_key: CANARY,
  totp: { issuer: 'Acme', secret: CANARY, qr_code: CANARY },
  challenge: { code: CANARY },
  user: { password_reset_token: CANARY },
  authorized: true,
  oauth_tokens: { provider: 'G', access_token: CANARY, refresh_token: CANARY },
  brand_new: { recovery_codes: [CANARY], signing_secret: CANARY },
  custom_attributes: { password: CANARY },
};
const ERROR = {
  message: 'No.',
  pending_authentication_token: CANARY,
  authentication_challenge: { code: CANARY },
  token: CANARY,
};

let upstream: Upstream;
let session: Session;
const granted = tools.filter((tool) => !tool.needsCredentials && tool.local === undefined);

beforeAll(async () => {
  upstream = await listen(() => Response.json({}));
  session = await connect(['--allow', '*:full', '--list', 'all', '--confirm', 'off'], {
    WORKOS_API_KEY: key,
    WORKOS_BASE_URL: upstream.url,
  });
});
afterAll(async () => {
  await session.close();
  await upstream.close();
});

/** An example call, as far as it takes no credentials. */
const argsOf = (name: string): Record<string, unknown> => {
  const { restricted } = tools.find((candidate) => candidate.name === name) ?? expect.fail(name);
  const [args = expect.fail(`no call of ${name}`)] = CALLS[name] ?? [];
  return Object.fromEntries(
    Object.entries(args)
      .filter(([argument]) => !restricted?.lacking.includes(argument))
      .map(([argument, value]) => [argument, argument === 'clear' ? restricted?.clearable : value]),
  );
};

describe('without credentials no secret comes through', () => {
  it.each(granted)('$name', async ({ name, isList }) => {
    const list = { object: 'list', data: [BODY], list_metadata: { before: null, after: null } };
    for (const body of [BODY, list]) {
      // What is read first is answered in its own form.
      upstream.answer = (request) =>
        ofTool(name, [{ method: request.method, path: new URL(request.url).pathname }]).length > 0
          ? Response.json(body)
          : inForm(BODY)(request);
      const { isError, text } = await session.call(name, argsOf(name));
      // An object in the place of a list, or the reverse, may be an error: that shows no secret either.
      if (isList === (body === list)) expect(isError, text).toBeUndefined();
      expect(text).not.toContain(CANARY);
    }
    upstream.answer = () => Response.json(ERROR, { status: 400 });
    const refused = await session.call(name, argsOf(name));
    expect(refused).toMatchObject({ isError: true, text: expect.stringContaining('"No".') });
    expect(refused.text).not.toContain(CANARY);
    expect(refused.text).not.toContain('482910');
  });

  it('nor those that only their declaration tells from other fields', async () => {
    upstream.answer = () => Response.json({ totp: { issuer: 'Acme', uri: CANARY }, url: CANARY });
    const enrolled = await session.call('enroll_auth_factor', argsOf('enroll_auth_factor'));
    expect(enrolled.structured).toMatchObject({ totp: { issuer: 'Acme', uri: marker('mfa') } });
    const exported = await session.call('get_audit_log_export', argsOf('get_audit_log_export'));
    expect(exported.structured).toMatchObject({ url: marker('audit_logs') });
  });

  it.each<[where: string, body: unknown]>([
    ['a message', { message: 'Scan otpauth://totp/x?secret=CANARY now.' }],
    ['a description', { error: 'x', error_description: 'See https://a.test/cb?token=CANARY' }],
    ['a reason', { errors: ['eyJhbGciOi.eyJzdWIi.CANARY'] }],
    ['a reason with a field', { errors: [{ field: 'x', message: 'Bearer CANARY-CANARY' }] }],
    ['a bare text', 'https://a.test/#access_token=CANARY'],
    ['a member', { message: 'x', hint: 'OTPAUTH://totp/CANARY' }],
  ])('nor what looks like one in %s of an error', async (_, body) => {
    upstream.answer = () => Response.json(body, { status: 422 });
    const { text } = await session.call('get_user', { user_id: 'user_1' });
    expect(text).not.toContain('CANARY');
    expect(text).toContain(marker('users'));
  });

  it('nor to the log', () => {
    expect(session.log()).toContain('"tool":"get_user"');
    expect(session.log()).not.toContain(CANARY);
    expect(session.log()).not.toContain(key);
  });

  it('and the marker names the grant that shows it', async () => {
    upstream.answer = () => Response.json({ object: 'magic_auth', id: 'magic_auth_1', code: CANARY });
    const { structured } = await session.call('get_magic_auth', { magic_auth_id: 'magic_auth_1' });
    expect(structured).toMatchObject({ code: '[withheld: needs the grant magic_auth:credentials]' });
    const open = await connect(['--allow', 'magic_auth:read,magic_auth:credentials'], {
      WORKOS_API_KEY: key,
      WORKOS_BASE_URL: upstream.url,
    });
    expect((await open.call('get_magic_auth', { magic_auth_id: 'magic_auth_1' })).structured).toMatchObject({
      code: CANARY,
    });
    await open.close();
  });
});

it('never gives the key away, however it is written', async () => {
  const raw = `{"object":"user","a":"${key.replace('_', '\\u005f')}","b":"${key.slice(0, 9)}\u200b${key.slice(9)}"}`;
  for (const status of [200, 400]) {
    upstream.answer = () => new Response(raw, { status, headers: { 'content-type': 'application/json' } });
    const { text } = await session.call('get_user', { user_id: 'user_1' });
    expect(text).toContain('[withheld]');
    expect(text).not.toContain(key);
  }
});

describe('without credentials these arguments do not exist', () => {
  it.each<[string, string, unknown]>([
    ['create_user', 'password', 'correct horse'],
    ['create_user', 'password_hash', 'x'],
    ['create_user', 'email_verified', true],
    ['update_user', 'email', 'me@evil.test'],
    ['update_user', 'email_verified', true],
    ['update_user', 'external_id', 'x'],
    ['update_user', 'password', 'correct horse'],
    ['create_magic_auth', 'invitation_token', 'x'],
    ['enroll_auth_factor', 'user_id', 'user_1'],
    ['enroll_auth_factor', 'phone_number', '+1'],
    ['challenge_auth_factor', 'sms_template', '{{code}}'],
    ['create_organization', 'allow_profiles_outside_organization', true],
    ['update_organization', 'domain_data', [{ domain: 'a.test', state: 'pending' }]],
    ['update_organization', 'allow_profiles_outside_organization', true],
    ['update_organization', 'external_id', 'x'],
    ['update_organization', 'stripe_customer_id', 'cus_1'],
  ])('%s %s', async (name, argument, value) => {
    const tool = tools.find((candidate) => candidate.name === name) ?? expect.fail(name);
    const listed = (await session.listTools()).find((candidate) => candidate.name === name);
    expect(Object(listed?.inputSchema).properties).not.toHaveProperty(argument);
    const before = upstream.received.length;
    const result = await session.call(name, { ...argsOf(name), [argument]: value });
    expect(result.isError).toBe(true);
    expect(result.text).toContain(`${argument} needs the grant ${tool.area}:credentials, which you do not have.`);
    expect(upstream.received).toHaveLength(before);
  });

  it('a domain may be given as pending, not as verified', async () => {
    upstream.answer = () => Response.json({ object: 'organization' });
    const create = (state: string) =>
      session.call('create_organization', { name: 'A', domain_data: [{ domain: 'a.test', state }] });
    const made = await create('pending');
    expect(made, made.text).toMatchObject({ structured: { object: 'organization', environment: 'staging' } });
    expect(await create('verified')).toMatchObject({
      isError: true,
      text: expect.stringContaining('Other values need the grant organizations:credentials'),
    });
  });
});

it('takes the values of secret arguments out of what WorkOS says about them', async () => {
  const open = await connect(['--allow', '*:full,*:credentials', '--confirm', 'off'], {
    WORKOS_API_KEY: key,
    WORKOS_BASE_URL: upstream.url,
    WORKOS_CLIENT_ID: 'client_1',
  });
  upstream.answer = () =>
    Response.json({ message: 'Password hunter22 is too weak.', hint: 'not hunter22' }, { status: 400 });
  const { text } = await open.call('create_user', { email: 'a@b.test', password: 'hunter22' });
  expect(text).toContain('"Password [withheld] is too weak".');
  expect(text).not.toContain('hunter22');
  await open.close();
});

describe('a production key', () => {
  const production = { WORKOS_API_KEY: 'sk_live_1' };
  it('writes nothing unless somebody said so', async () => {
    const guarded = await connect(['--allow', '*:full,*:credentials', '--list', 'all'], production);
    const names = (await guarded.listTools()).map(({ name }) => name);
    expect(names).toEqual([...openedBy('*', 'read'), 'wait_for_events', 'get_access_status']);
    expect(guarded.instructions()).toContain('production environment');
    await guarded.close();
    const open = await connect(
      ['--allow', '*:full,*:credentials', '--list', 'all', '--production-writes', '--audit-log', 'stderr'],
      { ...production, WORKOS_CLIENT_ID: 'client_1' },
    );
    expect(await open.listTools()).toHaveLength(tools.length + 2);
    await open.close();
  });
});
