import { prompt } from '../../src/catalog/prompt.ts';

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
        'Look for the user with {list_users} by email, and create one with {create_user} only if there is none.',
        'Create the user with {create_user}. An error that the email is taken means that there is one already.',
        'Leave the user to a person: they are created in the WorkOS Dashboard.',
      ],
    },
    {
      given: 'first_user',
      do: 'Leave the membership to a person: no tool makes a user a member of an organization.',
    },
    {
      given: 'sign_in',
      do: [
        'If they sign in by SSO or want directory sync, a person sets that up in the WorkOS Dashboard or sends the customer a link to the Admin Portal; {list_connections} and {list_directories} by organization_id then show it.',
        'If they sign in by SSO or want directory sync, a person sets that up in the WorkOS Dashboard or sends the customer a link to the Admin Portal.',
      ],
    },
    'Report what exists now, with IDs, and what a person still has to do.',
  ],
});
