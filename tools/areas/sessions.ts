import * as z from 'zod';
import { area, CLIENT_ID, tool } from '../../src/catalog/declaration.ts';
import { detail } from '../../src/catalog/output.ts';
import { connectionId, id, invitationToken, organizationId, page, userId } from '../arguments.ts';
import {
  authorizationUrl,
  checkCodeChallenge,
  codeChallenge,
  OAUTH_PROVIDERS,
  redirectUri,
  signInHints,
  toAuthorizationUrl,
} from '../authorization-url.ts';
import { endings, userManagement } from '../limits.ts';
import { kind, list, object, text, textOrNull, times } from '../members.ts';

// The ID is shown, because an agent cannot sign in with it. SECURITY.md says what else it is good for.
const session = object({
  object: kind,
  id: text,
  user_id: text,
  organization_id: text,
  auth_method: text,
  status: text,
  // Where and with what the person signs in.
  ip_address: detail(textOrNull),
  user_agent: detail(textOrNull),
  impersonator: object({ email: text, reason: textOrNull }),
  expires_at: text,
  ended_at: textOrNull,
  ...times,
});

export default area({
  name: 'sessions',
  title: 'Sessions',
  meaning: 'sign-ins of users that are still open (session_…)',
  limits: userManagement,
  tools: [
    tool({
      name: 'list_user_sessions',
      route: 'GET /user_management/users/{user_id}/sessions',
      access: 'read',
      description: 'List the active sessions of a user.',
      listed: true,
      words: 'signed in logged in devices active logins browser ip address where impersonation',
      input: { user_id: userId, ...page },
      output: list(session),
    }),
    tool({
      name: 'revoke_session',
      route: 'POST /user_management/sessions/revoke',
      access: 'write',
      effect: 'ends',
      description: 'End a session: its user has to sign in again.',
      listed: true,
      words: 'sign out log out kick force end logout lock out device',
      input: {
        session_id: id('session_…, from list_user_sessions'),
        user_id: userId.describe('Whose it is'),
      },
      in: { user_id: 'preview' },
      confirm: endings,
      preview: {
        object: 'list_user_sessions',
        of: 'session_id',
        named: ['auth_method', 'ip_address', 'user_agent', 'user_id'],
      },
      toldBy: 'list_user_sessions',
    }),
    tool({
      name: 'get_authkit_authorization_url',
      route: 'GET /user_management/authorize',
      access: 'read',
      description:
        'Build the URL that starts a sign-in with AuthKit. Give one of connection_id, organization_id, provider.',
      words: 'login link redirect sign in sign up start hosted page oauth google url',
      input: {
        redirect_uri: redirectUri,
        connection_id: connectionId.optional(),
        organization_id: organizationId.optional(),
        provider: z
          .enum(['authkit', ...OAUTH_PROVIDERS])
          .describe('authkit: its hosted page')
          .optional(),
        screen_hint: z.enum(['sign-up', 'sign-in']).describe('For authkit; default sign-in').optional(),
        ...signInHints,
        prompt: z.string().min(1).describe('E.g. login').optional(),
        max_age: z.int().min(0).describe('Seconds since a sign-in after which another is asked for').optional(),
        invitation_token: invitationToken,
        ...codeChallenge,
      },
      output: authorizationUrl,
      // No secret: the URL is made to hold it.
      credentials: { identity: ['invitation_token'] },
      constants: { client_id: CLIENT_ID, response_type: 'code' },
      exactlyOne: ['connection_id', 'organization_id', 'provider'],
      check: (args) => [
        ...checkCodeChallenge(args),
        args.screen_hint !== undefined &&
          args.provider !== 'authkit' &&
          'screen_hint goes with provider "authkit" only.',
      ],
      local: toAuthorizationUrl('/user_management/authorize'),
    }),
  ],
});
