import type { Arguments } from '../../src/catalog/declaration.ts';

const ORGANIZATION = 'org_01EHZNVPK3SFK441A1RGBFSHRT';
const USER = 'user_01E4ZCR3C56J083X43JQXF3JK5';
const CONNECTION = 'conn_01E4ZCR3C56J083X43JQXF3JK5';
const DIRECTORY = 'directory_01ECAZ4NV9QMV47GW873HDCX74';
const DIRECTORY_USER = 'directory_user_01E1JG7J09H96KYP8HM9B0G5SJ';
const DIRECTORY_GROUP = 'directory_group_01E64QTDNS0EGJ0FMCVY9BWGZT';
const PAGE = { limit: 100, before: 'x_01', after: 'x_02', order: 'asc' };
const METADATA = { tier: 'gold', team: 'platform' };
const PERSON = {
  email: 'ada@example.com',
  first_name: 'Ada',
  last_name: 'Lovelace',
  name: 'Ada',
  email_verified: true,
};
const CLIENT = { ip_address: '203.0.113.7', user_agent: 'Mozilla/5.0' };
const RADAR = { signals_id: 'signals_1', radar_auth_attempt_id: 'radar_1' };
const HASH = { password_hash: '$2b$10$abc', password_hash_type: 'bcrypt' };
const SALTED = { password_hash: 'abc', password_hash_type: 'ssha256', password_salt_position: 'prefix' };
const CHALLENGE = 'a'.repeat(43);
const AUTHORIZE = {
  redirect_uri: 'https://app.example.com/callback?from=sso',
  provider_scopes: ['calendar', 'files'],
  provider_query_params: { hd: 'example.com' },
  state: 'a b',
  login_hint: 'ada@example.com',
  domain_hint: 'example.com',
  nonce: 'n-1',
  prompt: 'login',
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
};
const ENTITY = { id: 'user_7', type: 'user', name: 'Ada', metadata: { admin: true, age: 36, note: 'x'.repeat(500) } };

