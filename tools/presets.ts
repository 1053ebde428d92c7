import type { Preset } from '../src/catalog/catalog.ts';

/** What happened, sign-ins among it. The other tools of sessions:read build sign-in links. */
const happenings = ['events:read', 'list_user_sessions'];

/**
 * Grants for usual jobs, by the name behind `preset:`. None deletes, takes credentials, or gives back what was taken. A
 * model reads all of it before each first word, so each has what its job takes and no more.
 */
export const presets: Readonly<Record<string, Preset>> = {
  support: {
    meaning: 'look up customers, their people, what these may do and why they cannot sign in',
    grants: [
      'users:read',
      'memberships:read',
      'organizations:read',
      'organization_domains:read',
      'list_connections',
      'get_connection',
      'directory_sync:read',
      'roles:read',
      'list_invitations',
      ...happenings,
      'authorization_checks:read',
    ],
  },
  onboarding: {
    meaning: 'set up new customers: organizations, domains, first users, and single sign-on by their IT contact',
    grants: [
      'list_organizations',
      'get_organization',
      'organizations:write',
      'organization_domains:read',
      'organization_domains:write',
      'list_users',
      'get_user',
      'create_user',
      'list_organization_memberships',
      'create_organization_membership',
      'invitations:read',
      'invitations:write',
      'list_it_contacts',
      'invite_it_contact',
      'list_connections',
      'get_connection',
      'get_directory',
      'roles:read',
      'events:read',
    ],
  },
  'sso-debug': {
    meaning: 'find out why single sign-on or a directory does not work',
    grants: [
      'organizations:read',
      'organization_domains:read',
      'sso:read',
      'directory_sync:read',
      'users:read',
      ...happenings,
    ],
  },
  'security-review': {
    meaning: 'see who has access to what, and export audit logs',
    grants: [
      'list_users',
      'get_user',
      'list_user_identities',
      'list_organization_memberships',
      'list_organizations',
      'get_organization',
      'organization_domains:read',
      'list_connections',
      'get_connection',
      'directory_sync:read',
      'roles:read',
      'list_invitations',
      'list_organization_api_keys',
      'list_user_api_keys',
      'audit_logs:read',
      'create_audit_log_export',
    ],
  },
  incident: {
    meaning: 'lock a person out at once: end sessions, deactivate memberships, revoke invitations',
    grants: [
      'list_users',
      'get_user',
      'list_organization_memberships',
      'list_organizations',
      'get_organization',
      'list_organization_roles',
      'list_connections',
      'get_connection',
      'list_directories',
      'list_directory_users',
      'list_invitations',
      'list_organization_api_keys',
      'list_user_api_keys',
      ...happenings,
      'revoke_session',
      'deactivate_organization_membership',
      'revoke_invitation',
    ],
  },
};
