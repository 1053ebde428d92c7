import { prompt } from '../../src/catalog/prompt.ts';
import { email, findOrganization, organization, report } from './shared-parts.ts';

export default prompt({
  name: 'debug_directory_sync',
  title: 'Debug directory sync',
  description: 'Find out why users or groups of a directory are missing or wrong.',
  arguments: {
    organization: { ...organization, required: true },
    directory: {
      description: 'Name or ID of the directory, if there are several',
      lookup: {
        tool: 'list_directories',
        search: 'search',
        within: { organization_id: 'organization' },
        member: 'name',
        withId: true,
      },
    },
    email: { ...email, description: 'Email address of a person who is missing or wrong' },
    symptom: { description: 'What is wrong, e.g. the group that is missing', max: 500 },
  },
  needs: ['list_directories'],
  steps: [
    findOrganization,
    'List its directories with {list_directories} by organization_id. If there is none, directory sync was never set up. Only the state "linked" syncs; "invalid_credentials" needs new credentials from the administrator of the identity provider.',
    'Read the directory with {get_directory}: its metadata counts active and inactive users, and groups. Far fewer than expected means that the rest is not assigned to the app at the identity provider.',
    {
      given: 'email',
      do: [
        'Look for the person with {list_directory_users} by directory and email. If there is none, the identity provider does not send them. "suspended" or "inactive": they were deactivated there.',
        'Ask a person to look for the user in the WorkOS Dashboard, under the directory.',
      ],
    },
    { given: 'email', do: 'If there is one, read attributes and role with {get_directory_user}.' },
    {
      given: 'email',
      do: 'Read their groups with {list_directory_groups} by user: a role may follow from a group.',
    },
    'If it is about a group, look for it with {list_directory_groups} by directory. If none has that name, the identity provider does not push it.',
    report,
  ],
});
