import { prompt } from '../../src/catalog/prompt.ts';
import { findOrganization, organization } from './shared-parts.ts';

export default prompt({
  name: 'invite_member',
  title: 'Invite a member',
  description: 'Ask a person into an organization, unless they are in it or invited already.',
  arguments: {
    email: { description: 'Email address of the person', required: true },
    organization: { ...organization, required: true },
    role: { description: 'Slug or name of the role that they should have' },
  },
  needs: ['create_invitation'],
  steps: [
    findOrganization,
    'Look for a user with {list_users} by email. If there is one, look with {list_organization_memberships} by user_id and organization_id, with the statuses active, inactive and pending. If one is active, report that and stop. If one is inactive, tell the person that access would come back with earlier roles, and stop.',
    [
      'Look with {list_invitations} by organization_id and email, in lower case too. If one is pending, send it again with {resend_invitation}, report that and stop.',
      'Ask whether the person may be invited already: you cannot check.',
    ],
    {
      given: 'role',
      do: [
        'Find the role with {list_organization_roles}, and tell the person its permissions. If {create_invitation} has no argument role_slug, you may not choose a role: say so, and go on without.',
        'Ask for the slug of the role. If {create_invitation} has no argument role_slug, you may not choose a role: say so, and go on without.',
      ],
    },
    'Invite with {create_invitation}, by email and organization_id. If the email is on no verified domain of the organization, or a role is chosen, a person has to agree.',
    'Report who was invited to what, with the ID of the invitation and the time at which it ends.',
  ],
});
