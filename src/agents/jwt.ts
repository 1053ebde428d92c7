import * as jose from 'jose';
import type { IssuerConfig } from '../settings/agents-config.ts';

/** Why a token proves nothing. `unverifiable` is not its fault: the issuer's keys cannot be had now. */
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
  | { readonly ok: true; readonly issuer: string; readonly claims: jose.JWTPayload }
  | { readonly ok: false; readonly reason: TokenFault };

export type VerifierDeps = {
  /** The audience that a token must have. */
  readonly publicUrl: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly fetchJwks?: jose.FetchImplementation | undefined;
  /** Keys of issuers by where they are, for verifiers that come after this one. */
  readonly keySets?: Map<string, jose.JWTVerifyGetKey> | undefined;
};

const LONGEST = 16_384;
const LARGEST_JWKS = 256 * 1024;
/** Seconds that two clocks may differ. */
const TOLERANCE = 30;
/** Milliseconds: for one look-up of keys, between two for an unknown key, after one that failed, and of a key's life here. */
const TIMEOUT = 3_000;
const COOLDOWN = 10_000;
export const FAILURE_COOLDOWN = 5_000;
const MAX_AGE = 600_000;

/** ID tokens and access tokens of older issuers say JWT or nothing; every other kind is meant for something else. */
const TYPES: readonly (string | undefined)[] = [undefined, 'jwt', 'at+jwt', 'application/at+jwt'];

/** Checks signed tokens of the configured issuers: signature, algorithm, issuer, audience and times. Never throws. */
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
    if (token.length > LONGEST) return { ok: false, reason: 'malformed' };
    try {
      // Unproven yet: it only tells by whose keys it is to be proven.
      const { iss } = jose.decodeJwt(token);
      const found = known.find(({ issuer }) => issuer.issuer === iss);
      if (found === undefined) return { ok: false, reason: 'issuer' };
      const { payload, protectedHeader } = await jose.jwtVerify(token, found.keys, {
        issuer: found.issuer.issuer,
        audience,
        algorithms: [...found.issuer.algorithms],
        requiredClaims: ['exp'],
        clockTolerance: TOLERANCE,
        currentDate: new Date(deps.now()),
      });
      if (!TYPES.includes(protectedHeader.typ?.toLowerCase())) return { ok: false, reason: 'claims' };
      // Bound to a key of its holder, which a bearer does not prove to have.
      if (payload.cnf !== undefined) return { ok: false, reason: 'claims' };
      return { ok: true, issuer: found.issuer.name, claims: payload };
    } catch (error) {
      return { ok: false, reason: faultOf(error) };
    }
  };
}

/**
 * `https://host` and `https://host/` are one URL, and clients send either. With a path, only the text itself is meant.
 */
function audiencesOf(publicUrl: string): string[] {
  const { origin, pathname } = new URL(publicUrl);
  return pathname === '/' ? [origin, `${origin}/`] : [publicUrl];
}

class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

function createKeys(url: string, { now, fetchJwks = fetch }: VerifierDeps): jose.JWTVerifyGetKey {
  let failedAt = Number.NEGATIVE_INFINITY;
  const keys = jose.createRemoteJWKSet(new URL(url), {
    timeoutDuration: TIMEOUT,
    cooldownDuration: COOLDOWN,
    cacheMaxAge: MAX_AGE,
    // Redirects are not followed: they would let whoever answers at the URL choose another place, and another protocol.
    [jose.customFetch]: async (address, options) => {
      // jose waits only after what it could read. Made-up tokens must not turn into requests to an issuer that is down.
      if (now() < failedAt + FAILURE_COOLDOWN) throw new Unavailable();
      try {
        const response = await fetchJwks(address, options);
        if (response.status !== 200) throw new Unavailable();
        const body = await readAtMost(response, LARGEST_JWKS);
        const jwks: unknown = JSON.parse(body);
        if (!Array.isArray(Object(jwks).keys)) throw new Unavailable();
        return new Response(body);
      } catch (error) {
        failedAt = now();
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
      throw new Unavailable();
    }
  };
}

async function readAtMost(response: Response, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > most) throw new Unavailable();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
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
  return 'unverifiable';
}
