import { area, tool } from '../../src/catalog/declaration.ts';
import { organizationId } from '../arguments.ts';
import { role, wholeList } from '../members.ts';

export default area({
  name: 'roles',
  title: 'Roles',
  meaning: 'roles with their permissions, of the environment or of one organization',
  tools: [
    tool({
      name: 'list_environment_roles',
      route: 'GET /authorization/roles',
      access: 'read',
      description: 'List all roles of the environment with their permissions.',
      input: {},
      output: wholeList(role),
    }),
    tool({
      name: 'list_organization_roles',
      route: 'GET /authorization/organizations/{organization_id}/roles',
      access: 'read',
      description: "List all roles of an organization: the environment's and its own (type OrganizationRole).",
      input: { organization_id: organizationId },
      output: wholeList(role),
    }),
  ],
});
