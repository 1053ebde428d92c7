import { EventEmitter, once as next } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Session } from './support/session.ts';
import { type Answer, listen, type Upstream } from './support/upstream.ts';

let upstream: Upstream;
let session: Session;
const key = 'sk_test_canary_1234567890';

beforeAll(async () => {
  upstream = await listen(() => Response.json({}));
  const env = { WORKOS_API_KEY: key, WORKOS_BASE_URL: upstream.url, WORKOS_CLIENT_ID: 'client_1' };
  // One second leaves no room to wait for a rate limit, and little for attempts, which test/hostile.test.ts counts.
  session = await connect(
    ['--allow', '*:full,*:credentials', '--list', 'all', '--timeout', '2', '--confirm', 'off'],
    env,
  );
});
afterAll(async () => {
  await session.close();
  await upstream.close();
});

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => {
  return () => Response.json(body, { status, headers: { 'x-request-id': 'req_1', ...headers } });
};
const plain = (status: number, body: string | null, headers: Record<string, string> = {}): Answer => {
  return () => new Response(body, { status, headers });
};

const CALLS: Readonly<Record<string, Record<string, unknown>>> = {
  get_user: { user_id: 'user_1' },
  // Its own window: those of the other calls stay as they are.
  'a rate limit without a time, or with 0': { email: 'z@b.test' },
  create_user: { email: 'a@b.test' },
  delete_user: { user_id: 'user_1' },
  list_directory_users: { directory: 'directory_1', group: 'directory_group_1' },
  authenticate_user: { grant_type: 'refresh_token', refresh_token: 'r' },
  create_magic_auth: { email: 'a@b.test' },
  create_audit_log_export: {
    organization_id: 'org_1',
    range_start: '2026-01-01T00:00:00Z',
    range_end: '2026-01-02T00:00:00Z',
  },
};

/** The text without the number of attempts, which chance decides. */
const once = (text: string) => text.replace(/ \(\d attempts(, [\d.]+ s in all)?\)/, '');

