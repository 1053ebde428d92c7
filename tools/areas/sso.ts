import * as z from 'zod';
import { API_KEY, area, CLIENT_ID, tool } from '../../src/catalog/declaration.ts';
import { deprecated, explained, secret } from '../../src/catalog/output.ts';
import { connectionId, organizationId, page, search, signInRefused } from '../arguments.ts';
import { kind, list, object, pairs, text, textOrNull, texts, times } from '../members.ts';
import { assignedRole } from './roles.ts';

/** Of the provider that the person signed in with. */
export const oauthTokens = object({
  provider: text,
  refresh_token: secret(text),
  access_token: secret(text),
  expires_at: z.number(),
  scopes: texts,
});

const authorizationUrl = object({ url: text });

const connection = object({
  object: kind,
  id: text,
  organization_id: text,
  connection_type: text,
  name: text,
  state: explained(text, 'only active signs users in'),
  status: deprecated(explained(text, 'older form of state')),
  domains: z.array(object({ object: kind, id: text, domain: text })),
  ...times,
});

const profileAndToken = object({
  token_type: text,
  access_token: secret(text),
  expires_in: z.number(),
  profile: object({
    object: kind,
    id: text,
    organization_id: textOrNull,
    connection_id: text,
    connection_type: text,
    idp_id: text,
    email: text,
    first_name: textOrNull,
    last_name: textOrNull,
    name: textOrNull,
    role: assignedRole.nullable(),
    roles: z.array(assignedRole).nullable(),
    groups: texts,
    custom_attributes: pairs,
    raw_attributes: pairs,
  }),
  oauth_tokens: oauthTokens,
});

