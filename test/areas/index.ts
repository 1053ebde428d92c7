import type { ToolName } from '../../tools/index.ts';
import type { Case } from '../support/case.ts';
import adminPortal from './admin-portal.ts';
import apiKeys from './api-keys.ts';
import auditLogs from './audit-logs.ts';
import authorizationChecks from './authorization-checks.ts';
import directorySync from './directory-sync.ts';
import emailVerification from './email-verification.ts';
import events from './events.ts';
import invitations from './invitations.ts';
import magicAuth from './magic-auth.ts';
import memberships from './memberships.ts';
import mfa from './mfa.ts';
import organizationDomains from './organization-domains.ts';
import organizations from './organizations.ts';
import passwordReset from './password-reset.ts';
import roles from './roles.ts';
import sessions from './sessions.ts';
import sso from './sso.ts';
import users from './users.ts';

const all: Readonly<Record<ToolName, Case>> = {
  ...users,
  ...memberships,
  ...invitations,
  ...sessions,
  ...emailVerification,
  ...passwordReset,
  ...magicAuth,
  ...mfa,
  ...organizations,
  ...organizationDomains,
  ...adminPortal,
  ...sso,
  ...directorySync,
  ...auditLogs,
  ...roles,
  ...authorizationChecks,
  ...apiKeys,
  ...events,
};

/** What the tests know of each tool, by its name. */
export const cases: ReadonlyMap<string, Case> = new Map(Object.entries(all));
