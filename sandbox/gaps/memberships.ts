import {
  fault,
  type Gap,
  type GapReply,
  invalid,
  type JsonObject,
  type Records,
  serving,
  toText,
  toTexts,
  unknown,
  type World,
} from '../gap.ts';
import { newestFirst, toListReply } from '../pages.ts';
import { membershipOf, toMembership } from '../shapes.ts';
import { revokeKeys } from './api-keys.ts';

/** The roles that the body names, or undefined where it names none. */
function toSlugs({ role_slug: one, role_slugs: several }: JsonObject): readonly string[] | undefined {
  if (Array.isArray(several)) return toTexts(several);
  return toText(one) === undefined ? undefined : [String(one)];
}

export const isRole = (slug: string, organization: string | null, records: Records): boolean =>
  records.roles
    .findBy('slug', slug)
    .some((role) => role.type === 'EnvironmentRole' || role.organization_id === organization);

function roleFault(body: JsonObject, organization: string, records: Records): GapReply | undefined {
  if (body.role_slug !== undefined && body.role_slugs !== undefined)
    return invalid('Give either role_slug or role_slugs, not both.');
  const wrong = toSlugs(body)?.find((slug) => !isRole(slug, organization, records));
  if (wrong !== undefined) return fault(422, 'invalid_role', `There is no role '${wrong}' in this organization.`);
  return toSlugs(body)?.length === 0 ? invalid('role_slugs should not be empty.') : undefined;
}

const toRoles = ([first = 'member', ...others]: readonly string[]) => ({
  role: { slug: first },
  roles: [first, ...others].map((slug) => ({ slug })),
});

const found = (id: string, { records }: World, then: (item: Stored) => GapReply): GapReply => {
  const item = records.organizationMemberships.get(id);
  return item ? then(item) : unknown('organization membership', id);
};

type Stored = NonNullable<ReturnType<typeof membershipOf>>;

const show = (status: number, item: Stored, { records }: World): GapReply => ({
  status,
  body: toMembership(item, records),
});

/** Sets the status of a membership that is not pending. */
const setStatus = (id: string, status: 'active' | 'inactive', pendingCode: string, world: World): GapReply =>
  found(id, world, (item) => {
    if (item.status === 'pending') return fault(400, pendingCode, 'A pending organization membership cannot change.');
    if (item.status === status) return show(200, item, world);
    return show(200, world.records.organizationMemberships.update(id, { status }) ?? item, world);
  });

export const membershipGaps: readonly Gap[] = serving(
  'the answer lacks user, roles, organization_name and directory_managed and has external_id and metadata; ' +
    'takes statuses as statuses[] alone and shows all by default, does not know role_slugs, gives any role, ' +
    'makes a second membership beside an inactive one, and refuses with undocumented codes',
  {
    'GET /user_management/organization_memberships'({ query }, { records }) {
      const [user, organization] = [query.get('user_id'), query.get('organization_id')];
      if (!user && !organization)
        return fault(400, 'missing_user_id_or_organization_id', 'Give user_id or organization_id.');
      const statuses = [...query.getAll('statuses'), ...query.getAll('statuses[]')].flatMap((text) => text.split(','));
      const wrong = statuses.find((status) => !['active', 'inactive', 'pending'].includes(status));
      if (wrong !== undefined) return invalid(`'${wrong}' is not a status of an organization membership.`);
      const shown = newestFirst(records.organizationMemberships.all()).filter(
        (item) =>
          (!user || item.user_id === user) &&
          (!organization || item.organization_id === organization) &&
          (statuses.length === 0 ? ['active'] : statuses).includes(item.status),
      );
      const items = shown.map((item) => toMembership(item, records));
      return toListReply(items, query, invalid);
    },
    'POST /user_management/organization_memberships'({ body }, world) {
      const { records } = world;
      const [user, organization] = [String(body.user_id), String(body.organization_id)];
      if (!records.users.get(user)) return unknown('user', user);
      if (!records.organizations.get(organization)) return unknown('organization', organization);
      const refused = roleFault(body, organization, records);
      if (refused) return refused;
      const before = membershipOf(user, organization, records);
      if (before?.status === 'pending')
        return fault(
          400,
          'cannot_reactivate_pending_organization_membership',
          'The user has been invited: the membership becomes active when the invitation is accepted.',
        );
      if (before?.status === 'active') return invalid('The user is a member of this organization already.');
      const roles = toRoles(toSlugs(body) ?? []);
      if (before) {
        const changed = { status: 'active', ...(toSlugs(body) && roles) } as const;
        return show(201, records.organizationMemberships.update(before.id, changed) ?? before, world);
      }
      const made = records.organizationMemberships.insert({
        object: 'organization_membership',
        organization_id: organization,
        user_id: user,
        ...roles,
        status: 'active',
        external_id: null,
        metadata: {},
      });
      return show(201, made, world);
    },
    'GET /user_management/organization_memberships/{id}': ({ id }, world) =>
      found(id, world, (item) => show(200, item, world)),
    'PUT /user_management/organization_memberships/{id}': ({ id, body }, world) =>
      found(id, world, (item) => {
        const slugs = toSlugs(body);
        const changed = slugs ? toRoles(slugs) : {};
        const refused = roleFault(body, item.organization_id, world.records);
        return refused ?? show(200, world.records.organizationMemberships.update(id, changed) ?? item, world);
      }),
    'DELETE /user_management/organization_memberships/{id}': ({ id }, world) =>
      found(id, world, (item) => {
        world.records.organizationMemberships.delete(id);
        revokeKeys((owner) => owner.id === item.user_id && owner.organization_id === item.organization_id, world);
        return { status: 200 };
      }),
    'PUT /user_management/organization_memberships/{id}/deactivate': ({ id }, world) =>
      setStatus(id, 'inactive', 'cannot_deactivate_pending_organization_membership', world),
    'PUT /user_management/organization_memberships/{id}/reactivate': ({ id }, world) =>
      setStatus(id, 'active', 'cannot_reactivate_pending_organization_membership', world),
  },
);
