import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSandbox } from './support/sandbox.ts';
import { connect, PEERS, type Session } from './support/session.ts';
import { listen, type Received, type Upstream } from './support/upstream.ts';

const ada = 'user_01JADA00000000000000000000';
const acme = 'org_01JACME0000000000000000000';
const cedarwick = 'org_01JCEDAR000000000000000000';
const bluefernConnection = 'conn_01JBFERN000000000000000000';
const acmeDirectory = 'directory_01JACME0000000000000000000';
const adaInDirectory = 'directory_user_01JACMEADA0000000000000000';
const engineers = 'directory_group_01JACMEENG0000000000000000';
const client = { client_id: 'client_01JSANDBX00000000000000000', client_secret: 'sk_test_sandbox' };
const event = {
  action: 'report.exported',
  occurred_at: '2026-01-05T10:00:00Z',
  actor: { id: 'u1', type: 'user', metadata: { admin: true, age: 4 } },
  targets: [{ id: 'r1', type: 'report' }],
  context: { location: '192.0.2.1' },
};

type Row = readonly [
  name: string,
  args: Record<string, unknown>,
  request: Partial<Received> | 'none',
  reply: Record<string, unknown>,
];

/** Every tool: what is asked, what leaves for WorkOS, what comes back. Later rows see what earlier ones did. */
const ROWS: readonly Row[] = [
  [
    'create_user',
    { email: 'zoe@acme.example.com', first_name: 'Zoe', metadata: { team: 'a' }, password: 'correct horse battery' },
    {
      method: 'POST',
      path: '/user_management/users',
      query: {},
      body: {
        email: 'zoe@acme.example.com',
        first_name: 'Zoe',
        metadata: { team: 'a' },
        password: 'correct horse battery',
      },
    },
    { object: 'user', email: 'zoe@acme.example.com', first_name: 'Zoe', email_verified: false },
  ],
  [
    'get_user',
    { user_id: ada },
    { method: 'GET', path: `/user_management/users/${ada}`, query: {}, body: undefined },
    { object: 'user', id: ada, email: 'ada@acme.example.com' },
  ],
  [
    'list_users',
    { email: 'ada@acme.example.com', organization_id: acme, limit: 5, order: 'asc' },
    {
      method: 'GET',
      path: '/user_management/users',
      query: { email: 'ada@acme.example.com', organization_id: acme, limit: '5', order: 'asc' },
    },
    { object: 'list', list_metadata: { before: null, after: null } },
  ],
  [
    'update_user',
    { user_id: ada, last_name: 'Hartley', external_id: null },
    { method: 'PUT', path: `/user_management/users/${ada}`, body: { last_name: 'Hartley', external_id: null } },
    { id: ada, last_name: 'Hartley', external_id: null },
  ],
  [
    'authenticate_user',
    { grant_type: 'password', email: 'ada@acme.example.com', password: 'sandbox-password' },
    {
      method: 'POST',
      path: '/user_management/authenticate',
      query: {},
      body: { grant_type: 'password', email: 'ada@acme.example.com', password: 'sandbox-password', ...client },
    },
    { organization_id: acme, user: expect.objectContaining({ id: ada }), access_token: expect.any(String) },
  ],
  [
    'create_magic_auth',
    { email: 'ada@acme.example.com' },
    { method: 'POST', path: '/user_management/magic_auth', body: { email: 'ada@acme.example.com' } },
    { object: 'magic_auth', user_id: ada },
  ],
  [
    'get_magic_auth',
    { magic_auth_id: 'magic_auth_01JADA00000000000000000000' },
    { method: 'GET', path: '/user_management/magic_auth/magic_auth_01JADA00000000000000000000' },
    { object: 'magic_auth', email: 'ada@acme.example.com' },
  ],
  [
    'enroll_auth_factor',
    { type: 'totp', totp_issuer: 'Acme', totp_user: 'ada', user_id: ada },
    {
      method: 'POST',
      path: '/auth/factors/enroll',
      body: { type: 'totp', totp_issuer: 'Acme', totp_user: 'ada', user_id: ada },
    },
    { object: 'authentication_factor', type: 'totp', user_id: ada },
  ],
  [
    'challenge_auth_factor',
    { authentication_factor_id: 'auth_factor_01JDEV00000000000000000000' },
    { method: 'POST', path: '/auth/factors/auth_factor_01JDEV00000000000000000000/challenge', body: {} },
    { object: 'authentication_challenge', authentication_factor_id: 'auth_factor_01JDEV00000000000000000000' },
  ],
  [
    'verify_auth_challenge',
    { authentication_challenge_id: 'auth_challenge_01JDEV00000000000000000000', code: '123456' },
    {
      method: 'POST',
      path: '/auth/challenges/auth_challenge_01JDEV00000000000000000000/verify',
      body: { code: '123456' },
    },
    { valid: true },
  ],
  [
    'create_organization',
    { name: 'Newcomers', domain_data: [{ domain: 'newcomers.test', state: 'pending' }] },
    {
      method: 'POST',
      path: '/organizations',
      body: { name: 'Newcomers', domain_data: [{ domain: 'newcomers.test', state: 'pending' }] },
    },
    { object: 'organization', name: 'Newcomers', domains: [expect.objectContaining({ domain: 'newcomers.test' })] },
  ],
  [
    'get_organization',
    { organization_id: acme },
    { method: 'GET', path: `/organizations/${acme}` },
    { object: 'organization', id: acme, name: 'Acme' },
  ],
  [
    'list_organizations',
    { domains: ['acme.example.com', 'bluefern.test'], limit: 1 },
    { method: 'GET', path: '/organizations', query: { domains: 'acme.example.com,bluefern.test', limit: '1' } },
    { object: 'list', data: [expect.objectContaining({ name: 'Bluefern Health' })] },
  ],
  [
    'update_organization',
    { organization_id: acme, name: 'Acme Works', metadata: null },
    { method: 'PUT', path: `/organizations/${acme}`, body: { name: 'Acme Works', metadata: null } },
    { id: acme, name: 'Acme Works', metadata: {} },
  ],
  [
    'create_organization_domain',
    { organization_id: cedarwick, domain: 'press.cedarwick.test' },
    {
      method: 'POST',
      path: '/organization_domains',
      body: { organization_id: cedarwick, domain: 'press.cedarwick.test' },
    },
    { object: 'organization_domain', state: 'pending', verification_token: expect.any(String) },
  ],
  [
    'get_organization_domain',
    { organization_domain_id: 'org_domain_01JACME2000000000000000000' },
    { method: 'GET', path: '/organization_domains/org_domain_01JACME2000000000000000000' },
    { domain: 'acme-labs.example.org' },
  ],
  [
    'verify_organization_domain',
    { organization_domain_id: 'org_domain_01JACME2000000000000000000' },
    { method: 'POST', path: '/organization_domains/org_domain_01JACME2000000000000000000/verify', body: {} },
    { domain: 'acme-labs.example.org' },
  ],
  [
    'get_sso_authorization_url',
    { organization: acme, redirect_uri: 'https://app.test/callback', state: 'a b' },
    'none',
    {
      url: expect.stringMatching(
        /\/sso\/authorize\?client_id=client_01JSANDBX00000000000000000&organization=org_\w+&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback&response_type=code&state=a\+b$/,
      ),
    },
  ],
  [
    'get_sso_profile_and_token',
    { code: 'sandbox_sso_code' },
    {
      method: 'POST',
      path: '/sso/token',
      query: {},
      body: { code: 'sandbox_sso_code', grant_type: 'authorization_code', ...client },
    },
    { profile: expect.objectContaining({ email: 'emma@bluefern.test' }), access_token: expect.any(String) },
  ],
  [
    'list_connections',
    { connection_type: 'OktaSAML', search: 'blue' },
    { method: 'GET', path: '/connections', query: { connection_type: 'OktaSAML', search: 'blue' } },
    { data: [expect.objectContaining({ id: bluefernConnection })] },
  ],
  [
    'get_connection',
    { connection_id: bluefernConnection },
    { method: 'GET', path: `/connections/${bluefernConnection}` },
    { object: 'connection', name: 'Bluefern Okta' },
  ],
  [
    'list_directories',
    { organization_id: acme },
    { method: 'GET', path: '/directories', query: { organization_id: acme } },
    { data: [expect.objectContaining({ id: acmeDirectory })] },
  ],
  [
    'get_directory',
    { directory_id: acmeDirectory },
    { method: 'GET', path: `/directories/${acmeDirectory}` },
    { object: 'directory', name: 'Acme Okta' },
  ],
  [
    'list_directory_users',
    { directory: acmeDirectory, email: 'ada.hart@acme.example.com' },
    {
      method: 'GET',
      path: '/directory_users',
      query: { directory: acmeDirectory, email: 'ada.hart@acme.example.com' },
    },
    { data: [expect.objectContaining({ id: adaInDirectory })] },
  ],
  [
    'get_directory_user',
    { directory_user_id: adaInDirectory },
    { method: 'GET', path: `/directory_users/${adaInDirectory}` },
    { object: 'directory_user', email: 'ada.hart@acme.example.com' },
  ],
  [
    'list_directory_groups',
    { user: adaInDirectory },
    { method: 'GET', path: '/directory_groups', query: { user: adaInDirectory } },
    { data: [expect.objectContaining({ name: 'Leads' }), expect.objectContaining({ name: 'Engineering' })] },
  ],
  [
    'get_directory_group',
    { directory_group_id: engineers },
    { method: 'GET', path: `/directory_groups/${engineers}` },
    { object: 'directory_group', name: 'Engineering' },
  ],
  [
    'create_audit_log_event',
    { organization_id: acme, event, idempotency_key: 'key-1' },
    {
      method: 'POST',
      path: '/audit_logs/events',
      headers: expect.objectContaining({ 'idempotency-key': 'key-1' }),
      body: { organization_id: acme, event },
    },
    { success: true },
  ],
  [
    'create_audit_log_export',
    {
      organization_id: acme,
      range_start: '2026-01-01T00:00:00Z',
      range_end: '2026-02-01T00:00:00Z',
      targets: ['team'],
    },
    {
      method: 'POST',
      path: '/audit_logs/exports',
      body: {
        organization_id: acme,
        range_start: '2026-01-01T00:00:00Z',
        range_end: '2026-02-01T00:00:00Z',
        targets: ['team'],
      },
    },
    { object: 'audit_log_export' },
  ],
  [
    'get_audit_log_export',
    { audit_log_export_id: 'audit_log_export_01JACME0000000000000000000' },
    { method: 'GET', path: '/audit_logs/exports/audit_log_export_01JACME0000000000000000000' },
    { object: 'audit_log_export' },
  ],
  [
    'list_environment_roles',
    {},
    { method: 'GET', path: '/authorization/roles', query: {} },
    { object: 'list', data: expect.arrayContaining([expect.objectContaining({ slug: 'admin' })]) },
  ],
  [
    'list_organization_roles',
    { organization_id: acme },
    { method: 'GET', path: `/authorization/organizations/${acme}/roles` },
    { data: expect.arrayContaining([expect.objectContaining({ type: 'OrganizationRole' })]) },
  ],
  ['delete_user', { user_id: ada }, { method: 'DELETE', path: `/user_management/users/${ada}` }, { ok: true }],
  [
    'delete_connection',
    { connection_id: bluefernConnection },
    { method: 'DELETE', path: `/connections/${bluefernConnection}` },
    { ok: true },
  ],
  [
    'delete_directory',
    { directory_id: acmeDirectory },
    { method: 'DELETE', path: `/directories/${acmeDirectory}` },
    { ok: true },
  ],
  [
    'delete_organization',
    { organization_id: acme },
    { method: 'DELETE', path: `/organizations/${acme}`, body: undefined },
    { ok: true },
  ],
];

