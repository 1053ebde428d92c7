import type { Area } from '../src/catalog/declaration.ts';
import adminPortal from './areas/admin-portal.ts';
import apiKeys from './areas/api-keys.ts';
import auditLogs from './areas/audit-logs.ts';
import authorizationChecks from './areas/authorization-checks.ts';
import directorySync from './areas/directory-sync.ts';
import emailVerification from './areas/email-verification.ts';
import events from './areas/events.ts';
import invitations from './areas/invitations.ts';
import magicAuth from './areas/magic-auth.ts';
import memberships from './areas/memberships.ts';
import mfa from './areas/mfa.ts';
import organizationDomains from './areas/organization-domains.ts';
import organizations from './areas/organizations.ts';
import passwordReset from './areas/password-reset.ts';
import roles from './areas/roles.ts';
import sessions from './areas/sessions.ts';
import sso from './areas/sso.ts';
import users from './areas/users.ts';
import changeRole from './jobs/change-role.ts';
import debugDirectorySync from './jobs/debug-directory-sync.ts';
import debugSso from './jobs/debug-sso.ts';
import explainSignIn from './jobs/explain-sign-in.ts';
import inviteMember from './jobs/invite-member.ts';
import offboardUser from './jobs/offboard-user.ts';
import onboardOrganization from './jobs/onboard-organization.ts';
import reviewAccess from './jobs/review-access.ts';
import rotateApiKey from './jobs/rotate-api-key.ts';
import setUpSso from './jobs/set-up-sso.ts';
import { general } from './limits.ts';
import { presets } from './presets.ts';

/** In the order in which clients, the README and the policy show them. */
const all = [
  users,
  memberships,
  invitations,
  sessions,
  emailVerification,
  passwordReset,
  magicAuth,
  mfa,
  organizations,
  organizationDomains,
  adminPortal,
  sso,
  directorySync,
  auditLogs,
  roles,
  authorizationChecks,
  apiKeys,
  events,
];

export const areas: readonly Area[] = all;

export type ToolName = (typeof all)[number]['tools'][number]['name'];

/** All that the server is made from. */
export const declarations = {
  areas,
  general,
  presets,
  prompts: [
    onboardOrganization,
    setUpSso,
    inviteMember,
    changeRole,
    offboardUser,
    explainSignIn,
    debugSso,
    debugDirectorySync,
    rotateApiKey,
    reviewAccess,
  ],
  /** The read that tells whether a key works. */
  probe: { tool: 'list_organizations', args: { limit: 1 } },
};
