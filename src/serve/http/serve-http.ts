import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { StartError } from '../../errors.ts';
import { isLoopback, toHostGuard, toOriginGuard, toRemote, whyMalformed } from './guard.ts';
import { createExchange, type Exchange } from './handler.ts';
import { type Checks, createReadiness } from './health.ts';
import { createGate } from './in-flight.ts';
import { type ListenerLimits, listen, type Tls } from './listener.ts';
import { openTo, REFUSALS, refuse, sendPreflight, sendPublic, sendStatus, toRefusal, whyUnfit } from './responses.ts';

export { isLoopback } from './guard.ts';

export type HttpLimits = ListenerLimits & {
  readonly bodyBytes: number;
  /** Requests under way, of everyone together. */
  readonly inFlight: number;
  readonly inFlightPerCaller: number;
  /** Milliseconds that requests under way get to finish once the server is asked to close. */
  readonly drainMs: number;
};

export const HTTP_LIMITS: HttpLimits = {
  headerBytes: 16_384,
  bodyBytes: 4_194_304,
  connections: 1_000,
  inFlight: 256,
  inFlightPerCaller: 32,
  requestTimeoutMs: 30_000,
  headersTimeoutMs: 10_000,
  keepAliveMs: 75_000, // over the 60 s after which most proxies give up a connection: the proxy should be the first
  drainMs: 8_000, // under the 10 s that Docker waits before it kills
};

/** What is known of a request before its body is read. */
export type Head = {
  readonly authorization: string | undefined;
  /** Every value of every header: a repeated one has several. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  /** The client's address. Of use to a person; it proves nothing. */
  readonly remote: string | undefined;
};

export type Identified<Caller> =
  | { readonly ok: true; readonly caller: Caller }
  | {
      readonly ok: false;
      readonly status: 400 | 401 | 403 | 429 | 503;
      readonly message: string;
      /** The WWW-Authenticate header. */
      readonly challenge?: string | undefined;
      /** Seconds. */
      readonly retryAfter?: number | undefined;
    };

type Http<Caller> = Exchange<Caller> & {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Whether a proxy in front writes X-Forwarded-For. No other forwarded header is ever looked at. */
  readonly trustProxy: boolean;
  readonly tls?: Tls | undefined;
  readonly identify: (head: Head) => Promise<Identified<Caller>>;
  /** Tells callers apart where their requests are counted. */
  readonly keyOf: (caller: Caller) => string;
  readonly limits: HttpLimits;
  /** The RFC 9728 document, for everyone. */
  readonly metadata?: { readonly path: string; readonly json: () => string | undefined } | undefined;
  readonly checks: Checks;
  /** A clock in milliseconds. */
  readonly now: () => number;
};

/**
 * Serves MCP over streamable HTTP, statelessly, to clients of both protocol eras. Whatever a request has to pass, it
 * passes in this order: Host, Origin, token, size, and only then is anything of its body kept.
 */
export async function serveOverHttp<Caller>(options: Http<Caller>): Promise<{ url: string; close(): Promise<void> }> {
  const { host, allowedHosts, limits, metadata, onerror } = options;
  if (!isLoopback(host) && allowedHosts.length === 0)
    throw new StartError(`${host} can be reached from outside: name the hosts it is known under (--allowed-hosts).`);
  const isHost = toHostGuard(allowedHosts);
  const isOrigin = toOriginGuard(options.allowedOrigins);
  const failing = createReadiness(options.checks, options.now);
  const gate = createGate(limits);
  const exchange = createExchange(options);
  const underWay = new Set<AbortController>();
  let closing = false;

  const onRequest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    if (closing) response.setHeader('connection', 'close');
    const malformed = whyMalformed(request);
    if (malformed !== undefined) return refuse(request, response, { status: 400, message: malformed });
    const { url = '', headers } = request;
    if (!isHost(headers.host)) return refuse(request, response, REFUSALS.host);
    const [path = ''] = url.split('?', 1);
    const document = path === metadata?.path ? metadata.json() : undefined;
    if (document !== undefined) return sendPublic(request, response, document);
    const { origin } = headers;
    if (origin !== undefined) {
      if (!isOrigin(origin)) return refuse(request, response, REFUSALS.origin);
      openTo(origin, response);
    }
    if (path === '/healthz') return sendStatus(request, response, []);
    if (path === '/readyz') return sendStatus(request, response, await failing());
    if (path !== options.path)
      return refuse(request, response, { status: 404, message: `There is nothing here: MCP is at ${options.path}.` });
    if (request.method === 'OPTIONS' && origin !== undefined) return sendPreflight(request, response, 'POST');
    if (request.method !== 'POST') return refuse(request, response, REFUSALS.notPost);
    if (url !== path) return refuse(request, response, REFUSALS.query);
    return admit(request, response);
  };

  const admit = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const remote = toRemote(request, options.trustProxy);
    const { authorization } = request.headers;
    const identified = await options.identify({ authorization, headers: request.headersDistinct, remote });
    if (!identified.ok) return refuse(request, response, toRefusal(identified));
    const { caller } = identified;
    const key = options.keyOf(caller);
    const refusal = whyUnfit(request) ?? (closing ? REFUSALS.closing : undefined) ?? gate.enter(key);
    if (refusal) return refuse(request, response, refusal);
    const gone = new AbortController();
    underWay.add(gone);
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    if (response.closed) gone.abort(); // while it was found out who is calling
    try {
      await exchange({ caller, remote, request, response, signal: gone.signal });
    } finally {
      underWay.delete(gone);
      gate.leave(key);
    }
  };

  const listener = await listen({
    host,
    port: options.port,
    tls: options.tls,
    limits,
    onRequest: (request, response) => {
      onRequest(request, response).catch((error: unknown) => {
        onerror(error instanceof Error ? error : new Error(String(error)));
        if (response.headersSent) response.destroy();
        else refuse(request, response, REFUSALS.broken);
      });
    },
  });
  return {
    url: `${listener.url}${options.path}`,
    /** Serves what is under way to its end, or aborts it when that takes too long. */
    close: async () => {
      closing = true;
      const drained = listener.drain();
      const patience = new AbortController();
      await Promise.race([drained, sleep(limits.drainMs, patience.signal)]);
      for (const gone of underWay) gone.abort();
      // What was aborted is answered or cut off, and gets to say so in the record.
      await Promise.race([drained, sleep(ABORTED, patience.signal)]);
      patience.abort();
      listener.cut();
      await drained;
    },
  };
}

/** Milliseconds that aborted requests get to end. */
const ABORTED = 500;

const sleep = (ms: number, signal: AbortSignal) => setTimeout(ms, undefined, { signal }).catch(() => {});
