import { expect } from 'vitest';
import type sso from '../../tools/areas/sso.ts';
import type { Cases } from '../support/case.ts';
import { deprecated, ORGANIZATION, PAGE, VERIFIER } from '../support/case-parts.ts';
import { ACME, BLUEFERN, BLUEFERN_CONNECTION, CEDARWICK_CONNECTION, CLIENT } from '../support/seeded.ts';

const AUTHORIZE = {
  redirect_uri: 'https://app.example.com/callback?from=sso',
  provider_scopes: ['calendar', 'files'],
  provider_query_params: { hd: 'example.com' },
  state: 'a b',
  login_hint: 'ada@example.com',
  domain_hint: 'example.com',
  nonce: 'n-1',
  prompt: 'login',
  code_challenge: VERIFIER,
  code_challenge_method: 'S256',
};
const PKCE = 'PKCE: the official SDK sends it, the file does not know it.';
const IN_QUERY = 'The file lists the body a second time as query parameters; secrets stay out of URLs.';

export default {
  get_sso_authorization_url: {
    opens: 'sso:read',
    calls: [
      { ...AUTHORIZE, connection: 'conn_01E4ZCR3C56J083X43JQXF3JK5' },
      { ...AUTHORIZE, organization: ORGANIZATION },
      { ...AUTHORIZE, provider: 'GoogleOAuth' },
    ],
    differs: {
      'domain: absent': deprecated('connection or organization'),
      'code_challenge: unknown': PKCE,
      'code_challenge_method: unknown': PKCE,
    },
    newer: ['prompt'],
    sandbox: {
      args: { organization: ACME, redirect_uri: 'https://app.test/callback', state: 'a b' },
      sends: 'none',
      status: 302,
      answers: {
        url: expect.stringMatching(
          /\/sso\/authorize\?client_id=client_01JSANDBX00000000000000000&organization=org_\w+&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback&response_type=code&state=a\+b$/,
        ),
      },
    },
    examples: [
      {
        args: { organization: BLUEFERN, redirect_uri: 'https://app.example.com/callback', state: 'from-support' },
      },
    ],
  },
  get_sso_profile_and_token: {
    opens: 'sso:read',
    needsCredentials: true,
    untold: true,
    calls: [{ code: '01E2RJ4C05B52KKZ8FSRDAP23J', code_verifier: VERIFIER }],
    differs: {
      'query.client_id: absent': IN_QUERY,
      'query.client_secret: absent': IN_QUERY,
      'query.code: absent': IN_QUERY,
      'query.grant_type: absent': IN_QUERY,
      'code_verifier: unknown': PKCE,
    },
    sandbox: {
      args: { code: 'sandbox_sso_code' },
      sends: {
        method: 'POST',
        path: '/sso/token',
        query: {},
        body: { code: 'sandbox_sso_code', grant_type: 'authorization_code', ...CLIENT },
      },
      status: 200,
      answers: { profile: { email: 'emma@bluefern.test' }, access_token: expect.any(String) },
    },
  },
  list_connections: {
    opens: 'sso:read',
    calls: [
      { ...PAGE, organization_id: ORGANIZATION, connection_type: 'OktaSAML', domain: 'example.com', search: 'okta' },
    ],
    newer: ['connection_type=GrokOAuth', 'connection_type=XOAuth'],
    sandbox: {
      args: { connection_type: 'OktaSAML', search: 'blue' },
      sends: { method: 'GET', path: '/connections', query: { connection_type: 'OktaSAML', search: 'blue' } },
      status: 200,
      answers: { data: [{ id: BLUEFERN_CONNECTION }] },
    },
    examples: [{ args: { organization_id: BLUEFERN } }],
  },
  get_connection: {
    opens: 'sso:read',
    sandbox: {
      args: { connection_id: BLUEFERN_CONNECTION },
      sends: { method: 'GET', path: `/connections/${BLUEFERN_CONNECTION}` },
      status: 200,
      answers: { object: 'connection', name: 'Bluefern Okta' },
    },
    examples: [{ args: { connection_id: CEDARWICK_CONNECTION } }],
  },
  delete_connection: {
    opens: 'sso:delete',
    sandbox: {
      args: { connection_id: BLUEFERN_CONNECTION },
      sends: { method: 'DELETE', path: `/connections/${BLUEFERN_CONNECTION}` },
      status: 204,
      answers: { ok: true },
    },
    examples: [{ args: { connection_id: CEDARWICK_CONNECTION }, confirmed: true }],
  },
} satisfies Cases<typeof sso>;
