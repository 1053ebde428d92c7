import { type AgentsConfig, DEFAULT_ENVIRONMENT, type IssuerConfig } from './agents-config.ts';

/**
 * Whether an issuer signs in the users of an environment. Said in the file; else known only where the issuer's URLs hold
 * the environment's Client ID, as those of session tokens do, and impossible only where the issuer is not WorkOS's.
 * @param environment by its name in the file
 */
export function signsInUsersOf(
  { environments }: Pick<AgentsConfig, 'environments'>,
  environment: string,
  issuer: IssuerConfig,
): 'yes' | 'no' | 'unknown' {
  if (issuer.environment !== undefined) return issuer.environment === environment ? 'yes' : 'no';
  const urls = `${issuer.issuer} ${issuer.jwksUrl}`;
  const owner = environments.find(({ clientId }) => clientId !== undefined && urls.includes(clientId));
  if (owner !== undefined) return owner.name === environment ? 'yes' : 'no';
  const isWorkos = /(^|\.)(authkit\.app|workos\.com)$/.test(new URL(issuer.issuer).hostname);
  return isWorkos || environment === DEFAULT_ENVIRONMENT || issuer.jwksUrl.endsWith('/oauth2/jwks') ? 'unknown' : 'no';
}
