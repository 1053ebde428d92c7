import { expect } from 'vitest';
import { constants, ids } from '../../sandbox/index.ts';
import { toAcceptance } from '../../sandbox/shapes.ts';
import type { Asked, Json, Reply, Row, Send } from './sandbox-send.ts';

// Memberships, invitations, sessions, email and password of users, API keys, the Admin Portal, checks and events.

const { users, organizations, memberships, invitations, sessions, apiKeys, itContacts, resources } = ids;
const some = expect.any(String);
const nobody = { id: 'nobody' };
const none = { message: some };
const wrong = { code: 'invalid_request_parameters', message: some };

const USER = '/user_management/users/{id}';
const MEMBERSHIPS = '/user_management/organization_memberships';
const INVITATIONS = '/user_management/invitations';
const RESET = '/user_management/password_reset';
const ORGANIZATION_KEYS = '/organizations/{organizationId}/api_keys';
const USER_KEYS = '/user_management/users/{userId}/api_keys';
const FACTORS = '/user_management/users/{userlandUserId}/auth_factors';
const CONTACTS = '/organizations/{organization_id}/it_contacts';
const OF_MEMBERSHIP = '/authorization/organization_memberships/{organization_membership_id}';
const MEMBERS = '/authorization/resources/{resource_id}/organization_memberships';
const OF_ORGANIZATION = '/authorization/organizations/{organization_id}';
const MEMBERS_BY_EXTERNAL_ID = `${OF_ORGANIZATION}/resources/{resource_type_slug}/{external_id}/organization_memberships`;
const PERMISSIONS = `${OF_MEMBERSHIP}/resources/{resource_id}/permissions`;
const PERMISSIONS_BY_EXTERNAL_ID = `${OF_MEMBERSHIP}/resources/{resource_type_slug}/{external_id}/permissions`;

/** The path of a route with several placeholders. */
const fill = (route: string, ...values: readonly string[]): string =>
  values.reduce((path, value) => path.replace(/\{\w+\}/, value), route);

const bluefernContact = (route: string, contact: string = itContacts.bluefern): Asked => ({
  id: organizations.bluefern,
  path: fill(route, organizations.bluefern, contact),
});
const harbor = fill(PERMISSIONS, memberships.ada, resources.harbor);
const harborByOwnId = fill(PERMISSIONS_BY_EXTERNAL_ID, memberships.ada, 'project', 'project-harbor');
const membersOfHarbor = fill(MEMBERS_BY_EXTERNAL_ID, organizations.acme, 'project', 'project-harbor');
const inHours = (count: number): string => new Date(Date.now() + count * 3_600_000).toISOString();
const grace = toAcceptance('invitation GRACE').token;
const devToken = toAcceptance('password reset DEV').token;
const acmeKey = `sk_sandbox_${toAcceptance('key ACME1').token}`;

