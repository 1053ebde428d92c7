import { describe, expect, test } from 'vitest';
import { constants, createSigner, type Gap, gaps, ids, openSandbox, type Sandbox } from '../sandbox/index.ts';
import { CALLS } from './support/calls.ts';
import { catalog } from './support/catalog.ts';
import { requestOf, sandboxCallOf } from './support/sandbox-calls.ts';
import { createContract, toOfficial } from './support/sandbox-contract.ts';
import { laterFilters, laterRefusals, laterStories, laterSuccesses } from './support/sandbox-rows.ts';
import { type Asked, createSender, type Json, type Reply, type Row, type Send } from './support/sandbox-send.ts';

/** Every answer that these tests get is held against the official file(s). */
const contract = createContract();

const sender = createSender(contract);
const signer = createSigner();
/** A sandbox of its own for each test. */
const open = (layers?: readonly Gap[]): Sandbox => openSandbox(layers, signer);
// --- The route of every tool: what succeeds, and how ---

const { apiKey: secret, clientId: client_id } = open();
const client = { client_id, client_secret: secret };
const event = {
  action: 'user.signed_in',
  occurred_at: '2026-03-01T10:00:00.000Z',
  actor: { id: 'user_1', type: 'user' },
  targets: [{ id: 'team_1', type: 'team' }],
  context: { location: '192.0.2.1' },
};
const eventBody = { organization_id: ids.organizations.acme, event };
const march = { range_start: '2026-03-01T00:00:00.000Z', range_end: '2026-04-01T00:00:00.000Z' };
const exportBody = { organization_id: ids.organizations.acme, ...march };
const ssoBody = { ...client, grant_type: 'authorization_code', code: 'sandbox_sso_code' };
const grant = (name: string) => `urn:workos:oauth:grant-type:${name}`;
const ada = { ...client, grant_type: 'password', email: 'ada@acme.example.com', password: constants.password };

const U = 'POST /user_management/users';
const UPDATE_USER = 'PUT /user_management/users/{id}';
const LIST_USERS = 'GET /user_management/users';
const AUTHENTICATE = 'POST /user_management/authenticate';
const MAGIC = 'POST /user_management/magic_auth';
const ENROLL = 'POST /auth/factors/enroll';
const CHALLENGE = 'POST /auth/factors/{id}/challenge';
const VERIFY = 'POST /auth/challenges/{id}/verify';
const CREATE_ORGANIZATION = 'POST /organizations';
const UPDATE_ORGANIZATION = 'PUT /organizations/{id}';
const DELETE_ORGANIZATION = 'DELETE /organizations/{id}';
const CREATE_DOMAIN = 'POST /organization_domains';
const VERIFY_DOMAIN = 'POST /organization_domains/{id}/verify';
const TOKEN = 'POST /sso/token';
const LIST_DIRECTORY_USERS = 'GET /directory_users';
const LIST_DIRECTORY_GROUPS = 'GET /directory_groups';
const EVENT = 'POST /audit_logs/events';
const CREATE_EXPORT = 'POST /audit_logs/exports';
const GET_EXPORT = 'GET /audit_logs/exports/{auditLogExportId}';
const ORGANIZATION_ROLES = 'GET /authorization/organizations/{organizationId}/roles';

/** Where a browser is sent, which no tool asks for itself. */
const REDIRECT: Asked = {
  query: `client_id=${client_id}&response_type=code&redirect_uri=http://localhost/&connection=${ids.connections.bluefern}`,
};

const successes: readonly (readonly [route: string, status: number | undefined, asked: Asked])[] = [
  ['GET /sso/authorize', 302, REDIRECT],
  ...catalog.tools.flatMap((tool) => {
    const call = sandboxCallOf(tool);
    if (call === undefined || call.sends === 'none') return [];
    const { path, query, body } = { ...requestOf(tool, call.args), ...call.sends };
    return [
      [
        toOfficial(tool.route),
        call.status,
        { path, query: `${new URLSearchParams(query)}`, body: body as Json },
      ] as const,
    ];
  }),
  ...laterSuccesses,
];

// --- What is refused, and in which words ---

const some = expect.any(String);
const unknown = { id: 'nobody' };
const user = { email: 'x@example.org' };

