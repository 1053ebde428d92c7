import type { ClientAuth, Configuration, CustomFetch } from 'openid-client';
import type { IssuerConfig } from '../settings/agents-config.ts';
import { isSafeUrl } from '../settings/agents-schema.ts';
import type { ConsoleDeps } from './console-deps.ts';
import { SignInError } from './sign-in-error.ts';

/** What was found of an issuer with these settings, and until when it is used. Milliseconds since 1970. */
type KnownIssuer = { readonly made: string; until: number; readonly found: Promise<Configuration> };

/** Milliseconds for which the metadata of an issuer is kept, and for which it is not asked again after a failure. */
const METADATA_MS = 10 * 60_000;
const FAILED_MS = 5_000;
/** Seconds for each request to an issuer. */
const TIMEOUT_S = 5;

/**
 * Returns the function that reads what an issuer says of itself, which all sign-ins share. It rejects with SignInError
 * where that or the client secret cannot be used, and with errors of openid-client where the issuer cannot be reached.
 */
export function createIssuers({
  clientSecretOf,
  fetch,
  today,
}: Pick<ConsoleDeps, 'clientSecretOf' | 'fetch' | 'today'>) {
  const known = new Map<string, KnownIssuer>();

  const connect = async (
    issuer: IssuerConfig,
    clientId: string,
    secret: string | undefined,
  ): Promise<Configuration> => {
    const oidc = await import('openid-client');
    const toFetch: CustomFetch = (address, { method, headers, body, signal }) =>
      fetch(address, { method, headers, body: body == null ? undefined : String(body), signal });
    // The settings file takes such addresses on loopback alone, and those of the metadata are checked below.
    const isPlain = [issuer.issuer, issuer.jwksUrl].some((address) => address.startsWith('http:'));
    const found = await oidc.discovery(new URL(issuer.issuer), clientId, undefined, undefined, {
      timeout: TIMEOUT_S,
      execute: isPlain ? [oidc.allowInsecureRequests] : [],
      [oidc.customFetch]: toFetch,
    });
    const { supportsPKCE: _, ...metadata } = found.serverMetadata();
    const { authorization_endpoint: authorization = '', token_endpoint: token = '' } = metadata;
    if (metadata.issuer !== issuer.issuer || ![authorization, token].every(isSafeUrl))
      throw new SignInError(
        503,
        'metadata',
        `The metadata of ${issuer.name} has another issuer, or addresses that are not https. The operator has to correct that.`,
      );
    const trusted = new oidc.Configuration(
      // Keys and algorithms are those of the file.
      { ...metadata, jwks_uri: issuer.jwksUrl, id_token_signing_alg_values_supported: [...issuer.algorithms] },
      clientId,
      secret,
      toClientAuth(oidc, metadata.token_endpoint_auth_methods_supported, secret),
    );
    trusted.timeout = TIMEOUT_S;
    trusted[oidc.customFetch] = toFetch;
    if (isPlain) oidc.allowInsecureRequests(trusted);
    oidc.enableNonRepudiationChecks(trusted);
    return trusted;
  };

  const readSecret = ({ name }: IssuerConfig): string | undefined => {
    try {
      return clientSecretOf(name);
    } catch {
      throw new SignInError(
        503,
        'client-secret',
        `The server cannot read its client secret for ${name}. The operator has to correct that.`,
      );
    }
  };

  return (issuer: IssuerConfig): Promise<Configuration> => {
    if (issuer.signIn === undefined)
      throw new SignInError(
        400,
        'issuer',
        `${issuer.name} does not sign approvers in: it has no sign-in in the settings file.`,
      );
    const { clientId } = issuer.signIn;
    const secret = readSecret(issuer);
    const made = JSON.stringify([issuer, secret]);
    const last = known.get(issuer.name);
    if (last !== undefined && last.made === made && today() < last.until) return last.found;
    const entry = { made, until: today() + METADATA_MS, found: connect(issuer, clientId, secret) };
    known.set(issuer.name, entry);
    // Requests without a sign-in must not have the server ask an issuer that is down over and over.
    entry.found.catch(() => {
      entry.until = today() + FAILED_MS;
    });
    return entry.found;
  };
}

/**
 * How the server shows the issuer that it is the client: by a method that the issuer supports. Metadata without such
 * methods mean Basic, as OpenID Connect Discovery says.
 */
function toClientAuth(
  { ClientSecretBasic, ClientSecretPost, None }: typeof import('openid-client'),
  supported: readonly string[] | undefined,
  secret: string | undefined,
): ClientAuth {
  if (secret === undefined) return None();
  return supported?.includes('client_secret_post') ? ClientSecretPost(secret) : ClientSecretBasic(secret);
}