/** Each operation of these areas, once let through. */
export const laterSuccesses: readonly (readonly [route: string, status: number, asked: Asked])[] = [
  ['GET /user_management/users/external_id/{external_id}', 200, { id: 'hr-1' }],
  [`GET ${USER}/identities`, 200, { id: users.cara }],
  [`GET ${USER}/sessions`, 200, { id: users.ada }],
  ['POST /user_management/sessions/revoke', 200, { body: { session_id: sessions.ada } }],
  ['GET /user_management/authorize', 302, { query: 'redirect_uri=http://localhost/&response_type=code&client_id=c' }],
  [`GET ${MEMBERSHIPS}`, 200, { query: `organization_id=${organizations.acme}` }],
  [`POST ${MEMBERSHIPS}`, 201, { body: { user_id: users.ada, organization_id: organizations.cedarwick } }],
  [`GET ${MEMBERSHIPS}/{id}`, 200, { id: memberships.ada }],
  [`PUT ${MEMBERSHIPS}/{id}`, 200, { id: memberships.ben, body: { role_slug: 'org-auditor' } }],
  [`DELETE ${MEMBERSHIPS}/{id}`, 200, { id: memberships.ben }],
  [`PUT ${MEMBERSHIPS}/{id}/deactivate`, 200, { id: memberships.ben, body: {} }],
  [`PUT ${MEMBERSHIPS}/{id}/reactivate`, 200, { id: memberships.tessInactive, body: {} }],
  [`GET ${INVITATIONS}`, 200, { query: '' }],
  [`POST ${INVITATIONS}`, 201, { body: { email: 'new@example.org', expires_in_days: 3 } }],
  [`GET ${INVITATIONS}/by_token/{token}`, 200, { id: grace }],
  [`GET ${INVITATIONS}/{id}`, 200, { id: invitations.grace }],
  ['GET /user_management/email_verification/{id}', 200, { id: ids.emailVerifications.ben }],
  [`POST ${USER}/email_verification/confirm`, 200, { id: users.ben, body: { code: constants.code } }],
  [`GET ${RESET}/{id}`, 200, { id: ids.passwordResets.dev }],
  [`POST ${RESET}/confirm`, 200, { body: { token: devToken, new_password: 'another password' } }],
  [`POST ${INVITATIONS}/{id}/accept`, 200, { id: invitations.femke, body: {} }],
  [`POST ${INVITATIONS}/{id}/resend`, 200, { id: invitations.grace, body: {} }],
  [`POST ${INVITATIONS}/{id}/revoke`, 200, { id: invitations.grace, body: {} }],
  [`POST ${USER}/email_verification/send`, 200, { id: users.ben, body: {} }],
  [`POST ${USER}/email_change/send`, 200, { id: users.ada, body: { new_email: 'hart@example.org' } }],
  [`POST ${USER}/email_change/confirm`, 200, { id: users.maya, body: { code: constants.code } }],
  [`POST ${RESET}`, 201, { body: { email: 'ada@acme.example.com' } }],
  ['GET /auth/factors/{id}', 200, { id: ids.factors.dev }],
  ['DELETE /auth/factors/{id}', 204, { id: ids.factors.dev }],
  [`GET ${FACTORS}`, 200, { id: users.dev }],
  [`POST ${FACTORS}`, 201, { id: users.ada, body: { type: 'totp', totp_issuer: 'Acme' } }],
  ['GET /organizations/external_id/{external_id}', 200, { id: 'crm-1001' }],
  ['DELETE /organization_domains/{id}', 204, { id: ids.domains.acmePending }],
  ['POST /portal/generate_link', 201, { body: { organization: organizations.acme, intent: 'sso' } }],
  [`GET ${CONTACTS}`, 200, { id: organizations.bluefern }],
  [`POST ${CONTACTS}`, 201, { id: organizations.acme, body: { email: 'new@acme.example.com' } }],
  [`DELETE ${CONTACTS}/{contact_id}`, 204, bluefernContact(`${CONTACTS}/{contact_id}`)],
  [
    `POST ${CONTACTS}/{contact_id}/invite`,
    204,
    { ...bluefernContact(`${CONTACTS}/{contact_id}/invite`), body: { intents: ['sso', 'directory_sync'] } },
  ],
  [`POST ${CONTACTS}/{contact_id}/revoke`, 204, { ...bluefernContact(`${CONTACTS}/{contact_id}/revoke`), body: {} }],
  [
    `POST ${OF_MEMBERSHIP}/check`,
    200,
    { id: memberships.ada, body: { permission_slug: 'invoices:read', resource_id: resources.acme } },
  ],
  [
    `GET ${OF_MEMBERSHIP}/resources`,
    200,
    { id: memberships.ada, query: `permission_slug=invoices:read&parent_resource_id=${resources.acme}` },
  ],
  [`GET ${PERMISSIONS}`, 200, { path: harbor }],
  [`GET ${PERMISSIONS_BY_EXTERNAL_ID}`, 200, { path: harborByOwnId }],
  [`GET ${MEMBERS}`, 200, { id: resources.harbor, query: 'permission_slug=invoices:read' }],
  [`GET ${MEMBERS_BY_EXTERNAL_ID}`, 200, { path: membersOfHarbor, query: 'permission_slug=invoices:read' }],
  ['POST /api_keys/validations', 200, { body: { value: acmeKey } }],
  ['DELETE /api_keys/{id}', 204, { id: apiKeys.acme }],
  ['POST /api_keys/{id}/expire', 200, { id: apiKeys.acme, body: {} }],
  [`GET ${ORGANIZATION_KEYS}`, 200, { id: organizations.acme }],
  [
    `POST ${ORGANIZATION_KEYS}`,
    201,
    {
      id: organizations.acme,
      body: { name: 'New', permissions: ['invoices:read'], expires_at: inHours(48) },
    },
  ],
  [`GET ${USER_KEYS}`, 200, { id: users.ben }],
  [`POST ${USER_KEYS}`, 201, { id: users.ben, body: { name: 'New', organization_id: organizations.acme } }],
  ['GET /events', 200, { query: 'limit=100' }],
];

const check = (body: Json): Asked => ({ id: memberships.ada, body });
const lasting = { permission_slug: 'invoices:read' };

