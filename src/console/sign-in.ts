import type { Person } from '../call/confirm/approvals.ts';
import { seal, unseal } from '../keys.ts';
import type { IssuerConfig } from '../settings/agents-config.ts';
import type { ConsoleDeps } from './console-deps.ts';
import { createIssuers } from './issuers.ts';
import { ATTEMPT_MS } from './kept-tokens.ts';
import { SignInError } from './sign-in-error.ts';

/** What an attempt to sign in has to come back to. */
type SignInAttempt = {
  /** By its name in the file, and as it stands in `iss`. */
  readonly issuer: string;
  readonly iss: string;
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE. */
  readonly verifier: string;
  readonly to: string;
  /** Milliseconds since 1970. */
  readonly until: number;
};

type SignInDeps = Pick<ConsoleDeps, 'key' | 'url' | 'once' | 'rules' | 'config' | 'clientSecretOf' | 'fetch' | 'today'>;

/** Milliseconds by which the clock of an issuer may be ahead. */
const CLOCK_TOLERANCE_MS = 30_000;
/** Characters of a `sub`, as OpenID Connect has it. */
const MAX_SUB_CHARS = 255;

/**
 * Signs approvers in by OpenID Connect: code flow with PKCE, state and nonce. Of what the issuer says, its `iss` and the
 * `sub` alone decide who has signed in.
 */
export function createSignIn({ key, url, once, rules, config, clientSecretOf, fetch, today }: SignInDeps) {
  const context = `sign-in ${url}`;
  const returnTo = (issuer: string): URL => new URL(toReturnPath(issuer), url);
  const reach = createIssuers({ clientSecretOf, fetch, today });

  const toError = (error: unknown, issuer: IssuerConfig): SignInError => {
    if (error instanceof SignInError) return error;
    const { code, error: refusal } = Object(error);
    if (typeof code !== 'string' || code === 'OAUTH_TIMEOUT')
      return new SignInError(503, 'not-reached', `${issuer.name} cannot be reached. Try again in a moment.`);
    if (code === 'OAUTH_AUTHORIZATION_RESPONSE_ERROR')
      return new SignInError(403, 'refused', `${issuer.name} did not sign you in${toWord(refusal)}.`);
    return new SignInError(
      403,
      code,
      `The answer of ${issuer.name} is not valid here${toWord(code)}. Begin the sign-in again in this window.`,
    );
  };

  return {
    /** Where the person is sent, and what their browser keeps until they come back. @throws SignInError */
    begin: async (name: string, to: string) => {
      const issuer = config().issuers.find((one) => one.name === name);
      if (issuer === undefined) throw new SignInError(400, 'issuer', 'There is no such issuer in the settings file.');
      try {
        const found = await reach(issuer);
        const oidc = await import('openid-client');
        const attempt: SignInAttempt = {
          issuer: issuer.name,
          iss: issuer.issuer,
          state: oidc.randomState(),
          nonce: oidc.randomNonce(),
          verifier: oidc.randomPKCECodeVerifier(),
          to,
          until: today() + ATTEMPT_MS,
        };
        const address = oidc.buildAuthorizationUrl(found, {
          redirect_uri: returnTo(issuer.name).href,
          scope: 'openid',
          state: attempt.state,
          nonce: attempt.nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
          code_challenge_method: 'S256',
        });
        return { address: address.href, attempt: seal(key, context, JSON.stringify(attempt)) };
      } catch (error) {
        throw toError(error, issuer);
      }
    },
    /**
     * Who has signed in.
     * @param name of the issuer whose address the browser came back to
     * @param answer of the issuer, as the browser brings it
     * @throws SignInError
     */
    finish: async (name: string, sealed: string | undefined, answer: URLSearchParams) => {
      const text = sealed === undefined ? undefined : unseal(key, context, sealed);
      const attempt = text === undefined ? undefined : (JSON.parse(text) as SignInAttempt); // only `begin` seals here
      if (attempt === undefined || attempt.until <= today())
        throw new SignInError(
          403,
          'attempt',
          'This sign-in was not begun in this window, or more than ten minutes ago. Begin it again.',
        );
      if (attempt.issuer !== name)
        throw new SignInError(403, 'another-issuer', 'This sign-in was begun with another issuer. Begin it again.');
      const issuer = config().issuers.find((one) => one.name === name && one.issuer === attempt.iss);
      if (issuer === undefined)
        throw new SignInError(403, 'issuer', 'The settings file does not have this issuer any more.');
      try {
        const found = await reach(issuer);
        const { authorizationCodeGrant } = await import('openid-client');
        const address = returnTo(issuer.name);
        for (const name of ['code', 'state', 'iss', 'error'])
          for (const value of answer.getAll(name)) address.searchParams.append(name, value);
        const tokens = await authorizationCodeGrant(found, address, {
          expectedState: attempt.state,
          expectedNonce: attempt.nonce,
          pkceCodeVerifier: attempt.verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (claims === undefined) throw new SignInError(403, 'id-token', `${issuer.name} sent no ID token.`);
        if (claims.act !== undefined)
          throw new SignInError(
            403,
            'act',
            'This sign-in acts for another person (impersonation). Approvers sign in as themselves.',
          );
        // openid-client compares it where there are several audiences alone.
        if (claims.azp !== undefined && claims.azp !== issuer.signIn?.clientId)
          throw new SignInError(403, 'azp', `${issuer.name} has issued this sign-in to another application.`);
        if (claims.iat * 1_000 > today() + CLOCK_TOLERANCE_MS)
          throw new SignInError(403, 'iat', `The clock of ${issuer.name} is ahead of the server's.`);
        if (claims.sub.length > MAX_SUB_CHARS)
          throw new SignInError(403, 'sub', `${issuer.name} sent a sub that is too long.`);
        const by: Person = { issuer: issuer.name, sub: claims.sub };
        // Of approvers alone: all others who have an account at the issuer could fill the store.
        const isApprover = rules().find(by) !== undefined;
        if (isApprover && !(await once.use(`attempt.${attempt.state}`, attempt.until)))
          throw new SignInError(403, 'used', 'This sign-in was used already. Begin it again.');
        return { by, iss: issuer.issuer, to: attempt.to };
      } catch (error) {
        throw toError(error, issuer);
      }
    },
  };
}

/**
 * Where an issuer leads back to. Each has an address of its own: otherwise one could send a person on to another issuer,
 * and would be handed the code that the other one gives for them.
 */
export const toReturnPath = (issuer: string): string => `/signed-in/${encodeURIComponent(issuer)}`;

/** A code of an error as people see it, where it is one. */
const toWord = (code: unknown): string => (/^[\w.-]{1,60}$/.test(String(code)) ? ` (${code})` : '');
