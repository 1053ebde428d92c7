import { expect } from 'vitest';
import type authorizationChecks from '../../tools/areas/authorization-checks.ts';
import type { Cases } from '../support/case.ts';
import { PAGE } from '../support/case-parts.ts';
import { ACME, ACME_PROJECT, ADA, ADA_IN_ACME } from '../support/seeded.ts';

const OM = 'om_01HXYZ123456789ABCDEFGHIJ';
const RESOURCE = 'authz_resource_01HZNVPK3SFK441A1RGBFSHRT';
const SLUG = { permission_slug: 'posts:read' };
const OF_ADA = `/authorization/organization_memberships/${ADA_IN_ACME}`;
const member = { organization_membership_id: ADA_IN_ACME };
const MAY = { permission_slug: 'invoices:read' };
const HARBOR = { resource_type_slug: 'project', external_id: 'project-harbor' };

export default {
  check_authorization: {
    opens: 'authorization_checks:read',
    calls: [
      { organization_membership_id: OM, ...SLUG, resource_id: RESOURCE },
      { organization_membership_id: OM, ...SLUG, resource_external_id: 'ext-1', resource_type_slug: 'project' },
    ],
    sandbox: {
      args: { ...member, ...MAY, resource_id: ACME_PROJECT },
      sends: { method: 'POST', path: `${OF_ADA}/check`, body: { ...MAY, resource_id: ACME_PROJECT } },
      status: 200,
      answers: { authorized: true },
    },
  },
  list_accessible_resources: {
    opens: 'authorization_checks:read',
    calls: [
      { ...PAGE, organization_membership_id: OM, ...SLUG, parent_resource_id: RESOURCE },
      {
        ...PAGE,
        organization_membership_id: OM,
        ...SLUG,
        parent_resource_external_id: 'ext-1',
        parent_resource_type_slug: 'workspace',
      },
    ],
    sandbox: {
      args: { ...member, ...MAY, parent_resource_external_id: ACME, parent_resource_type_slug: 'organization' },
      sends: {
        method: 'GET',
        path: `${OF_ADA}/resources`,
        query: { ...MAY, parent_resource_external_id: ACME, parent_resource_type_slug: 'organization' },
      },
      status: 200,
      answers: { data: expect.arrayContaining([expect.objectContaining({ id: ACME_PROJECT })]) },
    },
  },
  list_effective_permissions: {
    opens: 'authorization_checks:read',
    sandbox: {
      args: { ...member, resource_id: ACME_PROJECT },
      sends: { method: 'GET', path: `${OF_ADA}/resources/${ACME_PROJECT}/permissions` },
      status: 200,
      answers: { data: expect.arrayContaining([expect.objectContaining({ slug: 'invoices:read' })]) },
    },
  },
  list_permissions_on_external_resource: {
    opens: 'authorization_checks:read',
    sandbox: {
      args: { ...member, ...HARBOR },
      sends: { method: 'GET', path: `${OF_ADA}/resources/project/project-harbor/permissions` },
      status: 200,
      answers: { data: expect.arrayContaining([expect.objectContaining({ slug: 'invoices:read' })]) },
    },
  },
  list_resource_members: {
    opens: 'authorization_checks:read',
    sandbox: {
      args: { resource_id: ACME_PROJECT, ...MAY },
      sends: { method: 'GET', path: `/authorization/resources/${ACME_PROJECT}/organization_memberships`, query: MAY },
      status: 200,
      answers: { data: expect.arrayContaining([expect.objectContaining({ user_id: ADA })]) },
    },
  },
  list_resource_members_by_external_id: {
    opens: 'authorization_checks:read',
    sandbox: {
      args: { organization_id: ACME, ...HARBOR, ...MAY },
      sends: {
        method: 'GET',
        path: `/authorization/organizations/${ACME}/resources/project/project-harbor/organization_memberships`,
        query: MAY,
      },
      status: 200,
      answers: { data: expect.arrayContaining([expect.objectContaining({ user_id: ADA })]) },
    },
  },
} satisfies Cases<typeof authorizationChecks>;
