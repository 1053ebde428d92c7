import { createHash } from 'node:crypto';
import { type ApiKey, type JsonObject, type Records, toFields, without } from './gap.ts';

// Objects as the specification has them, from what is stored.

type Stored<Name extends keyof Records> = NonNullable<ReturnType<Records[Name]['get']>>;

export const membershipOf = (user: string, organization: string, records: Records) =>
  records.organizationMemberships.findBy('user_id', user).find((item) => item.organization_id === organization);

export const toUser = (user: Stored<'users'>): JsonObject => without({ ...user }, 'password_hash', 'impersonator');

/** A membership without its roles, as lists of the members of a resource have it. */
export const toMember = (item: Stored<'organizationMemberships'>, records: Records): JsonObject => {
  const { object, id, user_id, organization_id, status, created_at, updated_at } = item;
  const name = records.organizations.get(organization_id)?.name;
  const user = records.users.get(user_id);
  return {
    ...{ object, id, user_id, organization_id, status, created_at, updated_at },
    ...(name !== undefined && { organization_name: name }),
    ...(user && { user: toUser(user) }),
    directory_managed: false,
    custom_attributes: {},
  };
};

export const toMembership = (item: Stored<'organizationMemberships'>, records: Records): JsonObject => ({
  ...toMember(item, records),
  role: item.role,
  roles: item.roles ?? [item.role],
});

/** What lets a person accept an invitation. */
export const toAcceptance = (seed: string) => {
  const token = createHash('sha256').update(seed).digest('base64url').slice(0, 25);
  return { token, accept_invitation_url: `https://sandbox.authkit.test/invite?invitation_token=${token}` };
};

/** What has not happened to an invitation yet. */
export const unsettled = { accepted_at: null, revoked_at: null, accepted_user_id: null };

/** A pending invitation of which the time is over has expired. */
export const toInvitation = (item: Stored<'invitations'>): JsonObject => ({
  ...unsettled,
  ...item,
  state: item.state === 'pending' && Date.parse(item.expires_at) < Date.now() ? 'expired' : item.state,
});

const SESSION_DAYS = 30;

export function toSession(item: object): JsonObject {
  const session = toFields(item);
  return {
    auth_method: 'unknown',
    status: 'active',
    expires_at: new Date(Date.parse(String(session.created_at)) + SESSION_DAYS * 86_400_000).toISOString(),
    ended_at: null,
    ...without(session, ...(session.organization_id === null ? ['organization_id'] : [])),
  };
}

export const toApiKey = (item: ApiKey): JsonObject => ({
  ...without({ ...item }, 'key', 'environment'),
  obfuscated_value: `sk_...${item.key.slice(-4)}`,
});

export function toPermission(item: object): JsonObject {
  const { id, slug, name, description, created_at, updated_at } = toFields(item);
  const shared = { id, slug, name, description, created_at, updated_at };
  return { object: 'permission', ...shared, system: false, resource_type_slug: 'organization' };
}

/** The resource that an organization itself is. */
export const rootOf = (organization: string): string => organization.replace('org_', 'authz_resource_');
