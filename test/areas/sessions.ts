import { expect } from 'vitest';
import type sessions from '../../tools/areas/sessions.ts';
import type { Cases } from '../support/case.ts';
import { ORGANIZATION, USER, VERIFIER } from '../support/case-parts.ts';
import { ACME, ADA, ADA_SESSION } from '../support/seeded.ts';

const AUTHORIZE = {
  redirect_uri: 'https://app.example.com/callback?from=authkit',
  provider_scopes: ['calendar', 'files'],
  provider_query_params: { hd: 'example.com' },
  state: 'a b',
  login_hint: 'ada@example.com',
  domain_hint: 'example.com',
  prompt: 'login',
  max_age: 0,
  invitation_token: 'Z1uX3RbwcIl5fIGJJJCXXisdI',
  code_challenge: VERIFIER,
  code_challenge_method: 'S256',
};

export default {
  list_user_sessions: {
    opens: 'sessions:read',
    sandbox: {
      args: { user_id: ADA },
      sends: { method: 'GET', path: `/user_management/users/${ADA}/sessions` },
      status: 200,
      answers: { data: expect.arrayContaining([expect.objectContaining({ id: ADA_SESSION })]) },
    },
  },
  revoke_session: {
    opens: 'sessions:write',
    plain: { session_id: 'names the session; ending one lets no agent in' },
    calls: [{ session_id: ADA_SESSION, user_id: USER }],
    gone: ['return_to'],
    sandbox: {
      args: { session_id: ADA_SESSION, user_id: ADA },
      sends: { method: 'POST', path: '/user_management/sessions/revoke', body: { session_id: ADA_SESSION } },
      status: 200,
      answers: {},
    },
  },
  get_authkit_authorization_url: {
    opens: 'sessions:read',
    guarded: ['invitation_token'],
    newer: ['max_age'],
    calls: [
      { ...AUTHORIZE, connection_id: 'conn_01E4ZCR3C56J083X43JQXF3JK5' },
      { ...AUTHORIZE, organization_id: ORGANIZATION },
      { ...AUTHORIZE, provider: 'authkit', screen_hint: 'sign-up' },
    ],
    sandbox: {
      args: { organization_id: ACME, redirect_uri: 'https://app.test/callback', state: 'a b' },
      sends: 'none',
      status: 302,
      answers: {
        url: expect.stringMatching(
          /\/user_management\/authorize\?client_id=client_01JSANDBX00000000000000000&organization_id=org_\w+&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback&response_type=code&state=a\+b$/,
        ),
      },
    },
    examples: [{ args: { provider: 'authkit', redirect_uri: 'https://app.example.com/callback' } }],
  },
} satisfies Cases<typeof sessions>;