const refusals: readonly (readonly [route: string, asked: Asked, status: number, body: Json])[] = [
  [U, { body: {} }, 422, { code: 'invalid_request_parameters' }],
  [U, { body: { email: 'nonsense' } }, 422, { code: 'invalid_request_parameters' }],
  [U, { body: { email: 'ada@acme.example.com' } }, 400, { code: 'user_creation_error' }],
  [U, { body: { ...user, external_id: 'hr-1' } }, 400, { code: 'user_creation_error' }],
  [U, { body: { ...user, password: 'short' } }, 400, { code: 'password_strength_error' }],
  [
    U,
    { body: { ...user, password: 'long enough', password_hash: 'h' } },
    400,
    { code: 'password_and_password_hash_provided' },
  ],
  [
    U,
    { body: { ...user, password: 'long enough', password_hash_type: 'bcrypt' } },
    400,
    { code: 'password_and_password_hash_type_provided' },
  ],
  [
    U,
    { body: { ...user, password_salt_position: 'prefix' } },
    400,
    { code: 'password_salt_position_requires_password_hash' },
  ],
  [U, { body: { ...user, metadata: { key: 1 } } }, 400, { code: 'invalid_metadata' }],
  ['GET /user_management/users/{id}', unknown, 404, { message: some }],
  ['DELETE /user_management/users/{id}', unknown, 404, { message: some }],
  [UPDATE_USER, { ...unknown, body: {} }, 404, { message: some }],
  [UPDATE_USER, { id: ids.users.ada, body: { email: 'nonsense' } }, 400, { code: 'invalid_email' }],
  [UPDATE_USER, { id: ids.users.ada, body: { email: 'ben@acme.example.com' } }, 400, { code: 'email_not_available' }],
  [UPDATE_USER, { id: ids.users.ben, body: { external_id: 'hr-1' } }, 400, { code: 'external_id_already_used' }],
  [UPDATE_USER, { id: ids.users.ada, body: { locale: '!' } }, 400, { code: 'invalid_locale' }],
  [UPDATE_USER, { id: ids.users.ada, body: { password: 'short' } }, 400, { code: 'password_strength_error' }],
  [MAGIC, { body: {} }, 422, { message: some }],
  ['GET /user_management/magic_auth/{id}', unknown, 404, { message: some }],
  [ENROLL, { body: { type: 'pigeon' } }, 422, { message: some }],
  [ENROLL, { body: { type: 'sms' } }, 422, { message: some }],
  [ENROLL, { body: { type: 'totp' } }, 422, { message: some }],
  [ENROLL, { body: { type: 'generic_otp', user_id: 'nobody' } }, 422, { message: some }],
  [CHALLENGE, { ...unknown, body: {} }, 404, { message: some }],
  [VERIFY, { ...unknown, body: { code: '1' } }, 404, { message: some }],
  [VERIFY, { id: ids.challenges.dev, body: {} }, 422, { message: some }],
  [CREATE_ORGANIZATION, { body: {} }, 422, { message: some }],
  [CREATE_ORGANIZATION, { body: { name: 'A', external_id: 'crm-1001' } }, 400, { code: 'external_id_already_used' }],
  [CREATE_ORGANIZATION, { body: { name: 'A', metadata: { key: 1 } } }, 400, { code: 'invalid_metadata' }],
  [CREATE_ORGANIZATION, { body: { name: 'A', domains: ['acme.example.com'] } }, 409, { message: some }],
  ['GET /organizations/{id}', unknown, 404, { message: some }],
  [UPDATE_ORGANIZATION, { ...unknown, body: {} }, 404, { message: some }],
  [DELETE_ORGANIZATION, unknown, 404, { message: some }],
  [
    CREATE_DOMAIN,
    { body: { organization_id: ids.organizations.cedarwick, domain: 'acme.example.com' } },
    409,
    { code: 'domain_already_exists' },
  ],
  [CREATE_DOMAIN, { body: { organization_id: 'nobody', domain: 'new.example.org' } }, 404, { message: some }],
  ['GET /organization_domains/{id}', unknown, 404, { message: some }],
  [VERIFY_DOMAIN, unknown, 404, { message: some }],
  [VERIFY_DOMAIN, { id: ids.domains.acme }, 400, { code: 'domain_already_verified' }],
  [TOKEN, { body: { ...ssoBody, code: 'wrong' } }, 400, { error: 'invalid_grant' }],
  [TOKEN, { body: { ...ssoBody, client_secret: 'wrong' } }, 400, { error: 'invalid_client' }],
  [TOKEN, { body: { ...ssoBody, grant_type: 'wrong' } }, 400, { error: 'unsupported_grant_type' }],
  [TOKEN, { body: { ...client, grant_type: 'authorization_code' } }, 422, { message: some }],
  ['GET /connections/{id}', unknown, 404, { message: some }],
  ['DELETE /connections/{id}', unknown, 404, { message: some }],
  ['GET /directories/{id}', unknown, 404, { message: some }],
  ['DELETE /directories/{id}', unknown, 404, { message: some }],
  ['GET /directory_users/{id}', unknown, 404, { message: some }],
  ['GET /directory_groups/{id}', unknown, 404, { message: some }],
  [LIST_DIRECTORY_USERS, { query: 'directory=nobody' }, 404, { message: some }],
  [LIST_DIRECTORY_USERS, { query: 'email=a@example.org' }, 422, { message: some }],
  [LIST_DIRECTORY_GROUPS, { query: 'user=nobody' }, 404, { message: some }],
  ['GET /organizations', { query: 'limit=0' }, 422, { message: some }],
  ['GET /organizations', { query: 'limit=101' }, 422, { message: some }],
  [LIST_USERS, { query: 'order=sideways' }, 422, { message: some }],
  ['GET /organizations', { headers: { authorization: 'Bearer sk_test_other' } }, 401, { message: 'Unauthorized' }],
  [EVENT, { body: { ...eventBody, organization_id: 'nobody' } }, 404, { message: some }],
  [EVENT, { body: { organization_id: 'o' } }, 422, { message: some }],
  [
    EVENT,
    { body: { ...eventBody, event: { ...event, targets: [{ id: 'a' }] } } },
    422,
    { errors: [{ field: 'event.targets.0.type', code: 'required' }] },
  ],
  [EVENT, { body: { ...eventBody, event: { ...event, occurred_at: 'soon' } } }, 422, { message: some }],
  [
    EVENT,
    { body: { ...eventBody, event: { ...event, metadata: { a: [] } } } },
    400,
    { code: 'invalid_audit_log_event', errors: [{ instancePath: '/metadata' }] },
  ],
  [CREATE_EXPORT, { body: { organization_id: ids.organizations.acme } }, 400, { error: 'Bad Request' }],
  [CREATE_EXPORT, { body: { ...exportBody, organization_id: 'nobody' } }, 400, { message: some }],
  [CREATE_EXPORT, { body: { ...exportBody, range_end: march.range_start } }, 400, { message: some }],
  [GET_EXPORT, unknown, 404, { message: some }],
  [ORGANIZATION_ROLES, unknown, 404, { message: some }],
  ...laterRefusals,
];

