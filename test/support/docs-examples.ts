import type * as Sandbox from '../../sandbox/index.ts';
import type { Arguments } from '../../src/catalog/declaration.ts';

// The built file, whose path is no literal so that type checking does not need a build.
const built: string = '../../dist/sandbox.js';
const { ids, constants } = (await import(built)) as typeof Sandbox;

/** One call of a tool, as its page shows it. */
export type Example = {
  /** What it is for; without, the tool's plainest call. */
  readonly says?: string;
  readonly args: Arguments;
  /** Repeats the call with the confirm_token of the answer. */
  readonly confirmed?: true;
  /** What the person types whom the client asks to confirm the call. */
  readonly typed?: string;
};

const { users, organizations, domains, connections, directories, directoryUsers, directoryGroups } = ids;
const REDIRECT = 'https://app.example.com/callback';
const FEBRUARY = { range_start: '2025-02-01T00:00:00Z', range_end: '2025-03-01T00:00:00Z' };

/**
 * Calls of every tool in the sandbox, where somebody looks after Acme, Bluefern Health and their people. Each sees what
 * those before it did.
 */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  create_user: [
    {
      args: {
        email: 'iris@acme.example.com',
        first_name: 'Iris',
        last_name: 'Vale',
        external_id: 'hr-13',
        metadata: { team: 'finance' },
      },
    },
    {
      says: 'Arguments that do not fit are refused before anything is sent:',
      args: { email: 'iris at acme', firstname: 'Iris' },
    },
  ],
  get_user: [
    { args: { user_id: users.ada } },
    { says: 'An error says what to do next:', args: { user_id: 'user_01JNOBODY' } },
  ],
  list_users: [
    { args: { organization_id: organizations.acme, limit: 2 } },
    {
      says: '`fields` chooses what of each user is shown:',
      args: { organization_id: organizations.acme, limit: 3, fields: ['email', 'locale', 'last_sign_in_at'] },
    },
    {
      says: '`max_items` follows the pages and says why it stopped:',
      args: { max_items: 4, fields: ['id', 'email'] },
    },
  ],
  update_user: [{ args: { user_id: users.ben, locale: 'en-GB', metadata: { team: 'support' } } }],
  delete_user: [{ args: { user_id: 'user_01JTESS0000000000000000000' }, confirmed: true }],
  authenticate_user: [
    { args: { grant_type: 'password', email: 'ada@acme.example.com', password: constants.password } },
    {
      says: 'Where a further step is needed, the error names it:',
      args: { grant_type: 'password', email: 'ben@acme.example.com', password: constants.password },
    },
  ],
  create_magic_auth: [{ args: { email: 'ada@acme.example.com' } }],
  get_magic_auth: [{ args: { magic_auth_id: ids.magicAuths.ada } }],
  enroll_auth_factor: [{ args: { type: 'totp', totp_issuer: 'Acme', totp_user: 'ada@acme.example.com' } }],
  challenge_auth_factor: [{ args: { authentication_factor_id: ids.factors.dev } }],
  verify_auth_challenge: [{ args: { authentication_challenge_id: ids.challenges.dev, code: constants.code } }],
  create_organization: [
    {
      args: {
        name: 'Elderhill Foods',
        domain_data: [{ domain: 'elderhill.example.org', state: 'pending' }],
        external_id: 'crm-1005',
        metadata: { plan: 'business' },
      },
    },
  ],
  get_organization: [{ args: { organization_id: organizations.acme } }],
  list_organizations: [{ args: { search: 'blue' } }, { says: 'By domain:', args: { domains: ['acme.example.com'] } }],
  update_organization: [{ args: { organization_id: organizations.cedarwick, metadata: { plan: 'trial' } } }],
  delete_organization: [{ args: { organization_id: organizations.cedarwick }, typed: 'Cedarwick Press' }],
  create_organization_domain: [{ args: { organization_id: organizations.cedarwick, domain: 'cedarwick-press.test' } }],
  get_organization_domain: [{ args: { organization_domain_id: domains.acmePending } }],
  verify_organization_domain: [{ args: { organization_domain_id: domains.acmePending } }],
  get_sso_authorization_url: [
    { args: { organization: organizations.bluefern, redirect_uri: REDIRECT, state: 'from-support' } },
  ],
  get_sso_profile_and_token: [{ args: { code: 'sandbox_sso_code' } }],
  list_connections: [{ args: { organization_id: organizations.bluefern } }],
  get_connection: [{ args: { connection_id: connections.cedarwick } }],
  delete_connection: [{ args: { connection_id: connections.cedarwick }, confirmed: true }],
  list_directories: [{ args: {} }],
  get_directory: [{ args: { directory_id: directories.bluefern } }],
  delete_directory: [{ args: { directory_id: directories.bluefern }, confirmed: true }],
  list_directory_users: [
    { args: { directory: directories.acme, email: 'ada.hart@acme.example.com' } },
    {
      says: 'All of them, as far as `max_items` goes, with two `fields`:',
      args: { directory: directories.acme, max_items: 100, fields: ['email', 'state'] },
    },
  ],
  get_directory_user: [{ args: { directory_user_id: directoryUsers.ada } }],
  list_directory_groups: [{ args: { user: directoryUsers.ada } }],
  get_directory_group: [{ args: { directory_group_id: directoryGroups.engineers } }],
  create_audit_log_event: [
    {
      args: {
        organization_id: organizations.acme,
        event: {
          action: 'invoice.exported',
          occurred_at: '2025-02-04T10:00:00Z',
          actor: { id: users.ada, type: 'user', name: 'Ada Hart' },
          targets: [{ id: 'invoice-7', type: 'invoice' }],
          context: { location: '192.0.2.10' },
        },
      },
    },
  ],
  create_audit_log_export: [
    { args: { organization_id: organizations.acme, ...FEBRUARY, actions: ['user.signed_in'] } },
  ],
  get_audit_log_export: [{ args: { audit_log_export_id: ids.exports.acme } }],
  list_environment_roles: [{ args: {} }],
  list_organization_roles: [{ args: { organization_id: organizations.acme, fields: ['slug', 'type', 'permissions'] } }],
  get_access_status: [
    { args: { name: 'delete_user' } },
    { says: 'By area; without a name it tells of all areas:', args: { name: 'mfa' } },
  ],
};
