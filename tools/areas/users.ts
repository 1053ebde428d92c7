import * as z from 'zod';
import { API_KEY, area, CLIENT_ID, tool } from '../../src/catalog/declaration.ts';
import { detail, secret } from '../../src/catalog/output.ts';
import { ALL_STATUSES } from '../admission.ts';
import {
  changedMetadata,
  clearable,
  email,
  externalId,
  id,
  invitationToken,
  metadata,
  organizationId,
  page,
  radarAttemptId,
  requestContext,
  signalsId,
  signInRefused,
  userId,
} from '../arguments.ts';
import { again, checkGrantType, GRANT_TYPES, type GrantType } from '../grant-types.ts';
import { authentications, userManagement } from '../limits.ts';
import { kind, list, object, pairs, radarAttempt, text, textOrNull, times } from '../members.ts';
import { oauthTokens } from './sso.ts';

export const user = object({
  object: kind,
  id: text,
  first_name: textOrNull,
  last_name: textOrNull,
  // The two again, as a rule.
  name: detail(textOrNull),
  profile_picture_url: detail(textOrNull),
  email: text,
  email_verified: z.boolean(),
  external_id: textOrNull,
  // Up to 50 pairs of 600 characters.
  metadata: detail(pairs),
  last_sign_in_at: detail(textOrNull),
  locale: detail(textOrNull),
  ...times,
});

/** `idp_id` is who the user is at the provider, which no sign-in takes. */
const identity = object({ idp_id: detail(text), type: detail(text), provider: text });

const createdUser = user.extend(radarAttempt);

const signIn = object({
  user,
  organization_id: textOrNull,
  authkit_authorization_code: secret(text),
  access_token: secret(text),
  refresh_token: secret(text),
  authentication_method: text,
  impersonator: object({ email: text, reason: textOrNull }),
  oauth_tokens: oauthTokens,
});

/** Beside the email, by which two people are not told apart at a glance. `name` is missing in older answers. */
const named = ['email', 'first_name', 'last_name'] as const;

const profile = {
  first_name: z.string().describe('Given name').optional(),
  last_name: z.string().describe('Family name').optional(),
  name: z.string().describe('Full name').optional(),
  email_verified: z.boolean().describe('Mark the email as proven').optional(),
};

const password = {
  password: z.string().min(1).describe('Plain text, or give password_hash').optional(),
  password_hash: z.string().min(1).describe('Hash from another system').optional(),
  password_hash_type: z
    .enum(['bcrypt', 'firebase-scrypt', 'ssha', 'ssha256', 'scrypt', 'pbkdf2', 'argon2'])
    .describe('Required with password_hash')
    .optional(),
  password_salt_position: z.enum(['prefix', 'suffix']).describe('ssha256 only; default suffix').optional(),
};

const passwordSecrets = ['password', 'password_hash'] as const;
const passwordForm = ['password_hash_type', 'password_salt_position'] as const;

type Password = z.infer<z.ZodObject<typeof password>>;

const checkPassword = (args: Password) => [
  (args.password_hash === undefined) !== (args.password_hash_type === undefined) &&
    'password_hash and password_hash_type go together: give both or neither.',
  args.password_salt_position !== undefined &&
    args.password_hash_type !== 'ssha256' &&
    'password_salt_position needs password_hash with password_hash_type "ssha256".',
];

