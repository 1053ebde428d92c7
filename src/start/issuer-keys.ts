import { JWKS_TIMEOUT, MAX_JWKS_BYTES, type VerifierDeps } from '../agents/jwt.ts';
import type { Log } from '../log.ts';
import { createBytePool } from '../memory/byte-pool.ts';
import { TransportError } from '../workos/errors.ts';
import { proxyFor, type Variable } from '../workos/proxy.ts';
import { createTransport, type Transport } from '../workos/transport.ts';

export type IssuerKeysDeps = {
  readonly variable: Variable;
  readonly log: Log;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
};

/**
 * Fetches issuers' keys with the transport of WorkOS requests: through the same proxy, without redirects, with limits
 * on size and time. Node's own fetch ignores the proxy or, with NODE_USE_ENV_PROXY, sends even loopback through it.
 */
export function openIssuerKeys({ variable, log, now }: IssuerKeysDeps) {
  const transports = new Map<string, Transport>();
  const toTransport = (origin: string): Transport => {
    const known = transports.get(origin);
    if (known !== undefined) return known;
    const proxy = proxyFor(origin, variable);
    const made = createTransport(origin, {
      attemptTimeout: JWKS_TIMEOUT,
      maxReplyBytes: MAX_JWKS_BYTES,
      // Of its own, so that no answer of WorkOS delays the keys.
      answers: createBytePool(MAX_JWKS_BYTES),
      now,
      proxy,
    });
    transports.set(origin, made);
    return made;
  };
  const fetchJwks: VerifierDeps['fetchJwks'] = async (address, { headers, signal }) => {
    const { origin, pathname, search } = new URL(address);
    try {
      const { status, body } = await toTransport(origin).send(
        { method: 'GET', path: `${pathname}${search}`, headers: Object.fromEntries(headers), body: undefined },
        { signal, deadline: now() + JWKS_TIMEOUT, agent: 'the server itself', repeat: 'never', slots: [] },
      );
      return new Response(body, { status });
    } catch (error) {
      if (error instanceof TransportError) {
        const { message: reason, remedy } = error;
        log.warn({ url: origin, reason, remedy }, "an issuer's keys cannot be fetched");
      }
      throw error;
    }
  };
  return {
    fetchJwks,
    close: async () => {
      await Promise.all([...transports.values()].map((transport) => transport.close()));
    },
  };
}