export const laterRefusals: readonly (readonly [route: string, asked: Asked, status: number, body: Json])[] = [
  ['GET /user_management/users/external_id/{external_id}', nobody, 404, none],
  [`GET ${USER}/identities`, nobody, 404, none],
  [`GET ${USER}/sessions`, nobody, 404, none],
  [`GET ${USER}/sessions`, { id: users.ada, query: 'limit=0' }, 422, wrong],
  ['POST /user_management/sessions/revoke', { body: { session_id: 'nobody' } }, 400, none],
  ['POST /user_management/sessions/revoke', { body: { session_id: sessions.kentExpired } }, 400, none],
  [`GET ${MEMBERSHIPS}`, { query: '' }, 400, { code: 'missing_user_id_or_organization_id' }],
  [`GET ${MEMBERSHIPS}`, { query: `user_id=${users.ada}&statuses=gone` }, 422, wrong],
  [`POST ${MEMBERSHIPS}`, { body: { user_id: 'nobody', organization_id: organizations.acme } }, 404, none],
  [`POST ${MEMBERSHIPS}`, { body: { user_id: users.ada, organization_id: 'nobody' } }, 404, none],
  [`POST ${MEMBERSHIPS}`, { body: { user_id: users.ada, organization_id: organizations.acme } }, 422, wrong],
  [
    `POST ${MEMBERSHIPS}`,
    { body: { user_id: users.ada, organization_id: organizations.cedarwick, role_slug: 'org-auditor' } },
    422,
    { code: 'invalid_role' },
  ],
  [`GET ${MEMBERSHIPS}/{id}`, nobody, 404, none],
  [`PUT ${MEMBERSHIPS}/{id}`, { ...nobody, body: {} }, 404, none],
  [`PUT ${MEMBERSHIPS}/{id}`, { id: memberships.ada, body: { role_slug: 'king' } }, 422, { code: 'invalid_role' }],
  [`PUT ${MEMBERSHIPS}/{id}`, { id: memberships.ada, body: { role_slug: 'admin', role_slugs: ['admin'] } }, 422, wrong],
  [`DELETE ${MEMBERSHIPS}/{id}`, nobody, 404, none],
  [`PUT ${MEMBERSHIPS}/{id}/deactivate`, { ...nobody, body: {} }, 404, none],
  [
    `PUT ${MEMBERSHIPS}/{id}/deactivate`,
    { id: memberships.femkePending, body: {} },
    400,
    { code: 'cannot_deactivate_pending_organization_membership' },
  ],
  [
    `PUT ${MEMBERSHIPS}/{id}/reactivate`,
    { id: memberships.femkePending, body: {} },
    400,
    { code: 'cannot_reactivate_pending_organization_membership' },
  ],
  [`POST ${INVITATIONS}`, { body: { email: 'nonsense' } }, 422, wrong],
  [`POST ${INVITATIONS}`, { body: { email: 'a@example.org', organization_id: 'nobody' } }, 404, none],
  [`POST ${INVITATIONS}`, { body: { email: 'a@example.org', role_slug: 'admin' } }, 400, { code: 'invalid_role' }],
  [
    `POST ${INVITATIONS}`,
    { body: { email: 'a@example.org', expires_in_days: 0 } },
    400,
    { code: 'expires_in_days_too_short' },
  ],
  [
    `POST ${INVITATIONS}`,
    { body: { email: 'a@example.org', expires_in_days: 31 } },
    400,
    { code: 'expires_in_days_too_long' },
  ],
  [`POST ${INVITATIONS}`, { body: { email: 'ada@acme.example.com' } }, 400, { code: 'user_already_exists' }],
  [`POST ${INVITATIONS}`, { body: { email: 'wanda@example.com' } }, 400, { code: 'email_already_invited' }],
  [
    `POST ${INVITATIONS}`,
    { body: { email: 'grace@acme.example.com', organization_id: organizations.acme } },
    400,
    { code: 'email_already_invited_to_organization' },
  ],
  [
    `POST ${INVITATIONS}`,
    { body: { email: 'ada@acme.example.com', organization_id: organizations.acme } },
    400,
    { code: 'user_already_organization_member' },
  ],
  [`GET ${INVITATIONS}/by_token/{token}`, nobody, 404, none],
  [`GET ${INVITATIONS}/{id}`, nobody, 404, none],
  [`POST ${INVITATIONS}/{id}/accept`, { ...nobody, body: {} }, 404, none],
  [`POST ${INVITATIONS}/{id}/accept`, { id: invitations.expired, body: {} }, 400, { code: 'invite_not_pending' }],
  [`POST ${INVITATIONS}/{id}/accept`, { id: invitations.grace, body: {} }, 400, { code: 'invalid_invite' }],
  [`POST ${INVITATIONS}/{id}/resend`, { id: invitations.expired, body: {} }, 400, { code: 'invite_expired' }],
  [`POST ${INVITATIONS}/{id}/resend`, { id: invitations.revoked, body: {} }, 400, { code: 'invite_revoked' }],
  [`POST ${INVITATIONS}/{id}/revoke`, { id: invitations.revoked, body: {} }, 400, { code: 'invite_not_pending' }],
  ['GET /user_management/email_verification/{id}', nobody, 404, none],
  [`POST ${USER}/email_verification/send`, { id: users.ada, body: {} }, 400, { code: 'email_already_verified' }],
  [
    `POST ${USER}/email_verification/confirm`,
    { id: users.ben, body: { code: '000000' } },
    400,
    { code: 'email_verification_code_incorrect' },
  ],
  [`POST ${USER}/email_verification/confirm`, { id: users.ben, body: {} }, 422, wrong],
  [`POST ${USER}/email_change/send`, { id: users.ada, body: { new_email: 'x' } }, 422, { code: 'invalid_email' }],
  [
    `POST ${USER}/email_change/send`,
    { id: users.ada, body: { new_email: 'ada@acme.example.com' } },
    409,
    { code: 'email_change_not_needed' },
  ],
  [
    `POST ${USER}/email_change/send`,
    { id: users.ada, body: { new_email: 'ben@acme.example.com' } },
    409,
    { code: 'email_not_available' },
  ],
  [
    `POST ${USER}/email_change/confirm`,
    { id: users.ada, body: { code: '123456' } },
    409,
    { code: 'no_pending_email_change' },
  ],
  [`POST ${RESET}`, { body: {} }, 422, wrong],
  [`POST ${RESET}`, { body: { email: 'nobody@example.org' } }, 404, none],
  [`POST ${RESET}/confirm`, { body: { token: 'wrong', new_password: 'long enough' } }, 404, none],
  [`POST ${RESET}/confirm`, { body: { token: 'wrong' } }, 422, wrong],
  [`GET ${RESET}/{id}`, nobody, 404, none],
  ['GET /auth/factors/{id}', nobody, 404, none],
  [`GET ${FACTORS}`, nobody, 404, none],
  [`GET ${FACTORS}`, { id: users.dev, query: 'limit=0' }, 422, none],
  [`POST ${FACTORS}`, { id: users.ada, body: { type: 'sms' } }, 422, none],
  ['DELETE /organization_domains/{id}', nobody, 404, none],
  ['POST /portal/generate_link', { body: { organization: 'nobody', intent: 'sso' } }, 404, none],
  ['POST /portal/generate_link', { body: { organization: organizations.acme, intent: 'x' } }, 422, none],
  [`GET ${CONTACTS}`, nobody, 404, none],
  [`POST ${CONTACTS}`, { id: organizations.bluefern, body: { email: 'x' } }, 422, none],
  [
    `POST ${CONTACTS}`,
    { id: organizations.bluefern, body: { email: 'it@bluefern.test' } },
    409,
    { code: 'it_contact_already_exists' },
  ],
  [
    `POST ${CONTACTS}/{contact_id}/invite`,
    { ...bluefernContact(`${CONTACTS}/{contact_id}/invite`, itContacts.cedarwick), body: { intents: ['sso'] } },
    404,
    none,
  ],
  [
    `POST ${CONTACTS}/{contact_id}/invite`,
    { ...bluefernContact(`${CONTACTS}/{contact_id}/invite`), body: { intents: ['dsync'] } },
    422,
    none,
  ],
  [`POST ${OF_MEMBERSHIP}/check`, { ...nobody, body: lasting }, 404, none],
  [`POST ${OF_MEMBERSHIP}/check`, check({ resource_id: resources.acme }), 422, none],
  [`POST ${OF_MEMBERSHIP}/check`, check(lasting), 422, none],
  [`POST ${OF_MEMBERSHIP}/check`, check({ ...lasting, resource_id: 'nobody' }), 404, none],
  [`GET ${OF_MEMBERSHIP}/resources`, { id: memberships.ada, query: '' }, 400, { code: 'bad_request' }],
  [`GET ${PERMISSIONS}`, { path: fill(PERMISSIONS, memberships.ada, 'nobody') }, 404, none],
  [`GET ${MEMBERS}`, { id: 'nobody', query: 'permission_slug=invoices:read' }, 404, none],
  [`GET ${MEMBERS}`, { id: resources.acme, query: '' }, 400, { code: 'bad_request' }],
  ['POST /api_keys/validations', { body: {} }, 422, none],
  ['DELETE /api_keys/{id}', nobody, 404, none],
  ['POST /api_keys/{id}/expire', { ...nobody, body: {} }, 404, none],
  ['POST /api_keys/{id}/expire', { id: apiKeys.acmeExpired, body: {} }, 409, { code: 'api_key_already_expired' }],
  ['POST /api_keys/{id}/expire', { id: apiKeys.acme, body: { expires_at: 'soon' } }, 422, none],
  [`GET ${ORGANIZATION_KEYS}`, nobody, 404, none],
  [`POST ${ORGANIZATION_KEYS}`, { id: organizations.acme, body: {} }, 422, { errors: [{ code: some, field: 'name' }] }],
  [
    `POST ${ORGANIZATION_KEYS}`,
    { id: organizations.acme, body: { name: 'New', permissions: ['fly'] } },
    422,
    { errors: [{ code: some, field: 'permissions' }] },
  ],
  [`GET ${USER_KEYS}`, nobody, 404, none],
  [
    `POST ${USER_KEYS}`,
    { id: users.ada, body: { name: 'New', organization_id: organizations.bluefern } },
    400,
    { errors: [{ code: some, field: 'organization_id' }] },
  ],
  ['GET /events', { query: 'range_start=soon' }, 400, none],
  ['GET /events', { query: 'after=nobody' }, 400, none],
  ['GET /events', { query: 'limit=0' }, 400, none],
];

