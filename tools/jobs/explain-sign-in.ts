import { prompt } from '../../src/catalog/prompt.ts';
import { email, organization } from './shared-parts.ts';

export default prompt({
  name: 'explain_sign_in',
  title: 'Explain a sign-in',
  description: 'Find out why one person could not sign in, or how they did.',
  arguments: {
    email: { ...email, required: true },
    organization: { ...organization, description: 'Name or ID of the organization that they sign in to' },
    time: { description: 'When it was, e.g. an hour ago' },
    symptom: { description: 'What they see, e.g. the error message', max: 500 },
  },
  needs: ['list_users', 'list_events'],
  steps: [
    'Look for the user with {list_users} by email: is there one, is the email verified, and when did they last sign in?',
    [
      'List the failures with {list_events}, the condition data.email=ADDRESS in where, a range_start before it, and the fields event, created_at and data.error. Types: authentication.password_failed, authentication.magic_auth_failed, authentication.mfa_failed, authentication.oauth_failed, authentication.passkey_failed, authentication.email_verification_failed, authentication.sso_failed, authentication.sso_timed_out and action.authentication.denied. The error says what went wrong.',
      'List what {list_events} shows of them, with the condition data.email=ADDRESS in where, and a range_start before it.',
    ],
    'List successes in the same way with {list_events}: authentication.password_succeeded, authentication.magic_auth_succeeded, authentication.mfa_succeeded, authentication.oauth_succeeded, authentication.passkey_succeeded and authentication.sso_succeeded. What worked before, and what has changed since?',
    'List their open sessions with {list_user_sessions}: auth_method, and created_at.',
    'If a second factor failed, see with {list_user_auth_factors} which they have.',
    'See with {list_organization_memberships} by user_id, with the statuses active, inactive and pending, whether they still belong to the organization.',
    'If it was SSO, read the connection of the event with {get_connection}: only "active" lets people sign in.',
    'If {list_directories} by organization_id shows a directory, look there with {list_directory_users} by directory and email: users who are not "active" were deactivated at the identity provider.',
    'Report the cause, the evidence (IDs, times, error codes) and the next step: a new password, another code, a membership, or the administrator of the identity provider. Change nothing yourself.',
  ],
});
