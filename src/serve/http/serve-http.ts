import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import { createBytePool } from '../../memory/byte-pool.ts';
import { findRoom } from './body.ts';
import { CHECKS, type CheckDeps, type RequestContext, type RequestState } from './checks.ts';
import type { ConnectionUse } from './connections.ts';
import { toGuards, toTraceparent } from './guard.ts';
import { createHttpExchange, type HttpExchange } from './handler.ts';
import { type Checks, createReadiness } from './health.ts';
import { createInFlightLine, type InFlightLimits } from './in-flight.ts';
import { type ListenerLimits, listen, type Tls } from './listener.ts';
import { type HttpRefusal, REFUSALS, refuse } from './responses.ts';

export type HttpLimits = ListenerLimits &
  InFlightLimits & {
    readonly bodyBytes: number;
    /** Bytes of all large bodies together, as long as their requests are in flight. */
    readonly bodiesBytes: number;
    /** Milliseconds that a large body may wait for room. */
    readonly bodyWaitMs: number;
    /** Milliseconds for requests in flight to finish once the server is asked to close. */
    readonly drainMs: number;
  };

export const HTTP_LIMITS: HttpLimits = {
  headerBytes: 16_384,
  bodyBytes: 1_048_576,
  bodiesBytes: 16_777_216,
  bodyWaitMs: 10_000,
  connections: 1_000,
  inFlight: 256,
  inFlightPerCaller: 32,
  waiting: 1_024,
  waitingPerCaller: 512,
  waitMs: 30_000,
  requestTimeoutMs: 30_000,
  headersTimeoutMs: 10_000,
  keepAliveMs: 75_000, // over the 60 s after which most proxies close an idle connection: the proxy must close first
  drainMs: 8_000, // under the 10 s that Docker waits before it kills
};

/** A request that the server turned away before it could become a call. */
export type TurnedAway = Pick<HttpRefusal, 'reason' | 'agent'>;

/** An HTTP request that has ended. Nothing in it but the trace is the client's. */
export type EndedRequest = {
  /** `undefined` if the client left before it was answered. */
  readonly status: number | undefined;
  /** Why it was turned away, if it was. */
  readonly reason: string | undefined;
  readonly agent: string | undefined;
  /** From its head to the last byte of its answer. */
  readonly ms: number;
  readonly trace: string | undefined;
};

type Http<Caller> = HttpExchange<Caller> &
  Pick<CheckDeps<Caller>, 'trustProxy' | 'identify' | 'generation'> &
  Partial<Pick<CheckDeps<Caller>, 'metadata' | 'readSession' | 'mayAsk'>> & {
    readonly host: string;
    readonly port: number;
    readonly path: string;
    readonly allowedHosts: readonly string[];
    readonly allowedOrigins: readonly string[];
    /** The URL that clients use. Pages of its origin are allowed, like those of the address it listens on. */
    readonly ownUrl?: string | undefined;
    readonly tls?: Tls | undefined;
    /** The key under which a caller's requests are counted. */
    readonly keyOf: (caller: Caller) => string;
    readonly limits: HttpLimits;
    readonly onTurnedAway?: ((request: TurnedAway) => void) | undefined;
    /** Learns of each request when it has ended. */
    readonly onEnded?: ((request: EndedRequest) => void) | undefined;
    readonly checks: Checks;
    readonly clock: Pick<Clock, 'now' | 'setTimer'>;
  };

/**
 * Serves MCP over streamable HTTP to clients of both protocol eras. It keeps no state of a client but its requests in
 * progress. checks.ts has the checks of a request
 * in order.
 */
