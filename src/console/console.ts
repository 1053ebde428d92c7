import { setMaxListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RefusedError } from '../errors.ts';
import type { ConnectionUse } from '../serve/http/connections.ts';
import { type ListenerLimits, listen, type Tls } from '../serve/http/listener.ts';
import { finish } from '../serve/http/send.ts';
import type { ConsoleDeps } from './console-deps.ts';
import { createConsoleSessions } from './console-session.ts';
import { createStreams } from './follow-stream.ts';
import { createOpenRoutes, toSignOut } from './open-routes.ts';
import { createRoutes } from './pages/index.ts';
import type { ConsoleFacts } from './request-checks.ts';
import { createResponder } from './respond.ts';
import type { ConsolePage } from './routes.ts';
import { sendAnswer, setSafeHeaders, toFaultPage } from './send-answer.ts';
import { type ClosedRoute, toMatcher } from './served-routes.ts';

export type OpenConsole = {
  /** Where it listens. */
  readonly url: string;
  readonly setTls: (tls: Tls) => void;
  readonly close: () => Promise<void>;
};

const LIMITS: ListenerLimits = {
  headerBytes: 16_384,
  connections: 100,
  requestTimeoutMs: 30_000,
  headersTimeoutMs: 10_000,
  keepAliveMs: 75_000,
};

/** Milliseconds for requests to end once the console closes. */
const CLOSE_GRACE_MS = 2_000;

/**
 * Serves the console. Throws StartError if it cannot listen.
 * @param routes its pages, for tests to hand in their own
 */
export async function openConsole(deps: ConsoleDeps, routes = createRoutes(deps)): Promise<OpenConsole> {
  const { host: address, port, url, tls, log, clock } = deps;
  const { host, origin, protocol } = new URL(url);
  const hasCookies = protocol === 'https:';
  const sessions = createConsoleSessions(deps);
  const closed: readonly ClosedRoute[] = [...routes, toSignOut(sessions)];
  const matchClosed = toMatcher(closed);
  const open = createOpenRoutes(deps, {
    sessions,
    isPage: (path) => matchClosed(path)?.route.show !== undefined,
  });
  const facts: ConsoleFacts = {
    host,
    origin,
    hasCookies,
    match: toMatcher([...open.routes, ...closed]),
    sessions,
  };
  const closing = new AbortController();
  setMaxListeners(LIMITS.connections, closing.signal); // each request that is answered listens
  const respond = createResponder(facts, { streams: createStreams(clock), open, closing: closing.signal });

  const onRequest = async (request: IncomingMessage, response: ServerResponse, connection: ConnectionUse) => {
    setSafeHeaders(response, hasCookies);
    if (closing.signal.aborted) response.setHeader('connection', 'close');
    const [path = '', ...query] = request.url?.split('?') ?? [];
    const context = { facts, request, response, connection, path };
    try {
      await respond(context, new URLSearchParams(query.join('?')));
      await finish(response, LIMITS.requestTimeoutMs);
    } catch (error) {
      if (!(error instanceof RefusedError)) log.error({ error: Object(error).name }, 'the console failed');
      if (response.headersSent) return void response.destroy();
      sendAnswer(toFailurePage(error), { request, response, path, hasCookies });
    }
  };
  const listener = await listen({ host: address, port, tls, limits: LIMITS, onRequest });
  return {
    url: listener.url,
    setTls: listener.setTls,
    close: async () => {
      closing.abort();
      const stop = clock.setTimer(listener.cut, CLOSE_GRACE_MS);
      await listener.drain();
      stop();
    },
  };
}

/** What is told of an error: RefusedError has a message for people, such as where what replicas share cannot be reached. */
function toFailurePage(error: unknown): ConsolePage {
  if (error instanceof RefusedError) return toFaultPage(503, 'The console cannot do this now', error.message);
  return toFaultPage(
    500,
    'The console failed',
    'The server log has the details. Load the page again to see what holds now.',
  );
}
