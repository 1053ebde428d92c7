import { StartError } from '../errors.ts';
import type { IssuerConfig } from '../settings/agents-config.ts';
import { isSafeUrl } from '../settings/agents-schema.ts';

/** The content of `WWW-Authenticate` on a 401. It has no error if the client sent no token. */
export type Challenge = {
  readonly error?: 'invalid_token';
  readonly description?: string;
};

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/**
 * The public URL of the server in the canonical form that tokens name as their audience.
 * @throws StartError if tokens cannot name the URL
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
 * The path of the server's metadata. RFC 9728 puts the well-known path before the path of the URL
 * (`/.well-known/oauth-protected-resource/mcp`).
 */
export function metadataPath(publicUrl: string): string {
  const { pathname } = new URL(publicUrl);
  return pathname === '/' ? WELL_KNOWN : `${WELL_KNOWN}${pathname}`;
}

/**
 * The metadata (RFC 9728) from which an OAuth client learns where to get a token. Returns `undefined` without issuers,
 * as MCP requires at least one authorization server. The metadata has no scopes, because access depends on whom the
 * token identifies, not on scopes.
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

/** The value of `WWW-Authenticate` on a 401. Without issuers it does not point to metadata. */
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

/** RFC 6750 allows neither quotes, backslashes nor non-ASCII characters in these values. */
const toQuotable = (text: string) => text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?');
