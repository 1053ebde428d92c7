import type { WorkOSRole } from 'workos-emulator/workos/index.js';
import type { Gap, GapReply, JsonObject, World } from '../gap.ts';

function toRole(role: WorkOSRole, { records }: World): JsonObject {
  const { object, id, slug, name, description, type, created_at, updated_at } = role;
  const permissions = records.rolePermissions
    .findBy('role_id', id)
    .flatMap((item) => records.permissions.get(item.permission_id)?.slug ?? []);
  const resource_type_slug = 'organization';
  return { object, id, slug, name, description, type, resource_type_slug, permissions, created_at, updated_at };
}

function toList(isListed: (role: WorkOSRole) => boolean, world: World): GapReply {
  const data = world.records.roles
    .all()
    .filter(isListed)
    .map((role) => toRole(role, world));
  return { status: 200, body: { object: 'list', data } };
}

const environment: Gap = {
  name: 'environment roles',
  routes: ['GET /authorization/roles'],
  reason: 'permissions and resource_type_slug are missing, four members are extra, and only ten roles are listed',
  fill: (_call, _next, world) => toList((role) => role.type === 'EnvironmentRole', world),
};

const organization: Gap = {
  name: 'organization roles',
  routes: ['GET /authorization/organizations/{organizationId}/roles'],
  reason: 'as for environment roles; also leaves out the roles of the environment and accepts an unknown organization',
  fill: (call, _next, world) =>
    world.records.organizations.get(call.id)
      ? toList((role) => role.type === 'EnvironmentRole' || role.organization_id === call.id, world)
      : { status: 404, body: { message: `There is no organization '${call.id}'.` } },
};

export const roleGaps: readonly Gap[] = [environment, organization];
