import * as z from 'zod';

/** An object's ID. The description says which tool or reply it comes from: errors repeat it. */
export const id = (description: string) => z.string().min(1).describe(description);

export const userId = id('user_…, from list_users');
export const membershipId = id('om_…, from list_organization_memberships');
export const organizationId = id('org_…, from list_organizations');
export const connectionId = id('conn_…, from list_connections');
export const directoryId = id('directory_…, from list_directories');
export const directoryUserId = id('directory_user_…, from list_directory_users');
export const directoryGroupId = id('directory_group_…, from list_directory_groups');

/** The arguments of every paginated list. Cursors are object IDs. */
export const page = {
  limit: z.int().min(1).max(100).describe('Default 10').optional(),
  before: id('list_metadata.before').optional(),
  after: id('list_metadata.after').optional(),
  order: z.enum(['asc', 'desc']).describe('By creation').optional(),
};

/** What to do about the 409 of a domain, which another organization may have. */
export const domainConflict = {
  409: 'The call conflicts with what exists already. If it is about a domain, list_organizations with domains finds the organization that has it.',
};

/** What to do about the 403 of a step of a sign-in. */
export const signInRefused = {
  403: 'WorkOS does not allow this sign-in to continue in this way; the error code says why.',
};

export const search = z.string().min(1).describe('Part of the name').optional();

/** Internationalized as well (RFC 6531), on either side of the @; nothing in it may be invisible. */
const EMAIL =
  /^(?!\.)(?!.*\.\.)[^\s@"(),:;<>[\\\]\p{C}\p{Default_Ignorable_Code_Point}]+(?<!\.)@(?:[\p{L}\p{N}][\p{L}\p{M}\p{N}-]*\.)+[\p{L}\p{N}][\p{L}\p{M}\p{N}-]+$/u;

export const email = z.email({ pattern: EMAIL }).describe('Email address');

const pairs = <T extends z.ZodType>(value: T) =>
  z.record(z.string().min(1).max(40), value).refine((entries) => Object.keys(entries).length <= 50, 'at most 50 keys');

const pair = z.string().max(600);

/** Custom key-value pairs of users and organizations. */
export const metadata = pairs(pair).describe('Custom pairs').optional();

// https://workos.com/docs/authkit/metadata: an update adds or changes the keys that it has, and null removes a key.
export const changedMetadata = clearable(pairs(pair.nullable()).describe('Merged; null removes a pair'));

export const externalId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x20-\x7e]+$/, 'ASCII only')
  .describe("The object's ID in your own system");

/** A member that WorkOS clears by null; agents name it in `clear`. */
export function clearable<T extends z.ZodType>(member: T) {
  return member.nullable().optional();
}

/** What WorkOS Radar and the sign-in log know of the person's own request. */
export const requestContext = {
  ip_address: z.string().describe("End user's IP").optional(),
  user_agent: z.string().describe("End user's browser").optional(),
};

export const signalsId = z.string().describe('From the Radar browser script').optional();
export const radarAttemptId = z.string().describe('From an earlier Radar attempt').optional();
export const roleSlug = z.string().min(1).describe('From list_organization_roles');
/** WorkOS takes one of the two. */
export const roles = {
  role_slug: roleSlug.optional(),
  role_slugs: z.array(z.string().min(1)).min(1).describe('Several instead, where enabled').optional(),
};

export const invitationToken = z.string().describe('Of the invitation to accept').optional();

export const dateTime = z.iso.datetime({ offset: true });
