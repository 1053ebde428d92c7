import * as jose from 'jose';
import type { IssuerConfig } from '../settings/agents-config.ts';
import { fetchKeys, JWKS_TIMEOUT, KeysUnavailable } from './key-set.ts';

/** Why a token is not accepted. `unverifiable` does not blame the token: the issuer's keys could not be fetched. */
export type TokenFault =
  | 'malformed'
  | 'issuer'
  | 'algorithm'
  | 'signature'
  | 'audience'
  | 'expired'
  | 'early'
  | 'claims'
  | 'unverifiable';

export type Verified =
  | {
      readonly ok: true;
      readonly issuer: string;
      readonly claims: jose.JWTPayload;
      /** The token of an application, issued for all resources of its environment. */
      readonly isMachine: boolean;
    }
  | { readonly ok: false; readonly reason: TokenFault };

export type VerifierDeps = {
  /** The required audience of a token. */
  readonly publicUrl: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Gets the keys of an issuer, over no redirect. */
  readonly fetchJwks: jose.FetchImplementation;
  /** Learns of each fetch of keys, with its error if it failed. */
  readonly onFetched?: ((jwksUrl: string, error?: unknown) => void) | undefined;
  /** Key sets by URL. A later verifier, after a reload, reuses them. */
  readonly keySets?: Map<string, jose.JWTVerifyGetKey> | undefined;
};

const MAX_TOKEN_CHARS = 16_384;
/** Seconds that the clocks of issuer and server may differ. */
const CLOCK_TOLERANCE_S = 30;
/**
 * Milliseconds of: the pause between fetches for unknown keys, the pause after a failure, the cache.
 */
const UNKNOWN_KEY_COOLDOWN_MS = 10_000;
export const FAILURE_COOLDOWN_MS = 5_000;
const MAX_KEY_AGE_MS = 600_000;

/**
 * Accepted values of `typ`. Access tokens of older issuers, like ID tokens, have `JWT` or none. Other values mark tokens
 * for other purposes.
 */
const TYPES: readonly unknown[] = [undefined, 'jwt', 'at+jwt', 'application/at+jwt'];

/** @param typ of a header that is signed, but as the issuer wrote it */
const isAccessToken = (typ: unknown): boolean => TYPES.includes(typeof typ === 'string' ? typ.toLowerCase() : typ);

/** Creates a function that checks signature, algorithm, issuer, audience and times of a token. It never throws. */
export function createVerifier(
  issuers: readonly IssuerConfig[],
  deps: VerifierDeps,
): (token: string) => Promise<Verified> {
  const { keySets = new Map() } = deps;
  const known = issuers.map((issuer) => {
    const keys = keySets.get(issuer.jwksUrl) ?? createKeys(issuer.jwksUrl, deps);
    keySets.set(issuer.jwksUrl, keys);
    return { issuer, keys };
  });
  const audience = audiencesOf(deps.publicUrl);

  return async (token) => {
    if (token.length > MAX_TOKEN_CHARS) return { ok: false, reason: 'malformed' };
    try {
      // Not verified yet: the claim only selects the keys for the verification.
      const { iss } = jose.decodeJwt(token);
      const found = known.find(({ issuer }) => issuer.issuer === iss);
      if (found === undefined) return { ok: false, reason: 'issuer' };
      const { payload, protectedHeader } = await jose.jwtVerify(token, found.keys, {
        issuer: found.issuer.issuer,
        audience: found.issuer.m2mAudience === undefined ? audience : [...audience, found.issuer.m2mAudience],
        algorithms: [...found.issuer.algorithms],
        requiredClaims: ['exp'],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(deps.now()),
      });
      if (!isAccessToken(protectedHeader.typ)) return { ok: false, reason: 'claims' };
      // The token is bound to a key of its holder, and a bearer request does not prove possession of it.
      if (payload.cnf !== undefined) return { ok: false, reason: 'claims' };
      // jose does not look at the type, and a subject is compared, recorded and shown as text.
      if (!['string', 'undefined'].includes(typeof payload.sub)) return { ok: false, reason: 'claims' };
      const isMachine = ![payload.aud].flat().some((aud) => aud !== undefined && audience.includes(aud));
      if (isMachine && !isMachineToken(payload)) return { ok: false, reason: 'audience' };
      return { ok: true, issuer: found.issuer.name, claims: payload, isMachine };
    } catch (error) {
      return { ok: false, reason: faultOf(error) };
    }
  };
}

/**
 * Whether AuthKit has issued a token to an application for itself. The audience does not show it: the token of a user,
 * from an application that names no resource, has the same one. Such a token has the ID of a consent, and another subject.
 */
const isMachineToken = ({ sub, client_id: client, sid }: jose.JWTPayload): boolean =>
  typeof sub === 'string' && sub === client && sid === undefined;

/**
 * `https://host` and `https://host/` are the same URL, and clients use either. A URL with a path must match exactly.
 */
function audiencesOf(publicUrl: string): string[] {
  const { origin, pathname } = new URL(publicUrl);
  return pathname === '/' ? [origin, `${origin}/`] : [publicUrl];
}

function createKeys(url: string, { now, fetchJwks, onFetched }: VerifierDeps): jose.JWTVerifyGetKey {
  let failedAt = Number.NEGATIVE_INFINITY;
  const keys = jose.createRemoteJWKSet(new URL(url), {
    timeoutDuration: JWKS_TIMEOUT,
    cooldownDuration: UNKNOWN_KEY_COOLDOWN_MS,
    cacheMaxAge: MAX_KEY_AGE_MS,
    [jose.customFetch]: async (address, options) => {
      // jose pauses only after a successful fetch. Forged tokens must not cause requests to an issuer that is down.
      if (now() < failedAt + FAILURE_COOLDOWN_MS) throw new KeysUnavailable('the last fetch failed');
      try {
        const body = await fetchKeys(address, fetchJwks, options);
        onFetched?.(url);
        return new Response(body);
      } catch (error) {
        failedAt = now();
        onFetched?.(url, error);
        throw error;
      }
    },
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (error instanceof jose.errors.JWKSNoMatchingKey) throw error;
      if (error instanceof jose.errors.JWKSMultipleMatchingKeys) throw error;
      if (error instanceof jose.errors.JOSENotSupported) throw error;
      throw new KeysUnavailable('no keys');
    }
  };
}

const CLAIMS: Readonly<Record<string, TokenFault>> = { iss: 'issuer', aud: 'audience', nbf: 'early' };

function faultOf(error: unknown): TokenFault {
  const { errors } = jose;
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    return (Object.hasOwn(CLAIMS, error.claim) ? CLAIMS[error.claim] : undefined) ?? 'claims';
  }
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) return 'algorithm';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature';
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) return 'signature';
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid) return 'malformed';
  if (error instanceof KeysUnavailable) return 'unverifiable';
  // The keys came, so any other failure is due to the token or to its key, as of one that is too short.
  return 'signature';
}
