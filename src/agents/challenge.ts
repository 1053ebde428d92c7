import { StartError } from '../errors.ts';
import type { IssuerConfig } from '../settings/agents-config.ts';
import { isSafeUrl } from '../settings/agents-schema.ts';

/** What `WWW-Authenticate` says of a failed login. Without an error, none was tried. */
export type Challenge = {
  readonly error?: 'invalid_token';
  readonly description?: string;
};

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/**
 * The URL under which clients know the server, in the one form that tokens name it by.
 * @throws StartError for one that tokens cannot name
 */
export function parsePublicUrl(text: string): string {
  if (!isSafeUrl(text) || new URL(text).search !== '') {
    throw new StartError(
      `--public-url is "${text}": use an https URL (http for loopback only) without user name, password, query or fragment.`,
    );
  }
  const { origin, pathname } = new URL(text);
  return pathname === '/' ? origin : `${origin}${pathname}`;
}

/**
 * Where the metadata of the server at a URL stands on its host: RFC 9728 puts the well-known path before the URL's own
 * (`/.well-known/oauth-protected-resource/mcp`).
 */
export function metadataPath(publicUrl: string): string {
  const { pathname } = new URL(publicUrl);
  return pathname === '/' ? WELL_KNOWN : `${WELL_KNOWN}${pathname}`;
}

/**
 * The metadata (RFC 9728) by which an OAuth client finds its way to a token, or `undefined` where no issuer's tokens
 * are taken: MCP asks for at least one authorization server. It names no scopes, as none are asked for: what a token
 * gives is decided by who it is for.
 */
export function protectedResourceMetadata(
  publicUrl: string,
  issuers: readonly IssuerConfig[],
): Readonly<Record<string, unknown>> | undefined {
  if (issuers.length === 0) return undefined;
  return {
    resource: publicUrl,
    authorization_servers: issuers.map(({ issuer }) => issuer),
    bearer_methods_supported: ['header'],
    resource_name: 'WorkOS MCP server',
  };
}

/** The value of `WWW-Authenticate` on a 401. Without issuers a client is not sent looking for one. */
export function wwwAuthenticate(
  publicUrl: string,
  issuers: readonly IssuerConfig[],
  { error, description }: Challenge = {},
): string {
  const metadata = issuers.length === 0 ? undefined : `${new URL(publicUrl).origin}${metadataPath(publicUrl)}`;
  const params = Object.entries({
    realm: 'workos-mcp',
    error,
    error_description: description,
    resource_metadata: metadata,
  }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${toQuotable(value)}"`]));
  return `Bearer ${params.join(', ')}`;
}

/** RFC 6750 takes neither quotes nor backslashes nor anything beyond ASCII in these values. */
const toQuotable = (text: string) => text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?');
