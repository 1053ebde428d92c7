import { prompt } from '../../src/catalog/prompt.ts';
import { email, findOrganization, organization, report } from './shared-parts.ts';

export default prompt({
  name: 'debug_sso',
  title: 'Debug single sign-on',
  description: 'Find out why people of an organization cannot sign in by SSO.',
  arguments: {
    organization: { ...organization, required: true },
    domain: {
      description: 'Email domain that they sign in with',
      lookup: { tool: 'list_connections', within: { organization_id: 'organization' }, member: 'domains.domain' },
    },
    email: { ...email, description: 'Email address of a person who cannot sign in' },
    symptom: { description: 'What they see, e.g. the error message', max: 500 },
  },
  needs: ['list_connections'],
  steps: [
    findOrganization,
    [
      'List the failures of the last days with {list_events} by organization_id: authentication.sso_failed and authentication.sso_timed_out, with the fields event, created_at, data.email, data.sso and data.error. The error names the cause; one person or many tells where to look.',
      'Ask for the exact error: you cannot see failed sign-ins.',
    ],
    'See with {list_events} by organization_id when it changed: connection.activated, connection.deactivated, connection.saml_certificate_renewal_required and connection.saml_certificate_renewed.',
    'List its connections with {list_connections} by organization_id. If there is none, SSO was never set up. Only the state "active" lets people sign in.',
    'If it has several, determine which one these people use, by connection_type and domains.',
    'Read that one with {get_connection}: compare its type with the identity provider that they use, and updated_at with the time when the problem began.',
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
      do: 'If {list_directories} by organization_id shows a directory, look there with {list_directory_users} by directory and email: a user who is not "active" there was deactivated at the identity provider.',
    },
    [
      'If all of this is as it should be, build a URL with {get_sso_authorization_url} for the connection, with a redirect_uri that is configured in WorkOS, and have a person open it and tell you what they see.',
      'If all of this is as it should be, have a person try to sign in and tell you the exact error.',
    ],
    report,
  ],
});
