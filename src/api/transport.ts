import type { Pool } from 'undici';
import { TransportError } from '../errors.ts';
import type { Send } from './pipeline.ts';

export type Transport = {
  readonly send: Send;
  /** Cuts off what is still under way and closes the connections. */
  readonly close: () => Promise<void>;
};

/** Milliseconds. MCP clients give a call up after 60 s: a call has to end before. */
const CONNECT_TIMEOUT = 10_000;
const ANSWER_TIMEOUT = 30_000;

/**
 * HTTP to one origin over kept-alive connections. It follows no redirect and holds connections to nothing but
 * `baseUrl`, so the key cannot reach another host.
 */
export function createTransport(baseUrl: string): Transport {
  const { origin, pathname } = new URL(baseUrl);
  const prefix = pathname.replace(/\/$/, '');
  let opening: Promise<Pool> | undefined;
  // undici takes longer to load than the rest of the start; nothing needs it before the first call.
  const open = async () => {
    const undici = await import('undici');
    return new undici.Pool(origin, {
      connect: { timeout: CONNECT_TIMEOUT },
      headersTimeout: ANSWER_TIMEOUT,
      bodyTimeout: ANSWER_TIMEOUT,
    });
  };

  return {
    send: async ({ method, path, headers, body }, signal) => {
      opening ??= open();
      const pool = await opening;
      const deadline = AbortSignal.timeout(ANSWER_TIMEOUT);
      try {
        const reply = await pool.request({
          method,
          path: `${prefix}${path}`,
          headers,
          body: body ?? null,
          signal: AbortSignal.any([signal, deadline]),
        });
        return { status: reply.statusCode, headers: flatten(reply.headers), body: await reply.body.text() };
      } catch (error) {
        throw toTransportError(error, { cancelled: signal.aborted, late: deadline.aborted });
      }
    },
    close: async () => {
      const pool = await opening;
      await pool?.destroy();
    },
  };
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

/** Faults before a byte of the request could leave: resolving, connecting, TLS. */
const NOT_SENT: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: `no connection within ${CONNECT_TIMEOUT / 1000} s`,
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name could not be looked up',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
};

const MAYBE_SENT: Readonly<Record<string, string>> = {
  UND_ERR_HEADERS_TIMEOUT: `no answer within ${ANSWER_TIMEOUT / 1000} s`,
  UND_ERR_BODY_TIMEOUT: `the answer stopped for ${ANSWER_TIMEOUT / 1000} s`,
  UND_ERR_SOCKET: 'the connection broke off',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer broke off',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection broke off',
};

/** Says in our words what went wrong: driver messages can hold addresses and header values. */
function toTransportError(error: unknown, aborted: { cancelled: boolean; late: boolean }): TransportError {
  if (aborted.cancelled) return new TransportError('the call was cancelled', true);
  if (aborted.late) return new TransportError(`no whole answer within ${ANSWER_TIMEOUT / 1000} s`, true);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const unsent =
    NOT_SENT[code] ?? (/CERT|TLS|SSL|SELF_SIGNED/.test(code) ? `no trusted TLS connection (${code})` : undefined);
  if (unsent !== undefined) return new TransportError(unsent, false);
  return new TransportError(MAYBE_SENT[code] ?? 'the HTTP exchange failed', true);
}
