import { prompt } from '../../src/catalog/prompt.ts';
import { email, findOrganization, organization } from './shared-parts.ts';

export default prompt({
  name: 'offboard_user',
  title: 'Offboard a user',
  description: 'Permanently remove all access of a person who has left.',
  arguments: {
    email: { ...email, required: true },
    organization: { ...organization, description: 'Name or ID of the organization that they have left' },
  },
  needs: ['list_users', 'delete_user'],
  steps: [
    'Find the user with {list_users} by email. If there is none, report that and stop.',
    'Show name, email and ID to the person you work for, and ask whether this is who has left. Go on only after a yes.',
    { given: 'organization', do: findOrganization },
    {
      given: 'organization',
      do: 'Look for them in its directories: {list_directories} by organization_id, then {list_directory_users} by directory and email. Note whether they are still "active" there.',
    },
    'Ask whether the identity provider has deactivated them, if they use one: a sync or a sign-in by SSO may bring them back. Go on once it has.',
    'Delete the user with {delete_user}, which ends sessions and all memberships, in other organizations too.',
    'Check with {list_users} by email that the user is gone.',
    {
      given: 'organization',
      do: 'If the person wants it in the audit log of the organization, record it with {create_audit_log_event}, under an action that is configured in WorkOS.',
    },
    'Report what was done, with IDs, and what a person still has to do.',
  ],
});
