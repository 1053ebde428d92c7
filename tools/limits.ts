import type { Pace } from '../src/catalog/asking.ts';
import type { Limit } from '../src/catalog/declaration.ts';

// As WorkOS documents them: https://workos.com/docs/reference/rate-limits

/** Every request of a key. */
export const general: Limit = { name: 'general', requests: 6_000, seconds: 60 };

/** All of /user_management, reads and writes apart. */
export const userManagement = {
  get: { name: 'user_management_reads', requests: 1_000, seconds: 10 },
  other: { name: 'user_management_writes', requests: 500, seconds: 10 },
} satisfies { get: Limit; other: Limit };

export const authentications: Limit = {
  name: 'authentication',
  requests: 10,
  seconds: 60,
  by: ['email', 'authentication_challenge_id', 'radar_challenge_id'],
};

export const magicAuthCodes: Limit = { name: 'magic_auth', requests: 3, seconds: 60, by: ['email'] };

export const verificationEmails: Limit = { name: 'email_verification', requests: 3, seconds: 60, by: ['user_id'] };

export const passwordResets: Limit = { name: 'password_reset', requests: 3, seconds: 60, by: ['email'] };

export const organizationDeletes: Limit = { name: 'organization_deletes', requests: 50, seconds: 60 };

/** Ordinary work ends a few things an hour; an agent that ends more may have been misled. */
export const endings: { readonly beyond: Pace } = { beyond: { calls: 10, per: 'hour', group: 'endings' } };

/** Per directory, single reads included; a user's or group's directory is known once an answer has told it. */
export const directoryUsers: Limit = {
  name: 'directory_users',
  requests: 4,
  seconds: 1,
  by: ['directory'],
  within: { arguments: ['group', 'directory_user_id'], member: 'directory_id' },
};