const all = 'limit=100';

/** How many of a list an answer has, for a filter. */
export const laterFilters: readonly (readonly [route: string, asked: Asked & { query: string }, count: number])[] = [
  [`GET ${USER}/sessions`, { id: users.ada, query: all }, 2],
  [`GET ${USER}/sessions`, { id: users.ada, query: 'limit=1' }, 1],
  [`GET ${USER}/sessions`, { id: users.kent, query: all }, 0],
  [`GET ${MEMBERSHIPS}`, { query: `user_id=${users.cara}` }, 2],
  [`GET ${MEMBERSHIPS}`, { query: `organization_id=${organizations.cedarwick}` }, 2],
  [`GET ${MEMBERSHIPS}`, { query: `organization_id=${organizations.cedarwick}&statuses=inactive,pending` }, 2],
  [`GET ${MEMBERSHIPS}`, { query: `organization_id=${organizations.cedarwick}&statuses[]=inactive` }, 1],
  [`GET ${INVITATIONS}`, { query: all }, 6],
  [`GET ${INVITATIONS}`, { query: 'email=grace@acme.example.com' }, 1],
  [`GET ${INVITATIONS}`, { query: `organization_id=${organizations.acme}` }, 2],
  [`GET ${FACTORS}`, { id: users.dev, query: all }, 1],
  [`GET ${CONTACTS}`, { id: organizations.bluefern, query: '' }, 1],
  [`GET ${ORGANIZATION_KEYS}`, { id: organizations.acme, query: all }, 3],
  [`GET ${ORGANIZATION_KEYS}`, { id: organizations.bluefern, query: all }, 1],
  [`GET ${USER_KEYS}`, { id: users.ben, query: all }, 1],
  [`GET ${USER_KEYS}`, { id: users.ben, query: `organization_id=${organizations.bluefern}` }, 0],
  [
    `GET ${OF_MEMBERSHIP}/resources`,
    { id: memberships.ada, query: `permission_slug=invoices:read&parent_resource_id=${resources.acme}` },
    2,
  ],
  [
    `GET ${OF_MEMBERSHIP}/resources`,
    { id: memberships.ben, query: `permission_slug=invoices:read&parent_resource_id=${resources.acme}` },
    0,
  ],
  [`GET ${PERMISSIONS}`, { path: harbor, query: all }, 4],
  [`GET ${PERMISSIONS_BY_EXTERNAL_ID}`, { path: harborByOwnId, query: 'limit=3' }, 3],
  [`GET ${MEMBERS}`, { id: resources.harbor, query: 'permission_slug=invoices:read' }, 3],
  [`GET ${MEMBERS}`, { id: resources.harbor, query: 'permission_slug=invoices:read&assignment=direct' }, 0],
  [`GET ${MEMBERS_BY_EXTERNAL_ID}`, { path: membersOfHarbor, query: 'permission_slug=members:manage' }, 1],
  ['GET /events', { query: 'events=authentication.sso_failed,authentication.sso_timed_out&limit=100' }, 2],
  ['GET /events', { query: 'events[]=authentication.password_failed&events[]=authentication.mfa_failed' }, 3],
  [
    'GET /events',
    { query: `events=connection.activated,connection.deactivated&organization_id=${organizations.cedarwick}` },
    1,
  ],
  ['GET /events', { query: 'events=session.revoked&range_start=2025-01-01&range_end=2099-01-01' }, 1],
  ['GET /events', { query: 'events=session.revoked&range_start=2099-01-01T00:00:00.000Z' }, 0],
  ['GET /events', { query: 'events=session.revoked&range_end=2025-01-01T00:00:00.000Z' }, 0],
];

