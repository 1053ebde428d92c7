import { expect } from 'vitest';
import type roles from '../../tools/areas/roles.ts';
import type { Cases } from '../support/case.ts';
import { ACME } from '../support/seeded.ts';

export default {
  list_environment_roles: {
    opens: 'roles:read',
    sandbox: {
      args: {},
      sends: { method: 'GET', path: '/authorization/roles', query: {} },
      status: 200,
      answers: { object: 'list', data: expect.arrayContaining([expect.objectContaining({ slug: 'admin' })]) },
    },
  },
  list_organization_roles: {
    opens: 'roles:read',
    sandbox: {
      args: { organization_id: ACME },
      sends: { method: 'GET', path: `/authorization/organizations/${ACME}/roles` },
      status: 200,
      answers: { data: expect.arrayContaining([expect.objectContaining({ type: 'OrganizationRole' })]) },
    },
    examples: [{ args: { organization_id: ACME, fields: ['slug', 'type', 'permissions'] } }],
  },
} satisfies Cases<typeof roles>;
