import { expect } from 'vitest';
import { ids } from '../../sandbox/ids.ts';
import type memberships from '../../tools/areas/memberships.ts';
import type { Cases } from '../support/case.ts';
import { ORGANIZATION, PAGE, PLAIN, USER } from '../support/case-parts.ts';
import { ACME, ADA, ADA_IN_ACME } from '../support/seeded.ts';

const MEMBERSHIP = 'om_01E4ZCR3C5A4QZ2Z2JQXGKZJ9E';
const { ben, maya } = ids.users;
const { cedarwick } = ids.organizations;
const route = '/user_management/organization_memberships';

export default {
  list_organization_memberships: {
    opens: 'memberships:read',
    calls: [{ ...PAGE, organization_id: ORGANIZATION, user_id: USER, statuses: ['active', 'pending'] }],
    sandbox: {
      args: { user_id: ADA, statuses: ['active', 'inactive'] },
      sends: { method: 'GET', path: route, query: { user_id: ADA, statuses: 'active,inactive' } },
      status: 200,
      answers: { data: [expect.objectContaining({ id: ADA_IN_ACME, organization_name: 'Acme' })] },
    },
    examples: [
      { args: { user_id: ADA } },
      { says: 'Who no longer has access:', args: { organization_id: cedarwick, statuses: ['inactive'] } },
    ],
  },
  get_organization_membership: {
    opens: 'memberships:read',
    sandbox: {
      args: { organization_membership_id: ADA_IN_ACME },
      sends: { method: 'GET', path: `${route}/${ADA_IN_ACME}` },
      status: 200,
      answers: { object: 'organization_membership', role: { slug: 'admin' } },
    },
  },
  create_organization_membership: {
    opens: 'memberships:write',
    guarded: ['role_slug', 'role_slugs'],
    plain: {
      user_id: 'names the user; an inbox from outside waits for a confirmation',
      organization_id: PLAIN.organization,
    },
    calls: [
      { user_id: USER, organization_id: ORGANIZATION, role_slug: 'admin' },
      { user_id: USER, organization_id: ORGANIZATION, role_slugs: ['admin', 'member'] },
    ],
    sandbox: {
      args: { user_id: maya, organization_id: ACME },
      sends: { method: 'POST', path: route, body: { user_id: maya, organization_id: ACME } },
      status: 201,
      answers: { object: 'organization_membership', status: 'active' },
    },
    examples: [{ args: { user_id: maya, organization_id: ACME }, confirmed: true }],
  },
  update_organization_membership: {
    opens: 'memberships:write',
    needsCredentials: true,
    calls: [
      { organization_membership_id: MEMBERSHIP, role_slug: 'admin' },
      { organization_membership_id: MEMBERSHIP, role_slugs: ['admin', 'member'] },
    ],
    sandbox: {
      args: { organization_membership_id: ids.memberships.ben, role_slug: 'billing' },
      sends: { method: 'PUT', path: `${route}/${ids.memberships.ben}`, body: { role_slug: 'billing' } },
      status: 200,
      answers: { user_id: ben, role: { slug: 'billing' } },
    },
    examples: [{ args: { organization_membership_id: ids.memberships.ben, role_slug: 'billing' }, confirmed: true }],
  },
  delete_organization_membership: {
    opens: 'memberships:delete',
    sandbox: {
      args: { organization_membership_id: ids.memberships.ben },
      sends: { method: 'DELETE', path: `${route}/${ids.memberships.ben}`, body: undefined },
      status: 200,
      answers: { ok: true },
    },
    examples: [{ args: { organization_membership_id: ids.memberships.ben }, confirmed: true }],
  },
  deactivate_organization_membership: {
    opens: 'memberships:write',
    sandbox: {
      args: { organization_membership_id: ids.memberships.caraDamson },
      sends: { method: 'PUT', path: `${route}/${ids.memberships.caraDamson}/deactivate` },
      status: 200,
      answers: { status: 'inactive' },
    },
  },
  reactivate_organization_membership: {
    opens: 'memberships:write',
    needsCredentials: true,
    sandbox: {
      args: { organization_membership_id: ids.memberships.tessInactive },
      sends: { method: 'PUT', path: `${route}/${ids.memberships.tessInactive}/reactivate` },
      status: 200,
      answers: { status: 'active' },
    },
    examples: [{ args: { organization_membership_id: ids.memberships.tessInactive }, confirmed: true }],
  },
} satisfies Cases<typeof memberships>;