// --- Sign-in: every grant, once let in and once refused ---

const pending = { ...client, pending_authentication_token: constants.pendingToken };
const code = constants.code;
const enrolled = { authentication_challenge_id: ids.challenges.dev };
const radar = { radar_challenge_id: constants.radarChallengeId };
const device = 'urn:ietf:params:oauth:grant-type:device_code';

const grants: readonly (readonly [grant: string, right: Json, wrong: Json, refusal: Json])[] = [
  [
    'authorization_code',
    { ...client, code: constants.authorizationCode },
    { code: 'wrong' },
    { error: 'invalid_grant' },
  ],
  ['password', ada, { password: 'wrong' }, { code: 'invalid_credentials' }],
  [
    'refresh_token',
    { client_id, refresh_token: constants.refreshToken },
    { refresh_token: 'wrong' },
    { error: 'invalid_grant' },
  ],
  [
    grant('magic-auth:code'),
    { ...client, email: 'ada@acme.example.com', code },
    { code: '000000' },
    { code: 'invalid_one_time_code' },
  ],
  [grant('email-verification:code'), { ...pending, code }, { code: '000000' }, { code: 'invalid_one_time_code' }],
  [grant('mfa-totp'), { ...pending, ...enrolled, code }, { code: '000000' }, { code: 'invalid_one_time_code' }],
  [
    grant('organization-selection'),
    { ...pending, organization_id: ids.organizations.acme },
    { organization_id: ids.organizations.cedarwick },
    { error: 'organization_membership_not_found' },
  ],
  [
    grant('radar-email-challenge:code'),
    { ...pending, ...radar, code },
    { radar_challenge_id: 'wrong' },
    { error: 'invalid_grant' },
  ],
  [
    grant('radar-sms-challenge:code'),
    { ...pending, code },
    { phone_number: '+15555550100' },
    { code: 'verification_id_required' },
  ],
  [
    device,
    { client_id, device_code: constants.deviceCode },
    { device_code: constants.deviceCodePending },
    { error: 'authorization_pending' },
  ],
];

// --- Behaviour over several requests ---

