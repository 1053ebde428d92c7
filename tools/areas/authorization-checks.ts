import * as z from 'zod';
import { area, tool } from '../../src/catalog/declaration.ts';
import { detail } from '../../src/catalog/output.ts';
import { id, membershipId, organizationId, page } from '../arguments.ts';
import { kind, list, object, pairs, text, textOrNull, times } from '../members.ts';
import { user } from './users.ts';

const verdict = object({ authorized: z.boolean() });

const resource = object({
  object: kind,
  id: text,
  external_id: text,
  resource_type_slug: text,
  name: text,
  description: detail(textOrNull),
  organization_id: text,
  parent_resource_id: textOrNull,
  ...times,
});

const permission = object({
  object: kind,
  id: text,
  slug: text,
  name: text,
  description: detail(textOrNull),
  system: detail(z.boolean()),
  resource_type_slug: text,
  ...times,
});

/** A membership without its roles. */
const resourceMember = object({
  object: kind,
  id: text,
  user_id: text,
  organization_id: text,
  status: text,
  directory_managed: detail(z.boolean()),
  organization_name: detail(text),
  custom_attributes: detail(pairs),
  user,
  ...times,
});

const permissionSlug = z.string().min(1).describe('From list_organization_roles');
const resourceId = id('authz_resource_…, from list_accessible_resources');
const resourceType = z.string().min(1).describe('Slug of its type');
const resourceExternalId = z.string().min(1).describe('Your own ID of it');

const whoMay = {
  permission_slug: permissionSlug,
  assignment: z.enum(['direct', 'indirect']).describe('indirect: inherited too').optional(),
  ...page,
};

export default area({
  name: 'authorization_checks',
  title: 'Authorization checks',
  meaning: 'whether a member may do something, and on what resource (authz_resource_…)',
  tools: [
    tool({
      name: 'check_authorization',
      route: 'POST /authorization/organization_memberships/{organization_membership_id}/check',
      access: 'read',
      effect: 'none',
      description: 'Ask whether a member has a permission on a resource.',
      listed: true,
      words: 'can may allowed access permission fga rbac why denied forbidden',
      input: {
        organization_membership_id: membershipId,
        permission_slug: permissionSlug,
        resource_id: resourceId.optional(),
        resource_external_id: resourceExternalId.optional(),
        resource_type_slug: resourceType.describe('Required with resource_external_id').optional(),
      },
      output: verdict,
      exactlyOne: ['resource_id', 'resource_external_id'],
      check: (args) => [
        (args.resource_external_id === undefined) !== (args.resource_type_slug === undefined) &&
          'resource_external_id and resource_type_slug go together: give both or neither.',
      ],
    }),
    tool({
      name: 'list_accessible_resources',
      route: 'GET /authorization/organization_memberships/{organization_membership_id}/resources',
      access: 'read',
      description: 'List the resources below a parent where a member has a permission.',
      words: 'what can see open access projects workspaces documents fga',
      input: {
        organization_membership_id: membershipId,
        permission_slug: permissionSlug,
        parent_resource_id: resourceId.optional(),
        parent_resource_external_id: resourceExternalId.optional(),
        parent_resource_type_slug: resourceType.describe('Required with parent_resource_external_id').optional(),
        ...page,
      },
      output: list(resource),
      exactlyOne: ['parent_resource_id', 'parent_resource_external_id'],
      check: (args) => [
        (args.parent_resource_external_id === undefined) !== (args.parent_resource_type_slug === undefined) &&
          'parent_resource_external_id and parent_resource_type_slug go together: give both or neither.',
      ],
    }),
    tool({
      name: 'list_effective_permissions',
      route:
        'GET /authorization/organization_memberships/{organization_membership_id}/resources/{resource_id}/permissions',
      access: 'read',
      description: 'List the permissions that a member has on a resource, inherited ones too.',
      words: 'what can do allowed inherited access rights fga rbac',
      input: { organization_membership_id: membershipId, resource_id: resourceId, ...page },
      output: list(permission),
    }),
    tool({
      name: 'list_permissions_on_external_resource',
      route:
        'GET /authorization/organization_memberships/{organization_membership_id}/resources/{resource_type_slug}/{external_id}/permissions',
      access: 'read',
      description: 'List the permissions that a member has on a resource, by your own ID of it.',
      words: 'what can do allowed inherited access rights fga rbac external',
      input: {
        organization_membership_id: membershipId,
        resource_type_slug: resourceType,
        external_id: resourceExternalId,
        ...page,
      },
      output: list(permission),
    }),
    tool({
      name: 'list_resource_members',
      route: 'GET /authorization/resources/{resource_id}/organization_memberships',
      access: 'read',
      description: 'List who has a permission on a resource.',
      words: 'who can see open access shared people users fga',
      input: { resource_id: resourceId, ...whoMay },
      output: list(resourceMember),
    }),
    tool({
      name: 'list_resource_members_by_external_id',
      route:
        'GET /authorization/organizations/{organization_id}/resources/{resource_type_slug}/{external_id}/organization_memberships',
      access: 'read',
      description: 'List who has a permission on a resource, by your own ID of it.',
      words: 'who can see open access shared people users fga external',
      input: {
        organization_id: organizationId,
        resource_type_slug: resourceType,
        external_id: resourceExternalId,
        ...whoMay,
      },
      output: list(resourceMember),
    }),
  ],
});