/** Every shape in which WorkOS is known to say no, and what the agent is told: all of it, to the letter. */
describe('errors of WorkOS', () => {
  it.each<[string, string, Answer, string]>([
    [
      '{message}',
      'get_user',
      json(404, { message: 'User not found' }),
      'WorkOS answered get_user with 404 Not Found: "User not found". Check user_id (user_…, from list_users). Request ID: req_1.',
    ],
    [
      '{code, message}',
      'create_magic_auth',
      json(429, { code: 'daily_quota_exceeded', message: 'Quota exceeded.' }),
      'WorkOS answered create_magic_auth with 429 Too Many Requests: "Quota exceeded". Code: daily_quota_exceeded. Nothing was changed. The daily quota of this environment is used up: try again tomorrow. Request ID: req_1.',
    ],
    [
      '{code, message, errors: [{code, message}]}',
      'create_user',
      json(400, { code: 'user_creation_error', message: 'No.', errors: [{ code: 'email_taken', message: 'Taken.' }] }),
      'WorkOS answered create_user with 400 Bad Request: "No". Code: user_creation_error. Reasons: "Taken" (email_taken). Nothing was changed. Correct the arguments and call again. Request ID: req_1.',
    ],
    [
      '{message, errors: [{field, code}]}',
      'create_user',
      json(422, { message: 'Validation failed', errors: [{ field: 'email', code: 'required' }, 'other'] }),
      'WorkOS answered create_user with 422 Unprocessable Entity: "Validation failed". Reasons: email: required; "other". Nothing was changed. Correct the arguments and call again. Request ID: req_1.',
    ],
    [
      '{code, message, errors: [{instancePath}]}',
      'create_user',
      json(400, { code: 'invalid', message: 'Bad', errors: [{ instancePath: '/a', message: 'must be string' }] }),
      'WorkOS answered create_user with 400 Bad Request: "Bad". Code: invalid. Reasons: /a: "must be string". Nothing was changed. Correct the arguments and call again. Request ID: req_1.',
    ],
    [
      '{message: string[], error}',
      'create_audit_log_export',
      json(400, { message: ['range_start is bad', 'range_end is bad'], error: 'Bad Request' }),
      'WorkOS answered create_audit_log_export with 400 Bad Request: "range_start is bad". "range_end is bad". Code: "Bad Request". Nothing was changed. Correct the arguments and call again. Request ID: req_1.',
    ],
    [
      '{error, error_description}',
      'authenticate_user',
      json(400, { error: 'invalid_grant', error_description: 'The code has expired.' }),
      'WorkOS answered authenticate_user with 400 Bad Request: "The code has expired". Code: invalid_grant. Nothing was changed. Correct the arguments and call again. Request ID: req_1.',
    ],
    [
      'an OAuth error with more',
      'authenticate_user',
      json(400, { error: 'sso_required', error_description: 'Use SSO.', connection_ids: ['conn_1'] }),
      'WorkOS answered authenticate_user with 400 Bad Request: "Use SSO". Code: sso_required. Details: {"connection_ids":["conn_1"]}. Nothing was changed. Start SSO instead: get_sso_authorization_url with one of the connections. Request ID: req_1.',
    ],
    [
      'a sign-in that asks for the next step',
      'authenticate_user',
      json(403, { code: 'mfa_challenge', message: 'MFA.', pending_authentication_token: 'pat' }),
      'WorkOS answered authenticate_user with 403 Forbidden: "MFA". Code: mfa_challenge. Details: {"pending_authentication_token":"pat"}. Nothing was changed. Challenge a factor with challenge_auth_factor, then call authenticate_user with grant_type "urn:workos:oauth:grant-type:mfa-totp" and the pending_authentication_token. Request ID: req_1.',
    ],
    [
      'several IDs',
      'list_directory_users',
      json(404, { message: 'Not found.' }),
      'WorkOS answered list_directory_users with 404 Not Found: "Not found". Check directory (directory_…, from list_directories) and group (directory_group_…, from list_directory_groups). Request ID: req_1.',
    ],
    [
      'a bare JSON string',
      'list_directory_users',
      json(429, 'Ratelimited', { 'retry-after': '3' }),
      'WorkOS answered list_directory_users with 429 Too Many Requests: "Ratelimited". Wait 3 seconds, then call again. Request ID: req_1.',
    ],
    [
      'a rate limit without a time, or with 0',
      'create_magic_auth',
      json(429, { message: 'Rate limit exceeded.' }, { 'retry-after': '0' }),
      'WorkOS answered create_magic_auth with 429 Too Many Requests: "Rate limit exceeded". Nothing was changed. Wait a few seconds, then call again. Request ID: req_1.',
    ],
    [
      'a refused key',
      'get_user',
      json(401, { message: 'Unauthorized' }),
      'WorkOS answered get_user with 401 Unauthorized: "Unauthorized". WorkOS rejected the API key. Ask the operator of this server to check WORKOS_API_KEY; calling again will not help. Request ID: req_1.',
    ],
    [
      'a fault on a write',
      'create_user',
      json(500, { message: 'Internal error' }),
      'WorkOS answered create_user with 500 Internal Server Error: "Internal error". The call may have taken effect anyway: check with list_users. Do not call again until you have checked. Request ID: req_1.',
    ],
    [
      'a fault on what may be repeated',
      'delete_user',
      json(503, {}),
      'WorkOS answered delete_user with 503 Service Unavailable. The call may have taken effect anyway. Calling again is safe. Request ID: req_1.',
    ],
    [
      'an HTML page',
      'get_user',
      plain(502, '<html>Bad gateway</html>', { 'content-type': 'text/html; charset=utf-8' }),
      'WorkOS answered get_user with 502 Bad Gateway, with a body that is not a JSON object (text/html). Calling again is safe.',
    ],
    [
      'a redirect',
      'get_user',
      plain(302, null, { location: 'http://elsewhere.test/' }),
      'WorkOS answered get_user with 302 Found. The redirect was not followed. Ask the operator of this server to check WORKOS_BASE_URL.',
    ],
    [
      'a redirect of a write',
      'create_user',
      plain(302, null, { location: 'http://elsewhere.test/' }),
      'WorkOS answered create_user with 302 Found. The call may have taken effect anyway: check with list_users. The redirect was not followed. Ask the operator of this server to check WORKOS_BASE_URL.',
    ],
    [
      'broken JSON under 200',
      'create_user',
      plain(200, '{"object":', { 'content-type': 'application/json' }),
      'WorkOS answered create_user with 200 OK, with a body that is not a JSON object (application/json). The call may have taken effect anyway: check with list_users. Do not call again until you have checked.',
    ],
    [
      'an array under 200',
      'get_user',
      json(200, [1]),
      'WorkOS answered get_user with 200 OK, with a body that is not a JSON object (application/json). Calling again is safe. Request ID: req_1.',
    ],
    [
      'the key itself',
      'get_user',
      json(400, { message: `Bad key ${key}` }),
      'WorkOS answered get_user with 400 Bad Request: "Bad key [API key withheld]". Correct the arguments and call again. Request ID: req_1.',
    ],
    [
      'a connection that breaks off',
      'create_user',
      { raw: (response) => response.socket?.destroy() },
      'WorkOS gave no usable answer to create_user: the connection was dropped. The call may have taken effect anyway: check with list_users. Do not call again until you have checked.',
    ],
    [
      'an answer that breaks off',
      'get_user',
      {
        raw: (response) => {
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
          response.write('{"object":', () => response.socket?.destroy());
        },
      },
      'WorkOS gave no usable answer to get_user: the connection was dropped. Calling again is safe.',
    ],
  ])('%s', async (label, name, answer, text) => {
    upstream.answer = answer;
    const result = await session.call(name, CALLS[label] ?? CALLS[name]);
    expect({ ...result, text: once(result.text) }).toEqual({ isError: true, text, structured: undefined });
  });

  it('says that nothing was sent where no connection came about', async () => {
    const closed = await listen(() => Response.json({}));
    await closed.close();
    const lost = await connect(['--allow', 'users:write', '--timeout', '1'], {
      WORKOS_API_KEY: key,
      WORKOS_BASE_URL: closed.url,
    });
    const { text } = await lost.call('create_user', CALLS.create_user);
    expect(once(text)).toBe(
      'WorkOS gave no usable answer to create_user: connection refused. Nothing was changed. Calling again is safe.',
    );
    await lost.close();
  });
});

