import * as z from 'zod';
import type { Declaration } from '../src/catalog/declaration.ts';
import { object, text } from './members.ts';

// What the two URLs that start a sign-in share: that of SSO and that of AuthKit.

export const authorizationUrl = object({ url: text });

/** Schemes of which a browser makes a page or a script, not the address of an app. */
const NO_APP = ['javascript:', 'data:', 'vbscript:', 'file:', 'blob:', 'about:', 'filesystem:', 'view-source:'];

/** The scheme is that of the parsed URL: a parser ignores case, and blanks that no comparison of text would. */
export const redirectUri = z
  .string()
  .refine((text) => URL.canParse(text), 'Invalid URL')
  .regex(/^[\x21-\x7e]+$/, 'ASCII without spaces')
  .refine(
    (text) => !URL.canParse(text) || !NO_APP.includes(new URL(text).protocol),
    "Not a redirect: http, https or your app's own scheme",
  )
  .describe('One configured in WorkOS');

export const OAUTH_PROVIDERS = [
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
] as const;

export const signInHints = {
  provider_scopes: z.array(z.string().min(1)).min(1).describe('Extra OAuth scopes').optional(),
  provider_query_params: z.record(z.string().min(1), z.string()).describe('Extra OAuth parameters').optional(),
  state: z.string().describe('Comes back with the redirect').optional(),
  login_hint: z.string().describe('Prefills the email').optional(),
  domain_hint: z.string().describe('Prefills the domain').optional(),
};

export const codeChallenge = {
  code_challenge: z.string().min(43).max(128).describe('PKCE').optional(),
  code_challenge_method: z.enum(['S256']).describe('Required with code_challenge').optional(),
};

export const checkCodeChallenge = (args: z.infer<z.ZodObject<typeof codeChallenge>>) => [
  (args.code_challenge === undefined) !== (args.code_challenge_method === undefined) &&
    'code_challenge and code_challenge_method go together: give both or neither.',
];

/** Makes what builds the URL from the arguments of a call. */
export const toAuthorizationUrl =
  (path: string): NonNullable<Declaration['local']> =>
  (args, { baseUrl }) => {
    const query = Object.entries(args).flatMap(([name, value]): [string, string][] => {
      if (Array.isArray(value)) return value.map((item) => [name, String(item)]);
      if (typeof value !== 'object') return value === undefined ? [] : [[name, String(value)]];
      return Object.entries(value ?? {}).map(([key, item]) => [`${name}[${key}]`, String(item)]);
    });
    query.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return { url: `${baseUrl}${path}?${query.map((pair) => pair.map(encode).join('=')).join('&')}` };
  };

/** Encodes as the official SDK does (application/x-www-form-urlencoded, RFC 1738), keys sorted by the caller. */
function encode(text: string): string {
  return encodeURIComponent(text)
    .replace(/%20/g, '+')
    .replace(/[!'*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
