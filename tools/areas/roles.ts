import { area, tool } from '../../src/catalog/declaration.ts';
import { organizationId } from '../arguments.ts';
import { kind, object, text, textOrNull, texts, times, wholeList } from '../members.ts';

const role = object({
  object: kind,
  slug: text,
  id: text,
  name: text,
  description: textOrNull,
  type: text,
  resource_type_slug: text,
  permissions: texts,
  ...times,
});

/** A role as it is assigned to a user. */
export const assignedRole = object({ slug: text });

export default area({
  name: 'roles',
  title: 'Roles',
  meaning: 'roles with their permissions, of the environment or of one organization',
  tools: [
    tool({
      name: 'list_environment_roles',
      route: 'GET /authorization/roles',
      access: 'read',
      words: 'permissions rbac access levels default global available',
      description: 'List all roles of the environment with their permissions.',
      input: {},
      output: wholeList(role),
    }),
    tool({
      name: 'list_organization_roles',
      route: 'GET /authorization/organizations/{organization_id}/roles',
      access: 'read',
      listed: true,
      words: 'permissions rbac access levels custom customer company',
      description: "List all roles of an organization: the environment's and its own (type OrganizationRole).",
      input: { organization_id: organizationId },
      output: wholeList(role),
    }),
  ],
});