async function visit(send: Send, route: string, query: string, cursor: 'before' | 'after', start?: unknown) {
  const seen: unknown[] = [];
  let at = start;
  do {
    const reply = await send(route, { query: `limit=3&${query}${at ? `&${cursor}=${at}` : ''}` });
    expect(reply.status).toBe(200);
    seen.push(...(cursor === 'before' ? reply.ids.toReversed() : reply.ids));
    at = (reply.body.list_metadata as Json)[cursor];
  } while (at);
  return seen;
}

const everything = 'limit=100';

/** How many of a list an answer has, for a filter. */
const filters: readonly (readonly [route: string, query: string, count: number])[] = [
  [LIST_USERS, everything, 12],
  [LIST_USERS, `organization_id=${ids.organizations.acme}`, 4],
  [LIST_USERS, `organization=${ids.organizations.bluefern}`, 3],
  [LIST_USERS, 'email=ben@acme.example.com', 1],
  ['GET /organizations', everything, 4],
  ['GET /organizations', 'search=BLUE', 1],
  ['GET /organizations', 'domains=bluefern.test,cedarwick.test', 2],
  ['GET /connections', everything, 3],
  ['GET /connections', 'search=okta', 1],
  ['GET /connections', 'connection_type=AzureSAML', 1],
  ['GET /connections', `organization_id=${ids.organizations.bluefern}`, 1],
  ['GET /connections', 'domain=bluefern.test', 1],
  ['GET /directories', everything, 2],
  ['GET /directories', 'search=entra', 1],
  ['GET /directories', 'domain=acme.example.com', 1],
  ['GET /directories', `organization_id=${ids.organizations.acme}`, 1],
  [LIST_DIRECTORY_USERS, everything, 14],
  [LIST_DIRECTORY_USERS, `directory=${ids.directories.bluefern}`, 5],
  [LIST_DIRECTORY_USERS, `group=${ids.directoryGroups.engineers}`, 5],
  [LIST_DIRECTORY_USERS, `directory=${ids.directories.acme}&email=ada.hart@acme.example.com`, 1],
  [LIST_DIRECTORY_USERS, `directory=${ids.directories.acme}&idp_id=idp-acme-ben`, 1],
  [LIST_DIRECTORY_GROUPS, everything, 5],
  [LIST_DIRECTORY_GROUPS, `directory=${ids.directories.bluefern}`, 2],
  [LIST_DIRECTORY_GROUPS, `user=${ids.directoryUsers.ada}`, 2],
];

const allFilters: typeof laterFilters = [
  ...filters.map(([route, query, count]) => [route, { query }, count] as const),
  ...laterFilters,
];

const lists = [...new Set(filters.map(([route]) => route))];

const pagingRows = lists.flatMap((route): readonly Row[] => [
  {
    route,
    says: 'an unknown cursor is refused',
    async run(send) {
      expect((await send(route, { query: 'after=nobody' })).status).toBe(422);
    },
  },
  {
    route,
    says: 'forwards and backwards, every page together shows every item once',
    async run(send) {
      for (const order of ['desc', 'asc']) {
        const all = (await send(route, { query: `${everything}&order=${order}` })).ids;
        expect(await visit(send, route, `order=${order}`, 'after')).toEqual(all);
        const back = await visit(send, route, `order=${order}`, 'before', all.at(-1));
        expect(back.toReversed()).toEqual(all.slice(0, -1));
      }
    },
  },
  {
    route,
    says: 'order=normal turns the cursors round: before leads to older items',
    async run(send) {
      const all = (await send(route, { query: everything })).ids;
      const page = await send(route, { query: `order=normal&limit=1&before=${all[0]}` });
      expect(page.ids).toEqual([all[1]]);
    },
  },
]);