/** Realistic calls of every tool but authenticate_user; together they fill every argument. */
export const CALLS: Readonly<Record<string, readonly Arguments[]>> = {
  create_user: [
    { ...PERSON, ...CLIENT, signals_id: 's', external_id: 'crm-1', metadata: METADATA, password: 'correct horse' },
    { ...PERSON, ...HASH },
    { ...PERSON, ...SALTED },
  ],
  get_user: [{ user_id: USER }],
  list_users: [{ ...PAGE, email: 'ada@example.com', organization_id: ORGANIZATION }],
  update_user: [
    { user_id: USER, ...PERSON, external_id: 'crm-1', locale: 'en-GB', metadata: METADATA, password: 'battery staple' },
    { user_id: USER, ...SALTED },
    { user_id: USER, external_id: null, locale: null, metadata: null },
  ],
  delete_user: [{ user_id: USER }],
  create_magic_auth: [{ email: 'ada@example.com', invitation_token: 'i', ...CLIENT, ...RADAR }],
  get_magic_auth: [{ magic_auth_id: 'magic_auth_01E4ZCR3C56J083X43JQXF3JK5' }],
  enroll_auth_factor: [
    { type: 'totp', totp_issuer: 'Example', totp_user: 'ada@example.com', user_id: USER },
    { type: 'sms', phone_number: '+15005550006' },
    { type: 'generic_otp' },
  ],
  challenge_auth_factor: [{ authentication_factor_id: 'auth_factor_01', sms_template: 'Your code: {{code}}' }],
  verify_auth_challenge: [{ authentication_challenge_id: 'auth_challenge_01', code: '123456' }],
  create_organization: [
    {
      name: 'Example',
      allow_profiles_outside_organization: false,
      domain_data: [{ domain: 'example.com', state: 'pending' }],
      external_id: 'crm-2',
      metadata: METADATA,
    },
  ],
  get_organization: [{ organization_id: ORGANIZATION }],
  list_organizations: [{ ...PAGE, search: 'exam', domains: ['example.com', 'example.org'] }],
  update_organization: [
    {
      organization_id: ORGANIZATION,
      name: 'Example',
      allow_profiles_outside_organization: true,
      domain_data: [{ domain: 'example.com', state: 'verified' }],
      stripe_customer_id: 'cus_1',
      external_id: null,
      metadata: null,
    },
    { organization_id: ORGANIZATION, external_id: 'crm-2', metadata: METADATA },
  ],
  delete_organization: [{ organization_id: ORGANIZATION }],
  create_organization_domain: [{ organization_id: ORGANIZATION, domain: 'example.com' }],
  get_organization_domain: [{ organization_domain_id: 'org_domain_01' }],
  verify_organization_domain: [{ organization_domain_id: 'org_domain_01' }],
  get_sso_authorization_url: [
    { ...AUTHORIZE, connection: CONNECTION },
    { ...AUTHORIZE, organization: ORGANIZATION },
    { ...AUTHORIZE, provider: 'GoogleOAuth' },
  ],
  get_sso_profile_and_token: [{ code: '01E2RJ4C05B52KKZ8FSRDAP23J', code_verifier: CHALLENGE }],
  list_connections: [
    { ...PAGE, organization_id: ORGANIZATION, connection_type: 'OktaSAML', domain: 'example.com', search: 'okta' },
  ],
  get_connection: [{ connection_id: CONNECTION }],
  delete_connection: [{ connection_id: CONNECTION }],
  list_directories: [{ ...PAGE, organization_id: ORGANIZATION, search: 'okta' }],
  get_directory: [{ directory_id: DIRECTORY }],
  delete_directory: [{ directory_id: DIRECTORY }],
  list_directory_users: [
    { ...PAGE, directory: DIRECTORY, group: DIRECTORY_GROUP, email: 'ada@example.com', idp_id: '1902' },
  ],
  get_directory_user: [{ directory_user_id: DIRECTORY_USER }],
  list_directory_groups: [{ ...PAGE, directory: DIRECTORY, user: DIRECTORY_USER }],
  get_directory_group: [{ directory_group_id: DIRECTORY_GROUP }],
  create_audit_log_event: [
    {
      organization_id: ORGANIZATION,
      event: {
        action: 'user.signed_in',
        occurred_at: '2026-01-05T10:00:00.000+02:00',
        actor: ENTITY,
        targets: [ENTITY, { id: 'team_1', type: 'team' }],
        context: { location: '203.0.113.7', user_agent: 'Mozilla/5.0' },
        metadata: { source: 'web' },
        version: 1,
      },
      idempotency_key: '884793cd-bef4-46cf-8790-ed49257a09c6',
    },
  ],
  create_audit_log_export: [
    {
      organization_id: ORGANIZATION,
      range_start: '2026-01-01T00:00:00Z',
      range_end: '2026-02-01T00:00:00Z',
      actions: ['user.signed_in'],
      actor_names: ['Ada'],
      actor_ids: ['user_7'],
      targets: ['user', 'team'],
    },
  ],
  get_audit_log_export: [{ audit_log_export_id: 'audit_log_export_01' }],
  list_environment_roles: [{}],
  list_organization_roles: [{ organization_id: ORGANIZATION }],
};

/** A value for every argument of authenticate_user; which of them a call takes depends on its grant type. */
export const SIGN_IN: Arguments = {
  email: 'ada@example.com',
  password: 'correct horse',
  code: '123456',
  code_verifier: CHALLENGE,
  refresh_token: 'refresh',
  device_code: 'device',
  pending_authentication_token: 'pending',
  authentication_challenge_id: 'auth_challenge_01',
  organization_id: ORGANIZATION,
  radar_challenge_id: 'radar_challenge_01',
  verification_id: 'verification_01',
  phone_number: '+15005550006',
  invitation_token: 'invitation',
  device_id: 'device_01',
  ...CLIENT,
  ...RADAR,
};