const eventsOf = (reply: Reply): readonly unknown[] => reply.items.map((item) => item.event);

/** What is recorded of a write, newest first. */
const told = async (send: Send, ...types: readonly string[]): Promise<readonly Json[]> => {
  const { items } = await send('GET /events', { query: `limit=100&events=${types.join(',')}` });
  return items.map((item) => Object(item).data);
};

const CREATE_ORGANIZATION = 'POST /organizations';
const AUTHENTICATE = 'POST /user_management/authenticate';

export const laterStories: readonly Row[] = [
  {
    route: `POST ${MEMBERSHIPS}`,
    says: 'an inactive membership becomes active again, with the roles that are given',
    async run(send) {
      const body = { user_id: users.tess, organization_id: organizations.cedarwick };
      const again = await send(`POST ${MEMBERSHIPS}`, { body: { ...body, role_slugs: ['billing', 'member'] } });
      expect(again.body).toMatchObject({
        id: memberships.tessInactive,
        status: 'active',
        organization_name: 'Cedarwick Press',
        role: { slug: 'billing' },
        roles: [{ slug: 'billing' }, { slug: 'member' }],
        user: { email: 'tess@damsonbay.example.net' },
      });
    },
  },
  {
    route: `PUT ${MEMBERSHIPS}/{id}/reactivate`,
    says: 'a deactivated member comes back with the role of before, and cannot choose the organization meanwhile',
    async run(send) {
      const id = memberships.caraDamson;
      expect((await send(`PUT ${MEMBERSHIPS}/{id}/deactivate`, { id, body: {} })).body.status).toBe('inactive');
      expect((await send(`PUT ${MEMBERSHIPS}/{id}/deactivate`, { id, body: {} })).body.status).toBe('inactive');
      expect((await send(`PUT ${MEMBERSHIPS}/{id}/reactivate`, { id, body: {} })).body).toMatchObject({
        status: 'active',
        role: { slug: 'admin' },
      });
      expect(await told(send, 'organization_membership.updated')).toMatchObject([
        { id, status: 'active' },
        { id, status: 'inactive' },
      ]);
    },
  },
  {
    route: `DELETE ${MEMBERSHIPS}/{id}`,
    says: "the user's API keys in that organization end with it",
    async run(send) {
      await send(`DELETE ${MEMBERSHIPS}/{id}`, { id: memberships.ben });
      expect((await send(`GET ${USER_KEYS}`, { id: users.ben })).items).toEqual([]);
      expect(await told(send, 'organization_membership.deleted', 'api_key.revoked')).toMatchObject([
        { id: apiKeys.ben },
        { id: memberships.ben },
      ]);
    },
  },
  {
    route: `DELETE ${USER}`,
    says: "the user's API keys end with the user",
    async run(send) {
      await send(`DELETE ${USER}`, { id: users.ben });
      expect(await told(send, 'api_key.revoked')).toMatchObject([{ id: apiKeys.ben }]);
    },
  },
  {
    route: 'DELETE /organizations/{id}',
    says: 'its invitations and API keys go with it',
    async run(send) {
      await send('DELETE /organizations/{id}', { id: organizations.acme });
      expect((await send(`GET ${INVITATIONS}/{id}`, { id: invitations.grace })).status).toBe(404);
      expect(await told(send, 'api_key.revoked')).toHaveLength(4);
    },
  },
  {
    route: `POST ${INVITATIONS}`,
    says: 'an invited user waits as a pending member, and is one after accepting; events show no token',
    async run(send) {
      const organization_id = organizations.bluefern;
      const invited = await send(`POST ${INVITATIONS}`, {
        body: { email: 'ada@acme.example.com', organization_id, role_slug: 'admin', inviter_user_id: users.emma },
      });
      const query = `user_id=${users.ada}&organization_id=${organization_id}&statuses=pending,active`;
      expect((await send(`GET ${MEMBERSHIPS}`, { query })).items).toMatchObject([{ status: 'pending' }]);
      const id = String(invited.body.id);
      const resent = await send(`POST ${INVITATIONS}/{id}/resend`, { id, body: {} });
      expect(resent.body.token).not.toBe(invited.body.token);
      const accepted = await send(`POST ${INVITATIONS}/{id}/accept`, { id, body: {} });
      expect(accepted.body).toMatchObject({ state: 'accepted', accepted_at: some, accepted_user_id: users.ada });
      expect((await send(`GET ${MEMBERSHIPS}`, { query })).items).toMatchObject([
        { status: 'active', role: { slug: 'admin' } },
      ]);
      const types = ['invitation.created', 'invitation.resent', 'invitation.accepted'];
      expect((await told(send, ...types)).slice(0, 3).map((data) => Object.keys(data).includes('token'))).toEqual([
        false,
        false,
        false,
      ]);
    },
  },
  {
    route: `POST ${INVITATIONS}/{id}/revoke`,
    says: 'the pending membership goes with the invitation',
    async run(send) {
      const revoked = await send(`POST ${INVITATIONS}/{id}/revoke`, { id: invitations.femke, body: {} });
      expect(revoked.body).toMatchObject({ state: 'revoked', revoked_at: some });
      expect((await send(`GET ${MEMBERSHIPS}/{id}`, { id: memberships.femkePending })).status).toBe(404);
    },
  },
  {
    route: 'POST /user_management/sessions/revoke',
    says: 'a session that a sign-in opened is listed, and its refresh token ends with it',
    async run(send, { apiKey, clientId }) {
      const client = { client_id: clientId, client_secret: apiKey };
      const password = { grant_type: 'password', email: 'maya@damsonbay.example.net', password: constants.password };
      const signedIn = await send(AUTHENTICATE, { body: { ...client, ...password } });
      const { items } = await send(`GET ${USER}/sessions`, { id: users.maya });
      expect(items).toMatchObject([{ auth_method: 'password', status: 'active', ended_at: null }]);
      await send('POST /user_management/sessions/revoke', { body: { session_id: items[0]?.id } });
      const { refresh_token } = signedIn.body;
      const refresh = { client_id: clientId, grant_type: 'refresh_token', refresh_token };
      expect((await send(AUTHENTICATE, { body: refresh })).body.error).toBe('invalid_grant');
      expect((await told(send, 'session.revoked'))[0]).toMatchObject({ id: items[0]?.id, status: 'revoked' });
    },
  },
  {
    route: AUTHENTICATE,
    says: 'is recorded, let in or not',
    async run(send, { apiKey, clientId }) {
      const body = {
        client_id: clientId,
        client_secret: apiKey,
        grant_type: 'password',
        email: 'ada@acme.example.com',
      };
      await send(AUTHENTICATE, { body: { ...body, password: 'wrong' } });
      await send(AUTHENTICATE, { body: { ...body, password: constants.password } });
      const [newest] = await told(send, 'authentication.password_succeeded');
      expect(newest).toMatchObject({ user_id: users.ada, email: 'ada@acme.example.com' });
      const [failed] = await told(send, 'authentication.password_failed');
      expect(failed).toMatchObject({ user_id: users.ada, error: { code: 'invalid_credentials' } });
    },
  },
  {
    route: AUTHENTICATE,
    says: 'is recorded for codes as well, and so is a code that was sent',
    async run(send, { apiKey, clientId }) {
      const client = { client_id: clientId, client_secret: apiKey };
      const email = 'ada@acme.example.com';
      const sent = await send('POST /user_management/magic_auth', { body: { email } });
      const pending = { pending_authentication_token: constants.pendingToken };
      const ways: readonly Json[] = [
        { grant_type: 'urn:workos:oauth:grant-type:magic-auth:code', email, code: sent.body.code },
        {
          grant_type: 'urn:workos:oauth:grant-type:mfa-totp',
          ...pending,
          authentication_challenge_id: ids.challenges.dev,
          code: constants.code,
        },
        { grant_type: 'urn:workos:oauth:grant-type:email-verification:code', ...pending, code: constants.code },
        { grant_type: 'authorization_code', code: constants.authorizationCode },
      ];
      for (const way of ways) {
        await send(AUTHENTICATE, { body: { ...client, ...way, code: '000000' } });
        await send(AUTHENTICATE, { body: { ...client, ...way } });
      }
      const { items } = await send('GET /events', { query: 'limit=100' });
      const kinds = items.map((item) => String(item.event)).filter((type) => /magic|mfa|email_v|oauth/.test(type));
      expect(kinds).toEqual([
        'authentication.oauth_succeeded',
        'authentication.email_verification_succeeded',
        'authentication.email_verification_failed',
        'authentication.mfa_succeeded',
        'authentication.mfa_failed',
        'authentication.magic_auth_succeeded',
        'authentication.magic_auth_failed',
        'magic_auth.created',
        'authentication.mfa_failed',
      ]);
    },
  },
  {
    route: `POST ${USER}/email_verification/confirm`,
    says: 'the code that was sent verifies the email, once',
    async run(send) {
      await send(`POST ${USER}/email_verification/send`, { id: users.ben, body: {} });
      const [sent] = await told(send, 'email_verification.created');
      const read = await send('GET /user_management/email_verification/{id}', { id: String(sent?.id) });
      const body = { code: read.body.code };
      const confirmed = await send(`POST ${USER}/email_verification/confirm`, { id: users.ben, body });
      expect(confirmed.body).toMatchObject({ user: { id: users.ben, email_verified: true } });
      const again = await send(`POST ${USER}/email_verification/confirm`, { id: users.ben, body });
      expect(again.body.code).toBe('email_previously_verified');
    },
  },
  {
    route: `POST ${USER}/email_change/confirm`,
    says: 'the code moves the account to the new inbox',
    async run(send) {
      const id = users.ada;
      await send(`POST ${USER}/email_change/send`, { id, body: { new_email: 'hart@example.org' } });
      const refused = await send(`POST ${USER}/email_change/confirm`, { id, body: { code: '000000' } });
      expect(refused.body.code).toBe('email_change_code_incorrect');
      const changed = await send(`POST ${USER}/email_change/confirm`, { id, body: { code: constants.code } });
      expect(changed.body).toMatchObject({ user: { email: 'hart@example.org', email_verified: true } });
    },
  },
  {
    route: `GET ${RESET}/{id}`,
    says: 'shows what was made',
    async run(send) {
      const made = await send(`POST ${RESET}`, { body: { email: 'ada@acme.example.com' } });
      expect((await send(`GET ${RESET}/{id}`, { id: String(made.body.id) })).body).toEqual(made.body);
    },
  },
  {
    route: `POST ${RESET}/confirm`,
    says: 'the token sets the password, once',
    async run(send, { apiKey, clientId }) {
      const made = await send(`POST ${RESET}`, { body: { email: 'ada@acme.example.com' } });
      const token = made.body.password_reset_token;
      const short = await send(`POST ${RESET}/confirm`, { body: { token, new_password: 'short' } });
      expect(short.body).toMatchObject({ code: 'password_reset_error', errors: [{ code: 'password_too_short' }] });
      const password = 'another password';
      const confirmed = await send(`POST ${RESET}/confirm`, { body: { token, new_password: password } });
      expect(confirmed.body).toMatchObject({ user: { id: users.ada } });
      expect((await send(`POST ${RESET}/confirm`, { body: { token, new_password: password } })).status).toBe(404);
      const client = { client_id: clientId, client_secret: apiKey };
      const body = { ...client, grant_type: 'password', email: 'ada@acme.example.com', password };
      expect((await send(AUTHENTICATE, { body })).status).toBe(200);
      expect(await told(send, 'password_reset.created', 'password_reset.succeeded')).toHaveLength(2);
    },
  },
  {
    route: `POST ${FACTORS}`,
    says: 'a factor of a user comes with its secret and a challenge, and is listed without the secret',
    async run(send) {
      const made = await send(`POST ${FACTORS}`, {
        id: users.ada,
        body: { type: 'totp', totp_secret: 'JBSWY3DPEHPK' },
      });
      expect(made.body).toMatchObject({
        authentication_factor: { user_id: users.ada, totp: { secret: 'JBSWY3DPEHPK' } },
        authentication_challenge: { authentication_factor_id: some },
      });
      const { items } = await send(`GET ${FACTORS}`, { id: users.ada });
      expect(items).toMatchObject([{ totp: { issuer: 'Sandbox', user: 'ada@acme.example.com' } }]);
    },
  },
  {
    route: `POST ${ORGANIZATION_KEYS}`,
    says: 'a key is valid until it ends, and its value is shown once',
    async run(send) {
      const made = await send(`POST ${ORGANIZATION_KEYS}`, { id: organizations.acme, body: { name: 'New' } });
      const [id, value] = [String(made.body.id), made.body.value];
      const listed = await send(`GET ${ORGANIZATION_KEYS}`, { id: organizations.acme });
      expect(listed.items[0]).not.toHaveProperty('value');
      const valid = async () => (await send('POST /api_keys/validations', { body: { value } })).body.api_key;
      expect(await valid()).toMatchObject({ id, last_used_at: some });
      const ended = await send('POST /api_keys/{id}/expire', { id, body: {} });
      expect(ended.body.expires_at).toEqual(some);
      expect(await valid()).toBeNull();
      await send('DELETE /api_keys/{id}', { id });
      const types = ['api_key.created', 'api_key.updated', 'api_key.revoked'];
      const mine = (await told(send, ...types)).filter((data) => data.id === id);
      expect(mine).toMatchObject([{}, { previous_attributes: { expires_at: null } }, {}]);
    },
  },
  {
    route: 'DELETE /api_keys/{id}',
    says: 'is told of',
    async run(send) {
      await send('DELETE /api_keys/{id}', { id: apiKeys.acme });
      expect(await told(send, 'api_key.revoked')).toMatchObject([{ id: apiKeys.acme }]);
    },
  },
  {
    route: 'POST /api_keys/{id}/expire',
    says: 'a later date or null lengthens the life of a key',
    async run(send) {
      for (const expires_at of [inHours(1), null])
        expect(
          (await send('POST /api_keys/{id}/expire', { id: apiKeys.acme, body: { expires_at } })).body,
        ).toMatchObject({
          expires_at,
        });
    },
  },
  {
    route: `POST ${OF_MEMBERSHIP}/check`,
    says: 'a role counts on the organization and what is in it, for active members alone',
    async run(send) {
      const may = async (id: string, permission_slug: string, resource: Json) =>
        (await send(`POST ${OF_MEMBERSHIP}/check`, { id, body: { permission_slug, ...resource } })).body.authorized;
      const own = { resource_external_id: 'project-harbor', resource_type_slug: 'project' };
      expect(await may(memberships.ada, 'members:manage', own)).toBe(true);
      expect(await may(memberships.ben, 'members:manage', own)).toBe(false);
      await send(`PUT ${MEMBERSHIPS}/{id}/deactivate`, { id: memberships.ada, body: {} });
      expect(await may(memberships.ada, 'members:manage', own)).toBe(false);
    },
  },
  {
    route: `POST ${CONTACTS}/{contact_id}/invite`,
    says: 'at most one invitation of an organization is active, and the contact has done its part at the second look',
    async run(send) {
      const contact = (name: string): Asked => ({
        path: fill(`${CONTACTS}/{contact_id}/${name}`, organizations.cedarwick, itContacts.cedarwick),
        body: name === 'invite' ? { intents: ['sso', 'directory_sync', 'domain_verification'] } : {},
      });
      const invite = async () => send(`POST ${CONTACTS}/{contact_id}/invite`, contact('invite'));
      expect((await invite()).status).toBe(204);
      expect((await invite()).body.code).toBe('it_contact_invitation_already_active');
      await send(`POST ${CONTACTS}/{contact_id}/revoke`, contact('revoke'));
      expect((await invite()).status).toBe(204);
      const types = ['connection.activated', 'dsync.activated', 'organization_domain.verified'];
      const query = `events=${types}&organization_id=${organizations.cedarwick}`;
      expect(eventsOf(await send('GET /events', { query }))).toEqual([]);
      expect(eventsOf(await send('GET /events', { query })).toSorted()).toEqual(types);
      expect((await send('GET /connections/{id}', { id: ids.connections.cedarwick })).body.state).toBe('active');
      expect((await invite()).status).toBe(204);
    },
  },
  {
    route: `POST ${CONTACTS}`,
    says: 'a new contact is listed until it is deleted',
    async run(send) {
      const id = organizations.acme;
      const made = await send(`POST ${CONTACTS}`, { id, body: { email: 'new@acme.example.com' } });
      expect((await send(`GET ${CONTACTS}`, { id })).ids).toEqual([itContacts.acme, made.body.id]);
      await send(`DELETE ${CONTACTS}/{contact_id}`, {
        path: fill(`${CONTACTS}/{contact_id}`, id, String(made.body.id)),
      });
      expect((await send(`GET ${CONTACTS}`, { id })).ids).toEqual([itContacts.acme]);
    },
  },
  {
    route: CREATE_ORGANIZATION,
    says: 'one write is told of once, with the object as it is in the end',
    async run(send) {
      const body = {
        name: 'N',
        domain_data: [{ domain: 'n.example.org', state: 'pending' }],
        stripe_customer_id: 'cus_1',
      };
      const before = await send('GET /events', { query: 'limit=1' });
      const made = await send(CREATE_ORGANIZATION, { body });
      const person = await send('POST /user_management/users', { body: { email: 'n@example.org', name: 'N. N.' } });
      const { items } = await send('GET /events', { query: `order=asc&after=${before.ids[0]}` });
      const id = some;
      expect(items).toMatchObject([
        {
          event: 'organization.created',
          data: { id: made.body.id, stripe_customer_id: 'cus_1', domains: [{ domain: 'n.example.org' }] },
        },
        { event: 'organization_domain.created', data: { id } },
        { event: 'user.created', data: { id: person.body.id, name: 'N. N.' } },
      ]);
    },
  },
  {
    route: 'GET /events',
    says: 'each event of a change comes once, in order, after the place that was read to',
    async run(send) {
      const asked = 'events=organization.created,organization.deleted&order=asc';
      const before = await send('GET /events', { query: 'limit=1' });
      const made = await send('POST /organizations', { body: { name: 'N' } });
      await send('DELETE /organizations/{id}', { id: String(made.body.id) });
      await send('POST /organizations', { body: { name: 'O' } });
      const first = await send('GET /events', { query: `order=asc&limit=2&after=${before.ids[0]}` });
      expect(first.ids).toHaveLength(2);
      const { items } = await send('GET /events', { query: asked });
      expect(items.map((item) => item.event)).toEqual([
        'organization.created',
        'organization.deleted',
        'organization.created',
      ]);
    },
  },
  {
    route: 'GET /events',
    says: 'every kind of object that is written here is told of as the official file has it',
    async run(send) {
      const people = `directory=${ids.directories.bluefern}`;
      expect((await send('GET /directory_users', { query: people })).items).toHaveLength(5);
      await send('DELETE /directories/{id}', { id: ids.directories.bluefern });
      await send('DELETE /connections/{id}', { id: ids.connections.bluefern });
      await send('POST /organization_domains', {
        body: { organization_id: organizations.acme, domain: 'new.example.org' },
      });
      await send('PUT /user_management/users/{id}', { id: users.ada, body: { first_name: 'Adah' } });
      for (const [route, , asked] of laterSuccesses) await send(route, asked);
      await send('DELETE /organizations/{id}', { id: organizations.acme });
      const newer = await send('GET /events', { query: 'limit=100' });
      const older = await send('GET /events', { query: `limit=100&after=${newer.ids.at(-1)}` });
      const kinds = new Set(
        [...eventsOf(newer), ...eventsOf(older)].map((type) => String(type).replace(/\.[a-z_]+$/, '')),
      );
      expect([...kinds].sort()).toEqual([
        'api_key',
        'authentication',
        'connection',
        'dsync',
        'dsync.group',
        'dsync.user',
        'invitation',
        'organization',
        'organization_domain',
        'organization_membership',
        'organization_role',
        'password_reset',
        'session',
        'user',
      ]);
    },
  },
];