export default area({
  name: 'users',
  title: 'Users',
  meaning: 'people who sign in to your app (user_…); one may belong to several organizations',
  limits: userManagement,
  tools: [
    tool({
      name: 'create_user',
      route: 'POST /user_management/users',
      access: 'write',
      listed: true,
      words: 'add invite sign up register new person member account',
      description: 'Create a user.',
      toldBy: 'list_users',
      input: {
        email,
        ...profile,
        ...password,
        external_id: externalId.optional(),
        metadata,
        ...requestContext,
        signals_id: signalsId,
      },
      output: createdUser,
      credentials: {
        secrets: passwordSecrets,
        identity: [...passwordForm, 'email_verified'],
        description: 'The password is optional.',
      },
      exclusive: [['password', 'password_hash']],
      check: checkPassword,
    }),
    tool({
      name: 'get_user',
      route: 'GET /user_management/users/{user_id}',
      access: 'read',
      listed: true,
      words: 'look up show person profile account details',
      description: 'Get one user by ID.',
      input: { user_id: userId },
      output: user,
    }),
    tool({
      name: 'get_user_by_external_id',
      route: 'GET /user_management/users/external_id/{external_id}',
      access: 'read',
      description: 'Get one user by the ID that your own system has for them.',
      input: { external_id: externalId },
      output: user,
    }),
    tool({
      name: 'list_users',
      route: 'GET /user_management/users',
      access: 'read',
      listed: true,
      words: 'search find who people members accounts customers staff count everyone',
      description: 'List users, or find one by email.',
      input: {
        email: z.string().min(1).describe('Compared exactly, case too').optional(),
        organization_id: organizationId.describe('Members of this organization').optional(),
        ...page,
      },
      output: list(user),
      caseSensitive: ['email'],
    }),
    tool({
      name: 'update_user',
      route: 'PUT /user_management/users/{user_id}',
      access: 'write',
      listed: true,
      words: 'change edit rename set reset password email person profile account name external',
      description: 'Change the given fields of a user; the others stay.',
      input: {
        user_id: userId,
        email: email.optional(),
        ...profile,
        ...password,
        external_id: clearable(externalId),
        locale: clearable(z.string().min(1).describe('E.g. en-GB')),
        metadata: changedMetadata,
      },
      output: user,
      credentials: {
        secrets: passwordSecrets,
        identity: [...passwordForm, 'email', 'email_verified', 'external_id'],
        description: 'A new email becomes unverified.',
      },
      preview: { object: 'get_user', named },
      exclusive: [['password', 'password_hash']],
      check: checkPassword,
    }),
    tool({
      name: 'delete_user',
      route: 'DELETE /user_management/users/{user_id}',
      access: 'delete',
      words: 'remove erase offboard close cancel account person gdpr forget',
      description: 'Delete a user for good, with sessions and memberships.',
      input: { user_id: userId },
      preview: {
        object: 'get_user',
        named,
        dependents: { list_organization_memberships: { by: 'user_id', with: { statuses: ALL_STATUSES } } },
      },
    }),
    tool({
      name: 'list_user_identities',
      route: 'GET /user_management/users/{user_id}/identities',
      access: 'read',
      description: 'List the social accounts linked to a user.',
      words: 'google github microsoft apple oauth login provider connected linked sign in with',
      input: { user_id: userId },
      output: z.array(identity),
    }),
    tool({
      name: 'authenticate_user',
      route: 'POST /user_management/authenticate',
      access: 'write',
      words: 'log in login exchange code session token',
      description:
        'Sign a user in: returns the user and tokens. Each grant_type takes its own arguments; an error may ask for a further step.',
      toldBy: 'get_user',
      input: {
        // WorkOS's own enum: the keys of the table, which z.enum takes as a tuple.
        grant_type: z.enum(Object.keys(GRANT_TYPES) as [GrantType, ...GrantType[]]).describe('The way of signing in'),
        email: email.optional(),
        password: z.string().min(1).describe("The user's password").optional(),
        code: z.string().min(1).describe('From the redirect, email, SMS or authenticator app').optional(),
        code_verifier: z.string().min(1).describe('PKCE').optional(),
        refresh_token: z.string().min(1).describe('From an earlier sign-in').optional(),
        device_code: z.string().min(1).describe('From the device flow').optional(),
        pending_authentication_token: z.string().min(1).describe('From the error before').optional(),
        authentication_challenge_id: id('From challenge_auth_factor').optional(),
        organization_id: organizationId.optional(),
        radar_challenge_id: z.string().min(1).describe('From the error before').optional(),
        verification_id: z.string().min(1).describe('SMS sign-up only').optional(),
        phone_number: z.string().min(1).describe('SMS sign-up only').optional(),
        invitation_token: invitationToken,
        ...requestContext,
        device_id: z.string().describe("End user's device").optional(),
        signals_id: signalsId,
        radar_auth_attempt_id: radarAttemptId,
      },
      output: signIn,
      credentials: {
        // Choosing a way to sign in is choosing to become the user; every grant type needs one of the secrets.
        identity: ['grant_type'],
        secrets: [
          'password',
          'code',
          'code_verifier',
          'refresh_token',
          'device_code',
          'pending_authentication_token',
          'invitation_token',
        ],
      },
      limits: [authentications],
      constants: { client_id: CLIENT_ID, client_secret: API_KEY },
      check: checkGrantType,
      nextSteps: {
        ...signInRefused,
        email_verification_required: `Ask for the emailed code, then ${again('email-verification:code')}.`,
        mfa_enrollment: `Enroll a factor with enroll_auth_factor, challenge it, then ${again('mfa-totp')}.`,
        mfa_challenge: `Challenge a factor with challenge_auth_factor, then ${again('mfa-totp')}.`,
        organization_selection_required: `Choose one of the organizations, then ${again('organization-selection')}.`,
        radar_challenge: `Ask for the code, then ${again('radar-email-challenge:code')}.`,
        radar_sms_sign_in_challenge: `Ask for the code, then ${again('radar-sms-challenge:code')}.`,
        sso_required: 'Start SSO instead: get_sso_authorization_url with one of the connections.',
        authorization_pending: 'The person has not confirmed the device yet: call again in a few seconds.',
        slow_down: 'Wait a few more seconds before each call.',
      },
    }),
  ],
});
