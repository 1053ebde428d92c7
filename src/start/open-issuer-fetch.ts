import type { IssuerFetch } from '../agents/issuer-fetch.ts';
import { createBytePool } from '../memory/byte-pool.ts';
import { proxyFor, type Variable } from '../workos/proxy.ts';
import { createTransport, type Transport } from '../workos/transport.ts';

export type IssuerFetchDeps = {
  readonly variable: Variable;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Milliseconds of one request. */
  readonly timeoutMs: number;
  /** Bytes of an answer. */
  readonly maxBytes: number;
};

export type OpenIssuerFetch = {
  /** Rejects with TransportError if no complete answer came. */
  readonly fetch: IssuerFetch;
  readonly close: () => Promise<void>;
};

/**
 * Sends the server's own requests to issuers with the transport of WorkOS requests: through the same proxy, without
 * redirects, with limits on size and time. Node's own fetch ignores the proxy or, with NODE_USE_ENV_PROXY, sends even
 * loopback through it.
 */
export function openIssuerFetch({ variable, now, timeoutMs, maxBytes }: IssuerFetchDeps): OpenIssuerFetch {
  const transports = new Map<string, Transport>();
  const toTransport = (origin: string): Transport => {
    const known = transports.get(origin);
    if (known !== undefined) return known;
    const made = createTransport(origin, {
      attemptTimeout: timeoutMs,
      maxReplyBytes: maxBytes,
      // Of its own, so that no answer of WorkOS delays these.
      answers: createBytePool(maxBytes),
      now,
      proxy: proxyFor(origin, variable),
    });
    transports.set(origin, made);
    return made;
  };
  return {
    fetch: async (address, { method, headers, body, signal }) => {
      const { origin, pathname, search } = new URL(address);
      const reply = await toTransport(origin).send(
        { method: method === 'POST' ? 'POST' : 'GET', path: `${pathname}${search}`, headers, body },
        {
          signal: signal ?? AbortSignal.timeout(timeoutMs),
          deadline: now() + timeoutMs,
          agent: 'the server itself',
          repeat: 'never',
          slots: [],
        },
      );
      // An answer such as 204 may have no body, not even an empty one.
      return new Response(reply.body === '' ? null : reply.body, { status: reply.status, headers: reply.headers });
    },
    close: async () => {
      await Promise.all([...transports.values()].map((transport) => transport.close()));
    },
  };
}
