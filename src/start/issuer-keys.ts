import type { VerifierDeps } from '../agents/jwt.ts';
import { fetchKeys, JWKS_TIMEOUT, KeysUnavailable, MAX_JWKS_BYTES } from '../agents/key-set.ts';
import type { Log } from '../log.ts';
import type { IssuerConfig } from '../settings/agents-config.ts';
import { TransportError } from '../workos/errors.ts';
import type { Variable } from '../workos/proxy.ts';
import { openIssuerFetch } from './open-issuer-fetch.ts';

export type IssuerKeysDeps = {
  readonly variable: Variable;
  readonly log: Log;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
};

/** Milliseconds between two lines of the log about the same issuer. */
const WARNING_INTERVAL_MS = 60_000;

/** Fetches issuers' keys, and remembers whether the last fetch of each succeeded. */
export function openIssuerKeys({ variable, log, now }: IssuerKeysDeps) {
  const issuers = openIssuerFetch({ variable, now, timeoutMs: JWKS_TIMEOUT, maxBytes: MAX_JWKS_BYTES });
  /** The result of the last fetch by URL, and when a failure was last logged. */
  const latest = new Map<string, { isUp: boolean; warnedAt: number }>();
  const fetchJwks: VerifierDeps['fetchJwks'] = async (address, { headers, signal }) => {
    try {
      return await issuers.fetch(address, { method: 'GET', headers: Object.fromEntries(headers), signal });
    } catch (error) {
      if (error instanceof TransportError) throw new KeysUnavailable(error.message, error.remedy);
      throw error;
    }
  };
  const onFetched: NonNullable<VerifierDeps['onFetched']> = (url, error) => {
    const known = latest.get(url) ?? { isUp: true, warnedAt: Number.NEGATIVE_INFINITY };
    latest.set(url, known);
    known.isUp = error === undefined;
    if (known.isUp || now() < known.warnedAt + WARNING_INTERVAL_MS) return;
    known.warnedAt = now();
    // Of any other error the message is not known to be the server's own.
    const told = error instanceof KeysUnavailable ? error : undefined;
    const { host } = new URL(url);
    log.warn(
      { host, reason: told?.message ?? 'it failed', remedy: told?.remedy },
      "an issuer's keys cannot be fetched",
    );
  };
  return {
    fetchJwks,
    onFetched,
    /** Whether the last fetch of its keys succeeded; `undefined` before the first. */
    isUp: ({ jwksUrl }: IssuerConfig): boolean | undefined => latest.get(jwksUrl)?.isUp,
    /** Fetches the keys of an issuer now. @throws KeysUnavailable if it cannot */
    reach: async ({ jwksUrl }: IssuerConfig): Promise<void> => {
      const signal = AbortSignal.timeout(JWKS_TIMEOUT);
      try {
        await fetchKeys(jwksUrl, fetchJwks, { method: 'GET', headers: new Headers(), redirect: 'manual', signal });
        onFetched(jwksUrl);
      } catch (error) {
        onFetched(jwksUrl, error);
        throw error;
      }
    },
    close: issuers.close,
  };
}
