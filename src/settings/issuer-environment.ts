import { type AgentsConfig, DEFAULT_ENVIRONMENT, type IssuerConfig } from './agents-config.ts';

/**
 * Whether an issuer signs in the users of an environment. Said in the file; else known only where the issuer's URLs hold
 * the environment's Client ID, as those of session tokens do, and impossible only where the issuer is not WorkOS's. The
 * file may have an environment of WorkOS under two names, with a key each: the Client ID tells that they are the same.
 * @param environment by its name in the file
 */
export function signsInUsersOf(
  { environments }: Pick<AgentsConfig, 'environments'>,
  environment: string,
  issuer: IssuerConfig,
): 'yes' | 'no' | 'unknown' {
  const urls = `${issuer.issuer} ${issuer.jwksUrl}`;
  const clientIdOf = (name: string) => environments.find((one) => one.name === name)?.clientId;
  const ownId = clientIdOf(environment);
  const owner = issuer.environment ?? environments.find(({ clientId }) => clientId && urls.includes(clientId))?.name;
  if (owner !== undefined) {
    const isSame = owner === environment || (ownId !== undefined && ownId === clientIdOf(owner));
    return isSame ? 'yes' : 'no';
  }
  const isWorkos = /(^|\.)(authkit\.app|workos\.com)$/.test(new URL(issuer.issuer).hostname);
  return isWorkos || environment === DEFAULT_ENVIRONMENT || issuer.jwksUrl.endsWith('/oauth2/jwks') ? 'unknown' : 'no';
}