const stories: readonly Row[] = [
  {
    route: LIST_USERS,
    says: 'more than a thousand requests in a row are answered',
    async run(send) {
      for (let count = 0; count < 1010; count += 1)
        expect((await send(LIST_USERS, { query: 'limit=1' })).status).toBe(200);
      // And without a key.
      for (let count = 0; count < 1010; count += 1)
        expect((await send('GET /sso/authorize', REDIRECT)).status).toBe(302);
    },
  },
  {
    route: U,
    says: 'a name and a locale stay',
    async run(send) {
      const named = await send(U, { body: { ...user, name: 'Xenia X.' } });
      expect(named.body.name).toBe('Xenia X.');
      const id = String(named.body.id);
      expect((await send(UPDATE_USER, { id, body: { locale: 'nl-NL' } })).body).toMatchObject({ locale: 'nl-NL' });
      expect((await send('GET /user_management/users/{id}', { id })).body).toMatchObject({
        name: 'Xenia X.',
        locale: 'nl-NL',
      });
      expect((await send(UPDATE_USER, { id, body: { last_name: 'Yb' } })).body.name).toBe('Xenia X.');
      const composed = await send(U, { body: { email: 'y@example.org', first_name: 'Yv', last_name: 'Y' } });
      expect(composed.body.name).toBe('Yv Y');
    },
  },
  {
    route: UPDATE_USER,
    says: 'metadata is changed pair by pair, and null removes one',
    async run(send) {
      const id = ids.users.ada;
      await send(UPDATE_USER, { id, body: { metadata: { a: '1', b: '2' } } });
      const changed = await send(UPDATE_USER, { id, body: { metadata: { b: null, c: '3' } } });
      expect(changed.body.metadata).toMatchObject({ a: '1', c: '3' });
      expect(changed.body.metadata).not.toHaveProperty('b');
      expect((await send(UPDATE_USER, { id, body: { metadata: {} } })).body.metadata).toEqual({});
    },
  },
  {
    route: UPDATE_ORGANIZATION,
    says: 'metadata is changed pair by pair, and null removes one',
    async run(send) {
      const id = ids.organizations.acme;
      await send(UPDATE_ORGANIZATION, { id, body: { metadata: { a: '1', b: '2' } } });
      const changed = await send(UPDATE_ORGANIZATION, { id, body: { metadata: { b: null, c: '3' } } });
      expect(changed.body.metadata).toMatchObject({ a: '1', c: '3' });
      expect(changed.body.metadata).not.toHaveProperty('b');
      expect((await send(UPDATE_ORGANIZATION, { id, body: { metadata: {} } })).body.metadata).toEqual({});
    },
  },
  {
    route: UPDATE_USER,
    says: 'a new e-mail is not verified, and the old one is free again',
    async run(send) {
      const changed = await send(UPDATE_USER, { id: ids.users.ada, body: { email: 'hart@acme.example.com' } });
      expect(changed.body).toMatchObject({ email: 'hart@acme.example.com', email_verified: false });
      expect((await send(U, { body: { email: 'ada@acme.example.com' } })).status).toBe(201);
    },
  },
  {
    route: UPDATE_USER,
    says: 'a new password opens the door, the old one does not',
    async run(send) {
      await send(UPDATE_USER, { id: ids.users.ada, body: { password: 'another password' } });
      expect((await send(AUTHENTICATE, { body: { ...ada, password: 'another password' } })).status).toBe(200);
      expect((await send(AUTHENTICATE, { body: ada })).status).toBe(400);
    },
  },
  {
    route: MAGIC,
    says: 'an unknown e-mail becomes a user, who signs in with the code',
    async run(send) {
      const sent = await send(MAGIC, { body: user });
      expect(sent.status).toBe(201);
      const body = { ...client, ...user, grant_type: grant('magic-auth:code'), code: sent.body.code };
      const signedIn = await send(AUTHENTICATE, { body });
      expect(signedIn.body).toMatchObject({ user: user, authentication_method: 'MagicAuth' });
      expect((await send(AUTHENTICATE, { body })).body.code).toBe('invalid_one_time_code');
    },
  },
  {
    route: AUTHENTICATE,
    says: 'an unverified e-mail has to be verified',
    async run(send) {
      const stopped = await send(AUTHENTICATE, { body: { ...ada, email: 'ben@acme.example.com' } });
      expect(stopped.body).toMatchObject({ code: 'email_verification_required', email: 'ben@acme.example.com' });
      const body = {
        ...client,
        grant_type: grant('email-verification:code'),
        pending_authentication_token: stopped.body.pending_authentication_token,
        code,
      };
      const signedIn = await send(AUTHENTICATE, { body });
      expect(signedIn.body).toMatchObject({ user: { id: ids.users.ben, email_verified: true } });
      expect((await send(AUTHENTICATE, { body })).body.code).toBe('invalid_pending_authentication_token');
    },
  },
  {
    route: AUTHENTICATE,
    says: 'a user with a factor has to pass its challenge',
    async run(send) {
      const stopped = await send(AUTHENTICATE, { body: { ...ada, email: 'dev@acme.example.com' } });
      expect(stopped).toMatchObject({ status: 403, body: { code: 'mfa_challenge' } });
      const challenge = await send(CHALLENGE, { id: ids.factors.dev, body: {} });
      const { pending_authentication_token } = stopped.body;
      const body = { ...client, grant_type: grant('mfa-totp'), pending_authentication_token, code };
      const challenged = { ...body, authentication_challenge_id: challenge.body.id };
      const signedIn = await send(AUTHENTICATE, { body: challenged });
      expect(signedIn.body).toMatchObject({ user: { id: ids.users.dev }, authentication_method: 'Password' });
    },
  },
  {
    route: AUTHENTICATE,
    says: 'a member of two organizations has to choose one, and can go over to the other',
    async run(send) {
      const stopped = await send(AUTHENTICATE, { body: { ...ada, email: 'cara@acme.example.com' } });
      expect(stopped.body).toMatchObject({ code: 'organization_selection_required' });
      const [first, second] = stopped.body.organizations as { id: string }[];
      const { pending_authentication_token } = stopped.body;
      const body = { ...client, grant_type: grant('organization-selection'), pending_authentication_token };
      const chosen = await send(AUTHENTICATE, { body: { ...body, organization_id: first?.id } });
      expect(chosen.body.organization_id).toBe(first?.id);
      const refresh = { client_id, grant_type: 'refresh_token', refresh_token: chosen.body.refresh_token };
      const other = await send(AUTHENTICATE, { body: { ...refresh, organization_id: second?.id } });
      expect(other.body.organization_id).toBe(second?.id);
      expect((await send(AUTHENTICATE, { body: refresh })).body.error).toBe('invalid_grant');
    },
  },
  {
    route: AUTHENTICATE,
    says: 'people with an SSO connection have to use it; other clients and unknown grants are refused',
    async run(send) {
      const sso = await send(AUTHENTICATE, { body: { ...ada, email: 'emma@bluefern.test' } });
      expect(sso.body).toMatchObject({ error: 'sso_required', connection_ids: [ids.connections.bluefern] });
      expect((await send(AUTHENTICATE, { body: { ...ada, client_id: 'other' } })).body.error).toBe('invalid_client');
      expect((await send(AUTHENTICATE, { body: { ...ada, grant_type: 'other' } })).status).toBe(422);
      expect((await send(AUTHENTICATE, { body: { ...client, grant_type: 'password' } })).status).toBe(422);
    },
  },
  {
    route: ENROLL,
    says: 'each type of factor has its own details',
    async run(send) {
      const totp = await send(ENROLL, { body: { type: 'totp', totp_issuer: 'S', user_id: ids.users.ada } });
      expect(totp.body).toMatchObject({
        user_id: ids.users.ada,
        totp: { issuer: 'S', user: 'ada@acme.example.com', secret: expect.stringMatching(/^[A-Z2-7]{32}$/) },
      });
      const sms = await send(ENROLL, { body: { type: 'sms', phone_number: '+15555550100' } });
      expect(sms.body).toMatchObject({ type: 'sms', sms: { phone_number: '+15555550100' } });
      const other = await send(ENROLL, { body: { type: 'generic_otp' } });
      expect((await send(CHALLENGE, { id: String(other.body.id), body: {} })).body.code).toBe(code);
    },
  },
  {
    route: VERIFY,
    says: 'a wrong code is not valid, and too many of them end the challenge',
    async run(send) {
      const id = ids.challenges.dev;
      expect((await send(VERIFY, { id, body: { code } })).body.valid).toBe(true);
      for (let count = 0; count < constants.wrongCodes; count += 1)
        expect((await send(VERIFY, { id, body: { code: '000000' } })).body.valid).toBe(false);
      expect((await send(VERIFY, { id, body: { code } })).body.code).toBe('one_time_code_too_many_attempts');
    },
  },
  {
    route: CREATE_ORGANIZATION,
    says: 'domains and allow_profiles_outside_organization are kept',
    async run(send) {
      const body = { name: 'N', domains: ['n.example.org'], allow_profiles_outside_organization: true };
      const { id } = (await send(CREATE_ORGANIZATION, { body })).body;
      const shown = await send('GET /organizations/{id}', { id: String(id) });
      const kept = await send(UPDATE_ORGANIZATION, {
        id: ids.organizations.acme,
        body: { domains: ['acme.example.com'] },
      });
      expect(kept.body.domains).toMatchObject([{ domain: 'acme.example.com', state: 'verified' }]);
      expect(shown.body).toMatchObject({
        domains: [{ domain: 'n.example.org', state: 'pending' }],
        allow_profiles_outside_organization: true,
      });
    },
  },
  {
    route: UPDATE_ORGANIZATION,
    says: 'the state of a domain and stripe_customer_id can be changed, the latter for one organization only',
    async run(send) {
      const body = {
        stripe_customer_id: 'cus_1',
        domain_data: [{ domain: 'acme-labs.example.org', state: 'verified' }],
      };
      const changed = await send(UPDATE_ORGANIZATION, { id: ids.organizations.acme, body });
      expect(changed.body).toMatchObject({ stripe_customer_id: 'cus_1', domains: [{ state: 'verified' }] });
      const again = { id: ids.organizations.bluefern, body: { stripe_customer_id: 'cus_1' } };
      expect((await send(UPDATE_ORGANIZATION, again)).body.code).toBe('stripe_customer_id_already_used');
    },
  },
  {
    route: DELETE_ORGANIZATION,
    says: 'its connections, directories and roles go with it',
    async run(send) {
      await send(DELETE_ORGANIZATION, { id: ids.organizations.bluefern });
      expect((await send('GET /connections/{id}', { id: ids.connections.bluefern })).status).toBe(404);
      expect((await send('GET /directories/{id}', { id: ids.directories.bluefern })).status).toBe(404);
      expect((await send(LIST_DIRECTORY_USERS, { query: everything })).items).toHaveLength(9);
    },
  },
  {
    route: VERIFY_DOMAIN,
    says: 'a domain is pending at first and verified at the next look',
    async run(send) {
      const id = ids.domains.acmePending;
      expect((await send(VERIFY_DOMAIN, { id })).body.state).toBe('pending');
      expect((await send('GET /organization_domains/{id}', { id })).body.state).toBe('verified');
      expect((await send(VERIFY_DOMAIN, { id })).body.code).toBe('domain_already_verified');
    },
  },
  {
    route: TOKEN,
    says: 'the fixed code works again and again, as JSON and as a form',
    async run(send) {
      expect((await send(TOKEN, { body: ssoBody })).body.profile).toMatchObject({ id: ids.profiles.emma });
      const again = await send(TOKEN, { form: new URLSearchParams(ssoBody).toString() });
      expect(again.body.profile).toMatchObject({ name: 'Emma Grant', connection_id: ids.connections.bluefern });
    },
  },
  {
    route: TOKEN,
    says: 'the code of the authorization redirect works once',
    async run(send) {
      const redirect = await send('GET /sso/authorize', REDIRECT);
      const found = new URL(redirect.headers.get('location') ?? '').searchParams.get('code');
      expect((await send(TOKEN, { body: { ...ssoBody, code: found } })).status).toBe(200);
      expect((await send(TOKEN, { body: { ...ssoBody, code: found } })).body.error).toBe('invalid_grant');
    },
  },
  {
    route: EVENT,
    says: 'the same Idempotency-Key records an event once, and the export shows it',
    async run(send) {
      const headers = { 'idempotency-key': '6f1c1e1e-0000-4000-8000-000000000001' };
      for (const key of [headers, headers, {}]) await send(EVENT, { body: eventBody, headers: key });
      const made = await send(CREATE_EXPORT, { body: { ...exportBody, actions: ['user.signed_in'] } });
      expect(made.body.state).toBe('pending');
      const ready = await send(GET_EXPORT, { id: String(made.body.id) });
      expect(ready.body.state).toBe('ready');
      expect(await linesOf(ready)).toBe(3);
      const none = await send(CREATE_EXPORT, { body: { ...exportBody, actor_ids: ['nobody'] } });
      expect(await linesOf(await send(GET_EXPORT, { id: String(none.body.id) }))).toBe(1);
    },
  },
  {
    route: ORGANIZATION_ROLES,
    says: "an organization has the environment's roles and its own",
    async run(send) {
      const slugs = (reply: Reply) => reply.items.map((item) => item.slug);
      expect(slugs(await send('GET /authorization/roles'))).toEqual(['admin', 'member', 'billing']);
      const own = await send(ORGANIZATION_ROLES, { id: ids.organizations.acme });
      expect(slugs(own)).toEqual(['admin', 'member', 'billing', 'org-auditor']);
      expect(own.items.at(-1)).toMatchObject({ permissions: ['invoices:read', 'reports:read'] });
    },
  },
];