export async function serveOverHttp<Caller>(options: Http<Caller>) {
  const { host, limits, onerror, onEnded, onTurnedAway } = options;
  const { now } = options.clock;
  const { isHost, isOrigin } = toGuards(options);
  const line = createInFlightLine(options);
  const bodies = createBytePool(limits.bodiesBytes);
  const exchange = createHttpExchange(options);
  let closing = false;
  const ownOrigins: string[] = [];
  const deps: CheckDeps<Caller> = {
    isHost,
    isOrigin: (origin) => ownOrigins.includes(origin) || isOrigin(origin),
    metadata: options.metadata,
    failing: createReadiness(options.checks, options.clock.now),
    mcpPath: options.path,
    trustProxy: options.trustProxy,
    identify: options.identify,
    generation: options.generation,
    isClosing: () => closing,
    readSession: options.readSession ?? (() => undefined),
    mayAsk: options.mayAsk ?? (() => false),
    enter: (caller, response) => line.enter(options.keyOf(caller), response),
    maxBodyBytes: limits.bodyBytes,
    findRoom: (caller, bytes, response) =>
      findRoom((onRoom) => bodies.enter(options.keyOf(caller), bytes, onRoom), response, limits.bodyWaitMs),
  };

  const onRequest = async (
    request: IncomingMessage,
    response: ServerResponse,
    connection: ConnectionUse,
  ): Promise<void> => {
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    if (closing) response.setHeader('connection', 'close');
    const [path = ''] = request.url?.split('?', 1) ?? [];
    const context: RequestContext<Caller> = { server: deps, request, response, connection, path };
    const state: RequestState<Caller> = {};
    let refusal: HttpRefusal | undefined;
    if (onEnded !== undefined) {
      const begun = now();
      response.once('close', () =>
        onEnded({
          status: response.headersSent ? response.statusCode : undefined,
          reason: refusal?.reason,
          agent: state.caller === undefined ? refusal?.agent : options.keyOf(state.caller.is),
          ms: Math.round(now() - begun),
          trace: toTraceparent(request.headers.traceparent),
        }),
      );
    }
    try {
      for (const check of CHECKS) {
        const checked = check(context, state);
        // Most checks are synchronous, so awaiting each of them would only add delay.
        const verdict = checked instanceof Promise ? await checked : checked;
        if (verdict === 'answered') return;
        if (verdict === undefined) continue;
        refusal = verdict;
        onTurnedAway?.({
          reason: verdict.reason,
          agent: state.caller === undefined ? verdict.agent : options.keyOf(state.caller.is),
        });
        connection.refuse();
        return refuse(request, response, verdict);
      }
      const { caller, remote, counted, message, session } = state;
      if (!caller || !counted || !message) throw new Error('a request is served that has not passed every check');
      await exchange({
        caller: caller.is,
        remote,
        request,
        response,
        signal: counted.signal,
        abort: counted.abort,
        place: counted,
        message,
        session,
      });
    } finally {
      state.counted?.leave();
      state.place?.leave();
    }
  };

  const listener = await listen({
    host,
    port: options.port,
    tls: options.tls,
    limits,
    onRequest: (request, response, connection) => {
      onRequest(request, response, connection).catch((error: unknown) => {
        onerror(error instanceof Error ? error : new Error(String(error)));
        if (response.headersSent) response.destroy();
        else refuse(request, response, REFUSALS.broken);
      });
    },
  });
  ownOrigins.push(...[listener.url, options.ownUrl ?? listener.url].map((url) => new URL(url).origin));
  return {
    url: `${listener.url}${options.path}`,
    /** Requests that are being served, and those that wait in line. */
    load: line.load,
    setTls: listener.setTls,
    /** Waits for requests in flight, and aborts those that take too long. */
    close: async () => {
      closing = true;
      line.dismiss();
      const drained = listener.drain();
      const waiting = new AbortController();
      await Promise.race([drained, sleep(limits.drainMs, waiting.signal)]);
      line.abort();
      // Aborted requests get time to end and to write their outcome to the record.
      await Promise.race([drained, sleep(ABORT_GRACE_MS, waiting.signal)]);
      waiting.abort();
      listener.cut();
      await drained;
    },
  };
}

/** Milliseconds for aborted requests to end. */
const ABORT_GRACE_MS = 500;

const sleep = (ms: number, signal: AbortSignal) => setTimeout(ms, undefined, { signal }).catch(() => {});
