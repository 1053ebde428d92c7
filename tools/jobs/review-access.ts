import { prompt } from '../../src/catalog/prompt.ts';
import { findOrganization, organization } from './shared-parts.ts';

export default prompt({
  name: 'review_access',
  title: 'Review access',
  description: 'Review who has access to an organization, and how they get in.',
  arguments: {
    organization: { ...organization, required: true },
    unused_days: {
      description: 'Days without a sign-in after which access counts as unused',
      choices: ['30', '60', '90', '180', '365'],
    },
  },
  needs: ['list_users'],
  steps: [
    findOrganization,
    'List its members with {list_users} by organization_id, with max_items and the fields id, email, email_verified, created_at and last_sign_in_at. Note who is unverified, and who has not signed in for the days given, else for 90.',
    [
      'Read its domains with {get_organization}, and note members whose email has another one, or one that is not verified.',
      'Note members whose email has another domain than most.',
    ],
    'List with {list_connections} by organization_id how they may sign in by SSO; note what is not "active".',
    'List its directories with {list_directories} by organization_id and their users with {list_directory_users}, with max_items: note members who are missing there or not "active", and the roles that are given there.',
    [
      'List who has which role with {list_organization_memberships} by organization_id, with max_items and the statuses active, inactive and pending, and what the roles permit with {list_organization_roles}. Note who has far-reaching permissions, and former members.',
      'List the roles with {list_organization_roles}, and note those with far-reaching permissions. Only a directory shows who has which role: ask a person to look up the rest in the WorkOS Dashboard.',
    ],
    'List invitations with {list_invitations} by organization_id: note those that are pending, with their role_slug.',
    'List API keys with {list_organization_api_keys}: note those that never end, or with an old last_used_at or none.',
    'List keys of its members who have far-reaching permissions with {list_user_api_keys}, in the same way.',
    'If the person wants to know what was done, start {create_audit_log_export} for the time in question and follow it with {get_audit_log_export}. If its URL is withheld, they download it in the WorkOS Dashboard.',
    'Report a table of who has access (email, ID, last sign-in, what you noted) and what access you would remove. Change nothing yourself.',
  ],
});