const linesOf = async (reply: Reply): Promise<number> =>
  (await (await fetch(String(reply.body.url))).text()).split('\n').length;

const rows: readonly Row[] = [
  ...successes.map(([route, status, asked]) => ({
    route,
    says: `succeeds with ${status ?? 'what the official file has'}`,
    async run(send: Send) {
      const reply = await send(route, asked);
      if (status !== undefined) expect(reply.status).toBe(status);
      expect(reply.status, JSON.stringify(reply.body)).toBeLessThan(400);
      expect(reply.headers.get('x-request-id')).toMatch(/^req_/);
    },
  })),
  ...refusals.map(([route, asked, status, body]) => ({
    route,
    says: `refuses ${asked.query || JSON.stringify(asked.body ?? asked.id ?? asked.headers)} with ${status}`,
    async run(send: Send) {
      expect(await send(route, asked)).toMatchObject({ status, body });
    },
  })),
  ...grants.map(([grant_type, right, wrong, refusal]) => ({
    route: AUTHENTICATE,
    says: `${grant_type} lets in, and refuses with ${Object.values(refusal)}`,
    async run(send: Send) {
      expect(await send(AUTHENTICATE, { body: { ...right, ...wrong, grant_type } })).toMatchObject({
        status: 400,
        body: refusal,
      });
      const signedIn = await send(AUTHENTICATE, { body: { ...right, grant_type } });
      expect(signedIn).toMatchObject({
        status: 200,
        body: { user: { id: ids.users.ada }, organization_id: ids.organizations.acme },
      });
    },
  })),
  ...allFilters.map(([route, asked, count]) => ({
    route,
    says: `${asked.id ?? ''} ${asked.query} gives ${count}`,
    async run(send: Send) {
      expect((await send(route, asked)).items).toHaveLength(count);
    },
  })),
  ...pagingRows,
  ...stories,
  ...laterStories,
];

