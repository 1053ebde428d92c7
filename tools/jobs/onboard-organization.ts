import { prompt } from '../../src/catalog/prompt.ts';
import { inviteContact, waitForSetup } from './shared-parts.ts';

/** Password and email codes need no setup, so these steps are conditional in words, too. */
const ifWanted = (ways: readonly string[]) => ways.map((way) => `For SSO or directory sync: ${way}`);

export default prompt({
  name: 'onboard_organization',
  title: 'Onboard an organization',
  description: 'Set up a new customer: an organization with its domain and first user.',
  arguments: {
    name: { description: 'Name of the new organization', required: true },
    domain: { description: 'Its email domain, e.g. example.com' },
    first_user: { description: 'Email address of its first user' },
    sign_in: {
      description: 'How its people sign in',
      choices: ['SSO', 'SSO and directory sync', 'password or email code'],
    },
  },
  needs: ['create_organization'],
  steps: [
    [
      'Check with {list_organizations} whether the organization already exists, by search for the name and, if one is given, by domains. If so, stop and report it.',
      'Ask whether the organization may already exist: you cannot check.',
    ],
    'Create it with {create_organization}, with the name alone.',
    {
      given: 'domain',
      do: [
        'Add the domain with {create_organization_domain}. Tell the person the DNS TXT record that its verification_prefix and verification_token make: they have to publish it.',
        'Leave the domain to a person: they add it to the organization in the WorkOS Dashboard.',
      ],
    },
    {
      given: 'domain',
      do: [
        'Once they say that the record is published, start with {verify_organization_domain} and read the state with {get_organization_domain}. DNS may take hours: "pending" is not an error.',
        'Once they say that the record is published, start with {verify_organization_domain}.',
        'Leave the verification of the domain to a person in the WorkOS Dashboard.',
      ],
    },
    {
      given: 'first_user',
      do: [
        'Look for the first user with {list_users} by email. If there is one, add them with {create_organization_membership}; else invite them with {create_invitation} by email and organization_id.',
        'Invite the first user with {create_invitation} by email and organization_id, which WorkOS emails them.',
        'Look for the first user with {list_users} by email, create one with {create_user} only if there is none, and add them with {create_organization_membership}.',
        'Leave the first user to a person: they are invited in the WorkOS Dashboard.',
      ],
    },
    {
      given: 'first_user',
      do: 'Without a role they get the default one. {list_organization_roles} has the others: choose none of them unless the person asks for it.',
    },
    ...inviteContact.map((ways) => ({ given: 'sign_in' as const, do: ifWanted(ways) })),
    { given: 'sign_in', do: ifWanted(waitForSetup) },
    'Report what exists now, with IDs, and what a person still has to do.',
  ],
});