describe.each(PEERS)('the built server behind the %s', (peer) => {
  let upstream: Upstream;
  let session: Session;

  beforeAll(async () => {
    const sandbox = await openSandbox();
    upstream = await listen((request) => sandbox.fetch(request));
    const env = {
      WORKOS_API_KEY: sandbox.apiKey,
      WORKOS_BASE_URL: upstream.url,
      WORKOS_CLIENT_ID: 'client_01JSANDBX00000000000000000',
    };
    session = await connect(['--allow', '*:full,*:credentials', '--confirm', 'off', '--no-status-tool'], env, peer);
  });
  afterAll(async () => {
    await session.close();
    await upstream.close();
  });

  it('has a row here for every tool it lists', async () => {
    const names = (await session.listTools()).map((tool) => tool.name);
    expect([...names].sort()).toEqual(ROWS.map(([name]) => name).sort());
  });

  it.each(ROWS)('%s', async (name, args, request, reply) => {
    const before = upstream.received.length;
    const result = await session.call(name, args);
    expect(result.isError, result.text).toBeUndefined();
    expect(result.structured).toMatchObject(reply);
    expect(JSON.parse(result.text)).toEqual(result.structured);

    const sent = upstream.received.slice(before);
    if (request === 'none') return expect(sent).toEqual([]);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject(request);
    expect(sent[0]?.headers).toMatchObject({
      authorization: 'Bearer sk_test_sandbox',
      'user-agent': expect.stringMatching(/^workos-mcp\//),
    });
  });

  it('never writes the key to its log', () => {
    expect(session.log()).toContain('"tool":"get_user"');
    expect(session.log()).not.toContain('sk_test');
  });
});
