import { hash } from 'node:crypto';

/** The digits of IDs: Crockford's base 32. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A readable WorkOS ID. The name may use digits and capitals except I, L, O and U. It has at most 17 characters: the last
 * six tell the ID from others, as those of a real one do, since people type them to confirm.
 */
export function toId(prefix: string, name: string): string {
  const start = `01J${name.toUpperCase().padEnd(17, '0')}`;
  const end = [...hash('sha256', start, 'buffer').subarray(0, 6)].map((byte) => DIGITS[byte % 32]).join('');
  return `${prefix}_${start}${end}`;
}

/** IDs for examples and tests. */
export const ids = {
  users: {
    ada: toId('user', 'ADA'),
    ben: toId('user', 'BEN'),
    cara: toId('user', 'CARA'),
    dev: toId('user', 'DEV'),
    emma: toId('user', 'EMMA'),
    kent: toId('user', 'KENT'),
    maya: toId('user', 'MAYA'),
    tess: toId('user', 'TESS'),
  },
  organizations: { acme: toId('org', 'ACME'), bluefern: toId('org', 'BFERN'), cedarwick: toId('org', 'CEDAR') },
  domains: { acme: toId('org_domain', 'ACME1'), acmePending: toId('org_domain', 'ACME2') },
  connections: { bluefern: toId('conn', 'BFERN'), cedarwick: toId('conn', 'CEDAR') },
  profiles: { emma: toId('prof', 'EMMA'), gwen: toId('prof', 'GWEN') },
  directories: { acme: toId('directory', 'ACME'), bluefern: toId('directory', 'BFERN') },
  directoryUsers: { ada: toId('directory_user', 'ACMEADA') },
  directoryGroups: { engineers: toId('directory_group', 'ACMEENG') },
  factors: { dev: toId('auth_factor', 'DEV') },
  challenges: { dev: toId('auth_challenge', 'DEV') },
  emailVerifications: { ben: toId('email_verification', 'BEN') },
  passwordResets: { dev: toId('password_reset', 'DEV') },
  magicAuths: { ada: toId('magic_auth', 'ADA') },
  exports: { acme: toId('audit_log_export', 'ACME') },
  memberships: {
    ada: toId('om', 'ADAACME'),
    ben: toId('om', 'BENACME'),
    caraDamson: toId('om', 'CARADAMSN'),
    femkePending: toId('om', 'FEMKECEDAR'),
    tessInactive: toId('om', 'TESSCEDAR'),
  },
  invitations: {
    grace: toId('invitation', 'GRACE'),
    femke: toId('invitation', 'FEMKE'),
    expired: toId('invitation', 'HENRY'),
    revoked: toId('invitation', 'PARTNER'),
  },
  sessions: { ada: toId('session', 'ADA1'), kentExpired: toId('session', 'KENT') },
  apiKeys: { acme: toId('api_key', 'ACME1'), acmeExpired: toId('api_key', 'ACME3'), ben: toId('api_key', 'BEN') },
  itContacts: {
    acme: toId('it_contact', 'ACME'),
    bluefern: toId('it_contact', 'BFERN'),
    cedarwick: toId('it_contact', 'CEDAR'),
  },
  resources: { acme: toId('authz_resource', 'ACME'), harbor: toId('authz_resource', 'ACMEHARBR') },
} as const;
