import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { readBytes } from '../message.ts';
import { readBody } from './body.ts';
import { toRemote, whyMalformed } from './guard.ts';
import type { InFlight } from './in-flight.ts';
import {
  type HttpRefusal,
  openTo,
  REFUSALS,
  sendPreflight,
  sendPublic,
  sendStatus,
  toRefusal,
  toUnacceptable,
} from './responses.ts';

/**
 * What every request passes before it is served, in order. A check ends a request by returning the refusal, or that it
 * has answered; otherwise it leaves the request to the next.
 */
export const CHECKS: readonly Check[] = [
  form, // First: of a repeated header the other checks see one value, and a proxy may have gone by the other.
  host, // Before any answer: a page that has rebound its name to this machine learns nothing.
  publicDocument, // Before the origin: any page may read it.
  origin, // Before all else that a page could read. An allowed page can read what follows, refusals included.
  health, // Before the token, which a probe lacks. It has paths of its own.
  path, // Before the method: there is one only where MCP is served.
  preflight, // Before the method and the token: a browser sends OPTIONS, without a token.
  method, // Before anything that only a POST has.
  query, // Before the token: one in the URL is refused even beside a valid one in the header.
  identify, // Before the body: nothing of it is kept for a stranger.
  mediaType, // After the token: only a caller is told what is taken.
  notClosing, // After the wait for the token, in which the server may have begun to close.
  inFlight, // Right before the body: from here on the request holds memory.
  body, // After the count, which bounds how many bodies are in memory.
  message, // After the body, of which it is made.
];

type Verdict = HttpRefusal | 'answered' | undefined;

export type Check = <Caller>(
  context: RequestContext<Caller>,
  state: RequestState<Caller>,
) => Verdict | Promise<Verdict>;

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

/** What the checks of one server go by. */
export type CheckDeps<Caller> = ServerFacts & {
  readonly identify: (head: Head) => Promise<Identified<Caller>>;
  /** Counts a request of a caller in. */
  readonly enter: (caller: Caller, response: ServerResponse) => InFlight | HttpRefusal;
};

type ServerFacts = {
  readonly isHost: (host: string | undefined) => boolean;
  readonly isOrigin: (origin: string) => boolean;
  /** The RFC 9728 document, for every page. */
  readonly metadata: { readonly path: string; readonly json: () => string | undefined } | undefined;
  /** The names of the health checks that fail. */
  readonly failing: () => Promise<readonly string[]>;
  /** Where MCP is served. */
  readonly mcpPath: string;
  /** Whether a proxy in front writes X-Forwarded-For. No other forwarded header is ever looked at. */
  readonly trustProxy: boolean;
  readonly isClosing: () => boolean;
  readonly maxBodyBytes: number;
};

export type RequestContext<Caller> = {
  readonly server: CheckDeps<Caller>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of the request, without its query. */
  readonly path: string;
};

/** As far as the caller does not matter. */
type Facts = Omit<RequestContext<unknown>, 'server'> & { readonly server: ServerFacts };

/** What the checks have found so far. */
export type RequestState<Caller> = {
  /** Where the request came from. */
  remote?: string | undefined;
  caller?: { readonly is: Caller };
  counted?: InFlight;
  body?: Buffer;
  message?: JSONRPCMessage;
};

function form({ request }: Facts): Verdict {
  const message = whyMalformed(request);
  return message === undefined ? undefined : { status: 400, message };
}

function host({ server, request }: Facts): Verdict {
  return server.isHost(request.headers.host) ? undefined : REFUSALS.host;
}

function publicDocument({ server, request, response, path }: Facts): Verdict {
  const { metadata } = server;
  const document = path === metadata?.path ? metadata.json() : undefined;
  if (document === undefined) return undefined;
  sendPublic(request, response, document);
  return 'answered';
}

function origin({ server, request, response }: Facts): Verdict {
  const { origin } = request.headers;
  if (origin === undefined) return undefined;
  if (!server.isOrigin(origin)) return REFUSALS.origin;
  openTo(origin, response);
  return undefined;
}

function health({ server, request, response, path }: Facts): Verdict | Promise<Verdict> {
  const answer = (failed: readonly string[]) => {
    sendStatus(request, response, failed);
    return 'answered' as const;
  };
  if (path === '/healthz') return answer([]);
  return path === '/readyz' ? server.failing().then(answer) : undefined;
}

function path({ server, path }: Facts): Verdict {
  const { mcpPath } = server;
  return path === mcpPath ? undefined : { status: 404, message: `Not found: MCP is served at ${mcpPath}.` };
}

function preflight({ request, response }: Facts): Verdict {
  if (request.method !== 'OPTIONS' || request.headers.origin === undefined) return undefined;
  sendPreflight(request, response, 'POST');
  return 'answered';
}

function method({ request }: Facts): Verdict {
  return request.method === 'POST' ? undefined : REFUSALS.notPost;
}

function query({ request, path }: Facts): Verdict {
  return request.url === path ? undefined : REFUSALS.query;
}

async function identify<Caller>(
  { server, request }: RequestContext<Caller>,
  state: RequestState<Caller>,
): Promise<Verdict> {
  const remote = toRemote(request, server.trustProxy);
  const { authorization } = request.headers;
  const identified = await server.identify({ authorization, headers: request.headersDistinct, remote });
  if (!identified.ok) return toRefusal(identified);
  state.remote = remote;
  state.caller = { is: identified.caller };
  return undefined;
}

function mediaType({ request }: Facts): Verdict {
  return toUnacceptable(request);
}

function notClosing({ server }: Facts): Verdict {
  return server.isClosing() ? REFUSALS.closing : undefined;
}

function inFlight<Caller>({ server, response }: RequestContext<Caller>, state: RequestState<Caller>): Verdict {
  if (state.caller === undefined) throw new Error('a request is counted whose caller is not known');
  const entered = server.enter(state.caller.is, response);
  if ('status' in entered) return entered;
  state.counted = entered;
  return undefined;
}

async function body({ server, request, response }: Facts, state: RequestState<unknown>): Promise<Verdict> {
  const read = await readBody(request, response, server.maxBodyBytes);
  if (read === 'gone') return 'answered'; // The client has left: there is nothing to answer.
  if (typeof read === 'string') return REFUSALS[read];
  state.body = read;
  return undefined;
}

function message(_: Facts, state: RequestState<unknown>): Verdict {
  const read = readBytes(state.body);
  if ('message' in read) {
    state.message = read.message;
    return undefined;
  }
  const { id, error } = read.refusal;
  return { status: 400, id, ...error };
}
