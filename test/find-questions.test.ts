import { expect, it } from 'vitest';
import { createPolicy } from '../src/access/policy.ts';
import { createOwnTools } from '../src/start/own-tools.ts';
import { catalog, toGrants } from './support/catalog.ts';

/** What people ask, in their words, of tools beside those of test/find-tools.test.ts. */
const QUESTIONS: Readonly<Record<string, readonly [string, string]>> = {
  list_user_sessions: ['where is Ada logged in right now', 'which devices does this person use'],
  revoke_session: ['kick somebody out of their session', 'sign a user out everywhere'],
  get_authkit_authorization_url: ['a link to the hosted login page', 'start a Google sign-in with AuthKit'],
  send_verification_email: ['send the verification mail again', 'they never got the code that verifies their email'],
  get_email_verification: ['has the email verification code expired', 'status of an email verification'],
  confirm_email_verification: ['verify an email address with a code', 'mark the email verified by this code'],
  send_email_change: ['move an account to a new mailbox', 'start a change of email address'],
  confirm_email_change: ['finish the email change with the code', 'confirm the new email address'],
  create_password_reset: ['they forgot their password', 'send a password reset link'],
  get_password_reset: ['is the password reset link still valid', 'when does this password reset expire'],
  confirm_password_reset: ['finish a password reset with the token', 'set the new password of a reset'],
  list_user_auth_factors: ['does Ada have 2FA', 'which second factors has this person enrolled'],
  get_auth_factor: ['details of one second factor', 'show this authenticator app factor'],
  enroll_user_auth_factor: ['register an authenticator app for a user', 'set up TOTP for this person'],
  delete_auth_factor: ['reset 2FA after a lost phone', 'remove a second factor'],
  create_portal_link: ['make an Admin Portal link', 'a setup link where the customer configures SSO'],
  list_it_contacts: ['who are the IT contacts of Acme', 'which technical administrators does a customer have'],
  create_it_contact: ['add an IT contact', 'a new technical administrator for a customer'],
  invite_it_contact: ['email the customer a link to configure Okta', 'invite an IT contact to set up SSO'],
  revoke_it_contact_invitation: ['cancel the Admin Portal invitation', 'withdraw the setup link'],
  delete_it_contact: ['remove an IT contact', 'this technical administrator left the customer'],
  check_authorization: ['may Ada read invoices', 'why is access denied'],
  list_accessible_resources: ['which projects can this member see', 'what resources does a member have access to'],
  list_effective_permissions: ['what can this member do on a resource', 'inherited permissions of a member'],
  list_permissions_on_external_resource: [
    'permissions of a member on a resource by our own id',
    'what may a member do on external resource project-harbor',
  ],
  list_resource_members: ['who can open this project', 'who has a permission on a resource'],
  list_resource_members_by_external_id: [
    'who can open the resource with our own id',
    'members of external resource project-harbor',
  ],
  list_organization_api_keys: ['which API keys does Acme have', 'unused keys of a customer'],
  list_user_api_keys: ['personal API keys of this person', 'which keys does Ben hold'],
  create_organization_api_key: ['issue an API key for a customer', 'rotate the API key of a company'],
  create_user_api_key: ['issue a personal API key', 'new API key for a user'],
  validate_api_key: ['whose API key is this', 'is this leaked key still valid'],
  expire_api_key: ['disable a leaked API key now', 'end a key at once'],
  delete_api_key: ['delete an API key', 'remove a key for good'],
};

it('finds the tool of a question in the words of people, 95 times of 100 or more', async () => {
  const grants = toGrants('*:full *:credentials');
  const agent = { name: 'a', grants, policy: createPolicy(catalog, grants), confirm: 'auto' } as const;
  const own = createOwnTools(catalog)(agent, { statusTool: true, isListed: () => false });
  const find = own.finding?.find ?? expect.fail('it can find');
  const asked = Object.entries(QUESTIONS).flatMap(([tool, questions]) => questions.map((query) => ({ tool, query })));
  const missed: string[] = [];
  for (const { tool, query } of asked) {
    const args = find.schema().parse({ query });
    const answer = await find.local?.(args, { label: 'staging', baseUrl: 'https://workos.test' });
    if (!new RegExp(`"${tool}[("]`).test(JSON.stringify(answer))) missed.push(`${query}: ${tool}`);
  }
  expect(missed.length / asked.length, missed.join('\n')).toBeLessThanOrEqual(0.05);
});
