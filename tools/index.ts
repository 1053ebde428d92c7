import type { Area } from '../src/catalog/declaration.ts';
import auditLogs from './audit-logs.ts';
import directorySync from './directory-sync.ts';
import { general } from './limits.ts';
import magicAuth from './magic-auth.ts';
import mfa from './mfa.ts';
import organizationDomains from './organization-domains.ts';
import organizations from './organizations.ts';
import { presets } from './presets.ts';
import { prompts } from './prompts.ts';
import roles from './roles.ts';
import sso from './sso.ts';
import users from './users.ts';

/** Every area, in the order in which clients, the README and the policy show them. */
export const areas: readonly Area[] = [
  users,
  magicAuth,
  mfa,
  organizations,
  organizationDomains,
  sso,
  directorySync,
  auditLogs,
  roles,
];

/** All that the server is made from. */
export const declarations = {
  areas,
  general,
  presets,
  prompts,
  /** The read that tells whether a key works. */
  probe: { tool: 'list_organizations', args: { limit: 1 } },
};
