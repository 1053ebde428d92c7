import { prompt } from '../../src/catalog/prompt.ts';
import { email, findOrganization, findUser, organization } from './shared-parts.ts';

export default prompt({
  name: 'change_role',
  title: 'Change a role',
  description: 'Change the role of a member, and say what they gain and lose by it.',
  arguments: {
    email: { ...email, required: true },
    organization: { ...organization, required: true },
    role: { description: 'Slug or name of the new role', required: true },
  },
  needs: ['list_users', 'list_organization_memberships', 'update_organization_membership'],
  steps: [
    findOrganization,
    findUser,
    'Find the membership with {list_organization_memberships} by user_id and organization_id. If there is none, report that and stop.',
    'If {get_organization_membership} shows directory_managed, tell the person: the directory may decide on the role.',
    [
      'Find both roles with {list_organization_roles}, and compare their permissions.',
      'Ask for the slug of the new role, and what it permits: you cannot list the roles.',
    ],
    'Show the person who it is, the role before and after, and the permissions that are gained and lost. Go on only after a yes.',
    'Change it with {update_organization_membership}, by role_slug; if the member has several roles, by role_slugs with those that stay.',
    'Report the role before and after, with the ID of the membership.',
  ],
});
