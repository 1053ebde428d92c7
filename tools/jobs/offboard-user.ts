import { prompt } from '../../src/catalog/prompt.ts';
import { email, findOrganization, findUser, organization } from './shared-parts.ts';

export default prompt({
  name: 'offboard_user',
  title: 'Offboard a user',
  description: 'Take all access away from a person who has left.',
  arguments: {
    email: { ...email, required: true },
    organization: { ...organization, description: 'Name or ID of the organization that they have left, if not all' },
  },
  needs: ['list_users', ['deactivate_organization_membership', 'delete_organization_membership', 'delete_user']],
  steps: [
    findUser,
    'Show name, email and ID to the person you work for, and ask whether this is who has left. Go on only after a yes.',
    { given: 'organization', do: findOrganization },
    [
      'List their memberships with {list_organization_memberships} by user_id, with the statuses active, inactive and pending. If an organization is given, only its own are meant, in all further steps.',
      'Ask for the IDs of their memberships (om_…): you cannot list them.',
    ],
    [
      'Look for them in the directories of these organizations: {list_directories} by organization_id, then {list_directory_users} by directory and email, or where last_name is theirs, since emails may differ. If they are "active" there, ask for them to be deactivated at the identity provider first, since a sync may bring them back. Go on once that is done.',
      'Ask whether the identity provider has deactivated them, if they use one: a sync or a sign-in by SSO may bring them back. Go on once it has.',
    ],
    [
      'Take the access away with {deactivate_organization_membership}, which keeps the membership and can be undone. End pending ones, and those that the person wants removed for good, with {delete_organization_membership}.',
      'Take the access away with {deactivate_organization_membership}, which keeps the membership and can be undone. A pending one ends with its invitation.',
      'Remove each membership with {delete_organization_membership}, which cannot be undone.',
      'Ask a person to end the memberships in the WorkOS Dashboard, unless the user is deleted.',
    ],
    [
      'List their open sessions with {list_user_sessions}, and end each with {revoke_session}: deactivated members may still be signed in.',
      'Ask a person to end the open sessions in the WorkOS Dashboard.',
    ],
    [
      'List their API keys with {list_user_api_keys}, and end each with {expire_api_key}.',
      'List their API keys with {list_user_api_keys}, and end each with {delete_api_key}.',
      'List their API keys with {list_user_api_keys}, and ask a person to end each in the WorkOS Dashboard.',
      'Ask a person to end their API keys in the WorkOS Dashboard.',
    ],
    [
      'Look for invitations that are still pending with {list_invitations} by email, and end each with {revoke_invitation}.',
      'Ask a person to revoke pending invitations in the WorkOS Dashboard.',
    ],
    'Only if the person asks for it, delete the user with {delete_user}: for good, in all organizations.',
    'See that nothing is left: {list_organization_memberships} with the status active, and {list_user_sessions}.',
    {
      given: 'organization',
      do: 'If the person wants it in the audit log of the organization, record it with {create_audit_log_event}, under an action that is configured in WorkOS.',
    },
    'Report what was done, with IDs, and what a person still has to look at: applications that the user has authorized, agents that act for them, and keys of the organization that they may know.',
  ],
});
