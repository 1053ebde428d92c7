import {
  fault,
  type Gap,
  type GapReply,
  type GapRequest,
  invalid,
  type JsonObject,
  type Records,
  serving,
  toText,
  unknown,
  type World,
} from '../gap.ts';
import { newestFirst, toListReply } from '../pages.ts';
import { rootOf, toMember, toPermission } from '../shapes.ts';

type Membership = NonNullable<ReturnType<Records['organizationMemberships']['get']>>;
type Resource = {
  readonly id: string;
  readonly organization_id: string;
  readonly parent_resource_id: string | null;
  readonly created_at: string;
};

/** Every organization is a resource, the parent of its others; our own ID of it is WorkOS's. */
function resources({ records }: World): readonly Resource[] {
  const roots = records.organizations.all().map(({ id, name, created_at, updated_at }) => ({
    object: 'authorization_resource',
    ...{ id: rootOf(id), external_id: id, organization_id: id, name, created_at, updated_at },
    description: null,
    parent_resource_id: null,
    resource_type_slug: 'organization',
  }));
  return [...roots, ...records.authorizationResources.all().map(toResource)];
}

const toResource = (item: NonNullable<ReturnType<Records['authorizationResources']['get']>>) => {
  const { object, id, external_id, organization_id, name, parent_resource_id, resource_type_slug } = item;
  const { created_at, updated_at } = item;
  return {
    ...{ object, id, external_id, organization_id, name, description: null, parent_resource_id, resource_type_slug },
    ...{ created_at, updated_at },
  };
};

/** A resource of an organization, by its ID or by our own and its type. */
const resourceIn = (organization: string | undefined, wanted: JsonObject, world: World): Resource | undefined =>
  resources(world).find(
    (item) =>
      (organization === undefined || item.organization_id === organization) &&
      Object.entries(wanted).every(([name, value]) => Object(item)[name] === value),
  );

/** A role counts on its organization and on all resources in it. A membership that is not active may do nothing. */
function permissionsOf(item: Membership, records: Records) {
  if (item.status !== 'active') return [];
  const slugs = (item.roles ?? [item.role]).map(({ slug }) => slug);
  const roles = slugs.flatMap((slug) =>
    records.roles
      .findBy('slug', slug)
      .filter((role) => role.type === 'EnvironmentRole' || role.organization_id === item.organization_id),
  );
  const ids = roles
    .flatMap(({ id }) => records.rolePermissions.findBy('role_id', id))
    .map((each) => each.permission_id);
  return [...new Set(ids)].flatMap((id) => records.permissions.get(id) ?? []);
}

const may = (item: Membership, slug: unknown, records: Records): boolean =>
  permissionsOf(item, records).some((permission) => permission.slug === slug);

const found = (id: string, { records }: World, then: (item: Membership) => GapReply): GapReply => {
  const item = records.organizationMemberships.get(id);
  return item ? then(item) : unknown('organization membership', id);
};

/** The named one of two ways to name a resource, or a sentence on what is wrong. */
function toWanted(id: unknown, externalId: unknown, type: unknown): JsonObject | undefined {
  const byId = toText(id) !== undefined;
  const [one, other] = [toText(externalId), toText(type)];
  if (byId) return one === undefined && other === undefined ? { id } : undefined;
  return one !== undefined && other !== undefined ? { external_id: one, resource_type_slug: other } : undefined;
}

const badRequest = (message: string): GapReply => fault(400, 'bad_request', message);

function listPermissions(call: GapRequest, wanted: JsonObject, world: World): GapReply {
  return found(call.id, world, (item) =>
    resourceIn(item.organization_id, wanted, world)
      ? toListReply(newestFirst(permissionsOf(item, world.records)).map(toPermission), call.query, invalid)
      : unknown('authorization resource', String(call.ids.at(-1))),
  );
}

function listMembers({ query, ids }: GapRequest, resource: Resource | undefined, { records }: World): GapReply {
  const slug = query.get('permission_slug');
  const assignment = query.get('assignment') ?? '';
  if (!slug) return badRequest('permission_slug is required.');
  if (!['', 'direct', 'indirect'].includes(assignment)) return badRequest('assignment must be direct or indirect.');
  if (!resource) return unknown('authorization resource', String(ids.at(-1)));
  // Roles are given on the organization alone.
  const isEmpty = assignment === 'direct' && resource.parent_resource_id !== null;
  const members = newestFirst(records.organizationMemberships.findBy('organization_id', resource.organization_id));
  const shown = members.filter((item) => !isEmpty && may(item, slug, records));
  const items = shown.map((item) => toMember(item, records));
  return toListReply(items, query, invalid);
}

const ofMembership = '/authorization/organization_memberships/{organization_membership_id}';

export const authorizationCheckGaps: readonly Gap[] = [
  ...serving(
    'reads permission instead of permission_slug, and no resource; lists resources without name and parent, and ignores ' +
      'filters',
    {
      [`POST ${ofMembership}/check`]: ({ id, body }, world) =>
        found(id, world, (item) => {
          if (!toText(body.permission_slug)) return invalid('permission_slug must be a non-empty string.');
          const wanted = toWanted(body.resource_id, body.resource_external_id, body.resource_type_slug);
          if (!wanted) return invalid('Give either resource_id, or resource_external_id with resource_type_slug.');
          if (!resourceIn(item.organization_id, wanted, world))
            return unknown('authorization resource', String(wanted.id ?? wanted.external_id));
          return { status: 200, body: { authorized: may(item, body.permission_slug, world.records) } };
        }),
      [`GET ${ofMembership}/resources`]: ({ id, query }, world) =>
        found(id, world, (item) => {
          const slug = query.get('permission_slug');
          if (!slug) return badRequest('permission_slug is required.');
          const wanted = toWanted(
            query.get('parent_resource_id'),
            query.get('parent_resource_external_id'),
            query.get('parent_resource_type_slug'),
          );
          if (!wanted)
            return badRequest(
              'Give either parent_resource_id, or parent_resource_external_id with parent_resource_type_slug.',
            );
          const parent = resourceIn(item.organization_id, wanted, world);
          if (!parent) return unknown('authorization resource', String(wanted.id ?? wanted.external_id));
          const children = resources(world).filter((each) => each.parent_resource_id === parent.id);
          const shown = may(item, slug, world.records) ? children.map((each) => ({ ...each })).toReversed() : [];
          return toListReply(shown, query, invalid);
        }),
      'GET /authorization/resources/{resource_id}/organization_memberships': (call, world) =>
        listMembers(call, resourceIn(undefined, { id: call.id }, world), world),
      'GET /authorization/organizations/{organization_id}/resources/{resource_type_slug}/{external_id}/organization_memberships'(
        call,
        world,
      ) {
        const [organization = '', resource_type_slug, external_id] = call.ids;
        if (!world.records.organizations.get(organization)) return unknown('organization', organization);
        return listMembers(call, resourceIn(organization, { resource_type_slug, external_id }, world), world);
      },
    },
  ),
  ...serving('is not served', {
    [`GET ${ofMembership}/resources/{resource_id}/permissions`]: (call, world) =>
      listPermissions(call, { id: call.ids[1] }, world),
    [`GET ${ofMembership}/resources/{resource_type_slug}/{external_id}/permissions`]: (call, world) =>
      listPermissions(call, { resource_type_slug: call.ids[1], external_id: call.ids[2] }, world),
  }),
];