describe('successes of WorkOS', () => {
  it.each<[string, Answer, Record<string, unknown>]>([
    [
      'an object',
      json(200, { object: 'user', extra: { new: [1, null] } }),
      { object: 'user', extra: { new: [1, null] }, environment: 'staging' },
    ],
    [
      'no body',
      plain(202, null),
      {
        ok: true,
        status: 202,
        environment: 'staging',
        notes: ['WorkOS has accepted the call (202) and is still carrying it out.'],
      },
    ],
    ['204', plain(204, null), { ok: true, status: 204, environment: 'staging' }],
    ['the key in the body', json(200, { note: key }), { note: '[API key withheld]', environment: 'staging' }],
  ])('%s', async (_, answer, structured) => {
    upstream.answer = answer;
    expect(await session.call('delete_user', CALLS.delete_user)).toEqual({
      text: JSON.stringify(structured),
      structured,
    });
  });
});

it('aborts the request when the client cancels the call', async () => {
  const steps = new EventEmitter();
  upstream.answer = {
    raw: (response) => {
      response.on('close', () => steps.emit('cut'));
      steps.emit('arrived');
    },
  };
  const abort = new AbortController();
  const arrived = next(steps, 'arrived');
  const cut = next(steps, 'cut');
  const call = session.call('get_user', CALLS.get_user, { signal: abort.signal }).catch(() => 'cancelled');
  await arrived;
  abort.abort();
  expect(await call).toBe('cancelled');
  await cut;
});

it('never writes the key, or what was said, to the log', () => {
  expect(session.log()).toContain('"status":404');
  for (const secret of [key, 'a@b.test', 'user_1', 'Unauthorized']) expect(session.log()).not.toContain(secret);
});
