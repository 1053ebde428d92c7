import { prompt } from '../../src/catalog/prompt.ts';
import { findOrganization, inviteContact, organization, waitForSetup } from './shared-parts.ts';

export default prompt({
  name: 'set_up_sso',
  title: 'Set up single sign-on',
  description: 'Have a customer set up single sign-on or directory sync, and find out when it works.',
  arguments: {
    organization: { ...organization, required: true },
    setup: { description: 'What to set up', choices: ['SSO', 'directory sync', 'SSO and directory sync'] },
    contact: { description: 'Email address of the customer’s IT contact' },
    domain: { description: 'Email domain that its people sign in with' },
  },
  needs: ['invite_it_contact'],
  steps: [
    findOrganization,
    [
      'See with {list_connections} and {list_directories} by organization_id what there is already. If what is wanted is active or linked, report that and stop.',
      'See with {list_connections} by organization_id what there is already. If it is active and nothing else is wanted, report that and stop.',
    ],
    [
      'Read its domains with {get_organization}. People with an email on a domain that is not "verified" or "legacy_verified" may not be able to sign in.',
      'Ask whether the domains of the organization are verified in WorkOS.',
    ],
    {
      given: 'domain',
      do: [
        'If the domain is missing, add it with {create_organization_domain}, and tell the person the DNS TXT record to publish. Once it is published, start with {verify_organization_domain}: "pending" is not an error.',
        'If the domain is missing or pending, leave that to a person in the WorkOS Dashboard.',
      ],
    },
    ...inviteContact,
    ...[waitForSetup],
    [
      'Read what there is now with {get_connection} and, for directory sync, {get_directory}: "active" and "linked" are the states that work.',
      'Read what there is now with {get_connection}: "active" is the state that works.',
    ],
    [
      'For SSO, build a URL with {get_sso_authorization_url} for the connection, with a redirect_uri that is configured in WorkOS, and have a person try it.',
      'For SSO, have a person try to sign in.',
    ],
    'Report what works now, with IDs, and what is still open and with whom.',
  ],
});