const runOn = async (row: Row, sandbox: Sandbox): Promise<void> => row.run(sender(sandbox), sandbox);

describe('the sandbox', () => {
  const absent = catalog.tools.filter((tool) => sandboxCallOf(tool) === undefined);
  test('serves the route of every tool but of those whose case says otherwise', async () => {
    for (const tool of absent) {
      const { path = '' } = requestOf(tool, CALLS[tool.name]?.[0] ?? {});
      const headers = { authorization: `Bearer ${secret}` };
      const request = new Request(`https://api.workos.com${path}`, { method: tool.method, headers });
      expect((await open().fetch(request)).status, tool.name).toBe(501);
    }
  });

  test('says that it does not serve a route, never that an object is missing', async () => {
    const headers = { authorization: `Bearer ${secret}` };
    const request = new Request('https://api.workos.com/vault/v1/kv/nobody', { headers });
    const response = await open().fetch(request);
    expect([response.status, await response.json()]).toEqual([
      501,
      { code: 'not_implemented', message: 'The sandbox does not serve GET /vault/v1/kv/nobody.' },
    ]);
  });

  test.each(rows.map((row) => [`${row.route}: ${row.says}`, row] as const))('%s', async (_says, row) => {
    await runOn(row, open());
  });

  test('answers alike each time it is opened, as far as the seeded world goes', async () => {
    const opened = new Date();
    for (const route of [...lists, 'GET /events', 'GET /user_management/invitations']) {
      const show = async () =>
        (await sender(openSandbox(undefined, signer, opened))(route, { query: everything })).body;
      expect(await show()).toEqual(await show());
    }
  });

  test('has WorkOS IDs throughout: a prefix and 26 characters of Crockford base 32', async () => {
    const listed = await Promise.all(lists.map((route) => sender(open())(route, { query: everything })));
    const named = Object.values(ids).flatMap((group) => Object.values(group));
    for (const id of [...named, client_id, constants.radarChallengeId, ...listed.flatMap((reply) => reply.ids)])
      expect(id).toMatch(/^[a-z_]+_[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  test('needs no exception from the official file that it does not use', () => {
    expect(contract.unused()).toEqual([]);
  });
});

describe('without one gap filled, something above fails:', () => {
  const slow = 'more than a thousand requests in a row are answered';
  test.each(gaps.map((gap) => [gap.name, gap] as const))('%s', async (_name, gap) => {
    expect(gap.routes.length).toBeGreaterThan(0);
    for (const route of gap.routes) {
      const failures: unknown[] = [];
      for (const row of rows.filter((each) => each.route === route && each.says !== slow)) {
        const rest = open(gaps.filter((each) => each !== gap));
        await runOn(row, rest).catch((error) => failures.push(error));
        if (failures.length > 0) break;
      }
      expect(failures, `${route} does not need this gap`).toHaveLength(1);
    }
  });
});
