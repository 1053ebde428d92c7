import type { EventKind } from '../src/catalog/declaration.ts';

const each = (noun: string, ...verbs: readonly string[]): readonly string[] => verbs.map((verb) => `${noun}.${verb}`);

const CHANGES = ['created', 'updated', 'deleted'];
const RESULTS = ['succeeded', 'failed'];

const signIns = [
  'action.authentication.denied',
  'action.user_registration.denied',
  ...['email_verification', 'magic_auth', 'mfa', 'oauth', 'passkey', 'password'].flatMap((way) =>
    RESULTS.map((result) => `authentication.${way}_${result}`),
  ),
  'authentication.radar_risk_detected',
  'authentication.reauthentication_succeeded',
  ...['started', ...RESULTS, 'timed_out'].map((stage) => `authentication.sso_${stage}`),
];

/**
 * Every type of event that WorkOS documents, with those of areas of which there is no tool yet: a type that is not here
 * is shown to no agent.
 */
export const eventKinds: readonly EventKind[] = [
  { area: 'users', reader: 'get_user', types: each('user', ...CHANGES) },
  { area: 'sessions', reader: 'list_user_sessions', types: signIns, own: ['error', 'error.code', 'sso'] },
  {
    area: 'sessions',
    reader: 'list_user_sessions',
    types: each('session', 'created', 'revoked'),
    parts: { impersonator: 'get_user' },
  },
  {
    area: 'memberships',
    reader: 'get_organization_membership',
    types: each('organization_membership', ...CHANGES),
    own: ['role', 'roles', 'custom_attributes'],
  },
  {
    area: 'invitations',
    reader: 'get_invitation',
    types: each('invitation', 'created', 'accepted', 'resent', 'revoked'),
  },
  { area: 'email_verification', reader: 'get_email_verification', types: ['email_verification.created'] },
  { area: 'password_reset', reader: 'get_password_reset', types: each('password_reset', 'created', 'succeeded') },
  { area: 'magic_auth', reader: 'get_magic_auth', types: ['magic_auth.created'] },
  {
    area: 'waitlists',
    reader: 'list_waitlist_entries',
    types: each('waitlist_user', 'created', 'approved', 'denied'),
  },
  {
    area: 'organizations',
    reader: 'get_organization',
    types: each('organization', ...CHANGES),
    parts: { domains: 'get_organization_domain' },
  },
  {
    area: 'organization_domains',
    reader: 'get_organization_domain',
    types: each('organization_domain', ...CHANGES, 'verified', 'verification_failed'),
    own: ['organization_domain'],
  },
  { area: 'groups', reader: 'get_group', types: each('group', ...CHANGES, 'member_added', 'member_removed') },
  {
    area: 'sso',
    reader: 'get_connection',
    types: each(
      'connection',
      'activated',
      'deactivated',
      'deleted',
      'saml_certificate_renewal_required',
      'saml_certificate_renewed',
    ),
    own: ['connection', 'certificate'],
  },
  {
    area: 'directory_sync',
    reader: 'get_directory',
    types: [...each('dsync', 'activated', 'deleted'), ...each('dsync.token', 'created', 'revoked')],
    parts: { domains: 'get_organization_domain' },
  },
  {
    area: 'directory_sync',
    reader: 'get_directory_group',
    types: each('dsync.group', ...CHANGES, 'user_added', 'user_removed'),
    own: ['group'],
    parts: { user: 'get_directory_user' },
  },
  { area: 'directory_sync', reader: 'get_directory_user', types: each('dsync.user', ...CHANGES) },
  { area: 'roles', reader: 'list_environment_roles', types: each('role', ...CHANGES) },
  { area: 'roles', reader: 'list_organization_roles', types: each('organization_role', ...CHANGES) },
  { area: 'permissions', reader: 'get_permission', types: each('permission', ...CHANGES) },
  {
    area: 'api_keys',
    reader: 'list_organization_api_keys',
    types: each('api_key', 'created', 'updated', 'revoked'),
    // Shown once, to those that create a key.
    secrets: ['value'],
    own: ['owner'],
  },
  {
    area: 'feature_flags',
    reader: 'get_feature_flag',
    types: each('flag', ...CHANGES, 'rule_updated'),
    parts: { owner: 'get_user' },
  },
  { area: 'radar', reader: 'get_radar_challenge', types: ['radar.challenge_created'] },
  {
    area: 'connected_accounts',
    reader: 'get_user_connected_account',
    types: each('pipes.connected_account', 'connected', 'connection_failed', 'disconnected', 'reauthorization_needed'),
  },
  {
    area: 'vault',
    reader: 'get_vault_object_metadata',
    types: [
      ...each('vault.byok_key', 'deleted', 'verification_completed'),
      ...each('vault.data', ...CHANGES, 'read'),
      ...each('vault.dek', 'read', 'decrypted'),
      ...each('vault.kek', 'created', 'deleted'),
      ...['vault.metadata.read', 'vault.names.listed'],
    ],
    own: ['key_context'],
  },
  {
    area: 'agent_auth',
    reader: 'get_agent_registration',
    types: each(
      'agent.registration',
      'claim.attempt.created',
      'claim.completed',
      'created',
      'credential.issued',
      'deleted',
      'expired',
      'organization.switched',
      'refreshed',
      'revoked',
    ),
    own: ['claimed_by', 'detail', 'agent_identity'],
  },
];
