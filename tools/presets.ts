import type { Preset } from '../src/catalog/catalog.ts';

const customers = [
  'users:read',
  'organizations:read',
  'organization_domains:read',
  'list_connections',
  'get_connection',
  'directory_sync:read',
  'roles:read',
];

/** Grants for usual jobs, by the name behind `preset:`. None deletes or takes credentials. */
export const presets: Readonly<Record<string, Preset>> = {
  support: {
    meaning: 'look up customers, their people and how they sign in',
    grants: customers,
  },
  onboarding: {
    meaning: 'set up new customers: organizations, their domains and first users',
    grants: [
      'organizations:read',
      'organizations:write',
      'organization_domains:read',
      'organization_domains:write',
      'users:read',
      'create_user',
      'list_connections',
      'get_connection',
      'roles:read',
    ],
  },
  'sso-debug': {
    meaning: 'find out why single sign-on or a directory does not work',
    grants: ['organizations:read', 'organization_domains:read', 'sso:read', 'directory_sync:read', 'users:read'],
  },
  'security-review': {
    meaning: 'see who has access to what, and export audit logs',
    grants: [...customers, 'audit_logs:read', 'create_audit_log_export'],
  },
};