/** Encodes as the official SDK does (application/x-www-form-urlencoded, RFC 1738), keys sorted by the caller. */
function encode(text: string): string {
  return encodeURIComponent(text)
    .replace(/%20/g, '+')
    .replace(/[!'*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Schemes of which a browser makes a page or a script, not the address of an app. */
const NO_APP = ['javascript:', 'data:', 'vbscript:', 'file:', 'blob:', 'about:', 'filesystem:', 'view-source:'];

/** The scheme is that of the parsed URL: a parser ignores case, and blanks that no comparison of text would. */
const redirectUri = z
  .string()
  .refine((text) => URL.canParse(text), 'Invalid URL')
  .regex(/^[\x21-\x7e]+$/, 'ASCII without spaces')
  .refine(
    (text) => !URL.canParse(text) || !NO_APP.includes(new URL(text).protocol),
    "Not a redirect: http, https or your app's own scheme",
  )
  .describe('One configured in WorkOS');

const CONNECTION_TYPES = [
  'ADFSSAML',
  'AdpOidc',
  'AppleOAuth',
  'Auth0SAML',
  'AzureSAML',
  'BitbucketOAuth',
  'CasSAML',
  'CloudflareSAML',
  'ClassLinkSAML',
  'CleverOIDC',
  'CyberArkSAML',
  'DiscordOAuth',
  'DuoSAML',
  'EntraIdOIDC',
  'GenericOIDC',
  'GenericSAML',
  'GithubOAuth',
  'GitLabOAuth',
  'GoogleOAuth',
  'GoogleOIDC',
  'GoogleSAML',
  'GrokOAuth',
  'XOAuth',
  'IntuitOAuth',
  'JumpCloudSAML',
  'KeycloakSAML',
  'LastPassSAML',
  'LinkedInOAuth',
  'LoginGovOidc',
  'MagicLink',
  'MicrosoftOAuth',
  'MiniOrangeSAML',
  'NetIqSAML',
  'OktaOIDC',
  'OktaSAML',
  'OneLoginSAML',
  'OracleSAML',
  'PingFederateSAML',
  'PingOneSAML',
  'RipplingSAML',
  'SalesforceSAML',
  'ShibbolethGenericSAML',
  'ShibbolethSAML',
  'SimpleSamlPhpSAML',
  'SalesforceOAuth',
  'SlackOAuth',
  'VercelMarketplaceOAuth',
  'VercelOAuth',
  'VMwareSAML',
  'XeroOAuth',
] as const;

export default area({
  name: 'sso',
  title: 'Single sign-on',
  meaning: 'connections (conn_…) of an organization to its identity provider',
  tools: [
    tool({
      name: 'get_sso_authorization_url',
      route: 'GET /sso/authorize',
      access: 'read',
      words: 'login link redirect sign in start saml oidc url test identity provider',
      description: 'Build the URL that starts a sign-in. Give one of connection, organization, provider.',
      input: {
        redirect_uri: redirectUri,
        connection: connectionId.optional(),
        organization: organizationId.optional(),
        provider: z
          .enum([
            'AppleOAuth',
            'BitbucketOAuth',
            'GitHubOAuth',
            'GitLabOAuth',
            'GoogleOAuth',
            'IntuitOAuth',
            'LinkedInOAuth',
            'MicrosoftOAuth',
            'SalesforceOAuth',
            'SlackOAuth',
            'VercelMarketplaceOAuth',
            'VercelOAuth',
            'XeroOAuth',
          ])
          .describe('OAuth provider')
          .optional(),
        provider_scopes: z.array(z.string().min(1)).min(1).describe('Extra OAuth scopes').optional(),
        provider_query_params: z.record(z.string().min(1), z.string()).describe('Extra OAuth parameters').optional(),
        state: z.string().describe('Comes back with the redirect').optional(),
        login_hint: z.string().describe('Prefills the email').optional(),
        domain_hint: z.string().describe('Prefills the domain').optional(),
        nonce: z.string().describe('Against replay').optional(),
        prompt: z.enum(['login']).describe('Forces a new sign-in').optional(),
        code_challenge: z.string().min(43).max(128).describe('PKCE').optional(),
        code_challenge_method: z.enum(['S256']).describe('Required with code_challenge').optional(),
      },
      output: authorizationUrl,
      constants: { client_id: CLIENT_ID, response_type: 'code' },
      exactlyOne: ['connection', 'organization', 'provider'],
      check: (args) => [
        (args.code_challenge === undefined) !== (args.code_challenge_method === undefined) &&
          'code_challenge and code_challenge_method go together: give both or neither.',
      ],
      local: (args, { baseUrl }) => {
        const query = Object.entries(args).flatMap(([name, value]): [string, string][] => {
          if (typeof value === 'string') return [[name, value]];
          if (Array.isArray(value)) return value.map((item) => [name, item]);
          return Object.entries(value ?? {}).map(([key, item]) => [`${name}[${key}]`, item]);
        });
        query.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
        return { url: `${baseUrl}/sso/authorize?${query.map((pair) => pair.map(encode).join('=')).join('&')}` };
      },
    }),
    tool({
      name: 'get_sso_profile_and_token',
      route: 'POST /sso/token',
      access: 'read',
      words: 'exchange code callback saml oidc login profile attributes',
      description:
        'Exchange the one-time code of an SSO redirect for the profile and an access token. The code works once.',
      input: {
        code: z.string().min(1).describe('From the redirect'),
        code_verifier: z.string().min(43).max(128).describe('PKCE').optional(),
      },
      output: profileAndToken,
      once: true,
      nextSteps: signInRefused,
      credentials: { secrets: ['code', 'code_verifier'] },
      constants: { client_id: CLIENT_ID, client_secret: API_KEY, grant_type: 'authorization_code' },
    }),
    tool({
      name: 'list_connections',
      route: 'GET /connections',
      access: 'read',
      listed: true,
      words: 'saml oidc okta entra azure google identity provider active single sign-on set up configured',
      description: 'List SSO connections.',
      input: {
        organization_id: organizationId.optional(),
        connection_type: z.enum(CONNECTION_TYPES).describe('E.g. OktaSAML').optional(),
        domain: z.string().min(1).describe('Of the connection').optional(),
        search,
        ...page,
      },
      output: list(connection),
    }),
    tool({
      name: 'get_connection',
      route: 'GET /connections/{connection_id}',
      access: 'read',
      listed: true,
      words: 'saml oidc okta entra azure identity provider status state inactive broken single sign-on',
      description: 'Get one SSO connection.',
      input: { connection_id: connectionId },
      output: connection,
    }),
    tool({
      name: 'delete_connection',
      route: 'DELETE /connections/{connection_id}',
      access: 'delete',
      words: 'remove disconnect turn off disable saml oidc okta identity provider single sign-on',
      description: "Delete an SSO connection for good: its organization's SSO stops.",
      input: { connection_id: connectionId },
      preview: { object: 'get_connection', named: 'name' },
    }),
  ],
});
