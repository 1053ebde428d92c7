import { type PromptArgument, prompt } from '../../src/catalog/prompt.ts';

const organization: PromptArgument<never> = {
  description: 'Name or ID of the organization',
  lookup: { tool: 'list_organizations', search: 'search', member: 'name', withId: true },
};

const email: PromptArgument<'organization'> = {
  description: 'Email address of the user',
  lookup: { tool: 'list_users', within: { organization_id: 'organization' }, member: 'email' },
};

const findOrganization = [
  'Unless its ID (org_…) is given, find the organization with {list_organizations}, by search for a name or by domains. Where several fit, ask which one is meant.',
  'Unless its ID (org_…) is given, ask for the ID of the organization.',
];

const report =
  'Report the likely cause, what shows it (IDs, states, dates) and who can mend it: whoever administers the customer’s identity provider, or a person in the WorkOS Dashboard. Change nothing yourself.';

/** The jobs that this server is most often wanted for. */
export const prompts = [
  prompt({
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
        'Look with {list_organizations} whether there is such an organization already, by search for the name and, if one is given, by domains. If so, stop and report it.',
        'Ask whether there may be such an organization already: you cannot look.',
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
          'Once they say that the record is published, start with {verify_organization_domain} and read the state with {get_organization_domain}. DNS may take hours: "pending" is no fault.',
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
      'Report what there is now, with IDs, and what is left to a person.',
    ],
  }),
  prompt({
    name: 'debug_sso',
    title: 'Debug single sign-on',
    description: 'Find out why people of an organization cannot sign in by SSO.',
    arguments: {
      organization: { ...organization, required: true },
      domain: {
        description: 'Email domain that they sign in with',
        lookup: { tool: 'list_connections', within: { organization_id: 'organization' }, member: 'domains.domain' },
      },
      email: { ...email, description: 'Email address of somebody who cannot sign in' },
      symptom: { description: 'What they see, e.g. the error message', max: 500 },
    },
    needs: ['list_connections'],
    steps: [
      findOrganization,
      'List its connections with {list_connections} by organization_id. If there is none, SSO was never set up. Only the state "active" lets people sign in.',
      'If it has several, say which one these people get to, by connection_type and domains.',
      'Read that one with {get_connection}: compare its type with the identity provider that they use, and updated_at with when the trouble began.',
      [
        'Read its domains with {get_organization}: the email domain has to be among them, "verified" or "legacy_verified", unless allow_profiles_outside_organization is true.',
        'Ask a person to look in the WorkOS Dashboard whether the email domain is among the domains of the organization, and verified.',
      ],
      {
        given: 'email',
        do: 'Look for the user with {list_users} by email: is the address spelt as at the identity provider, and is its domain one of the organization’s?',
      },
      {
        given: 'email',
        do: 'If {list_directories} by organization_id shows a directory, look there with {list_directory_users} by directory and email: whoever is not "active" there was deactivated at the identity provider.',
      },
      [
        'If all of this is as it should be, build a URL with {get_sso_authorization_url} for the connection, with a redirect_uri that is configured in WorkOS, and have a person open it and tell you what they see.',
        'If all of this is as it should be, have a person try to sign in and tell you the exact error.',
      ],
      report,
    ],
  }),
  prompt({
    name: 'debug_directory_sync',
    title: 'Debug directory sync',
    description: 'Find out why users or groups of a directory do not arrive, or arrive wrong.',
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
      email: { ...email, description: 'Email address of somebody who is missing or wrong' },
      symptom: { description: 'What is wrong, e.g. the group that is missing', max: 500 },
    },
    needs: ['list_directories'],
    steps: [
      findOrganization,
      'List its directories with {list_directories} by organization_id. If there is none, directory sync was never set up. Only the state "linked" syncs; "invalid_credentials" takes new ones from whoever administers the identity provider.',
      'Read the directory with {get_directory}: its metadata counts active and inactive users, and groups. Far fewer than expected means that the rest is not assigned to the app at the identity provider.',
      {
        given: 'email',
        do: [
          'Look for the person with {list_directory_users} by directory and email. Nobody: the identity provider does not send them. "suspended" or "inactive": they were deactivated there.',
          'Ask a person to look for the user in the WorkOS Dashboard, under the directory.',
        ],
      },
      { given: 'email', do: 'If there is one, read attributes and role with {get_directory_user}.' },
      {
        given: 'email',
        do: 'Read their groups with {list_directory_groups} by user: a role may follow from a group.',
      },
      'If it is about a group, look for it with {list_directory_groups} by directory. None of that name: the identity provider does not push it.',
      report,
    ],
  }),
  prompt({
    name: 'offboard_user',
    title: 'Offboard a user',
    description: 'Take all access from somebody who has left, for good.',
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
      'Look with {list_users} by email that nobody is left.',
      {
        given: 'organization',
        do: 'If the person wants it in the audit log of the organization, record it with {create_audit_log_event}, under an action that is configured in WorkOS.',
      },
      'Report what was done, with IDs, and what is left to a person.',
    ],
  }),
  prompt({
    name: 'review_access',
    title: 'Review access',
    description: 'Review who has access to an organization, and how they get in.',
    arguments: {
      organization: { ...organization, required: true },
      unused_days: {
        description: 'Days without a sign-in after which access counts as unused',
        choices: ['30', '60', '90', '180', '365'],
      },
    },
    needs: ['list_users'],
    steps: [
      findOrganization,
      'List its members with {list_users} by organization_id, with max_items and the fields id, email, email_verified, created_at and last_sign_in_at. Note who is unverified, and who has not signed in for the days given, else for 90.',
      [
        'Read its domains with {get_organization}, and note members whose email has another one, or one that is not verified.',
        'Note members whose email has another domain than most.',
      ],
      'List with {list_connections} by organization_id how they may sign in by SSO; note what is not "active".',
      'List its directories with {list_directories} by organization_id and their users with {list_directory_users}, with max_items: note members who are missing there or not "active", and the roles that are given there.',
      'List the roles with {list_organization_roles}, and note those with far-reaching permissions. Who has which, only a directory tells: ask a person to look up the rest in the WorkOS Dashboard.',
      'If the person wants to know what was done, start {create_audit_log_export} for the time in question and follow it with {get_audit_log_export}. If its URL is withheld, they download it in the WorkOS Dashboard.',
      'Report a table of who has access (email, ID, last sign-in, what you noted) and what you would take away. Change nothing yourself.',
    ],
  }),
];
