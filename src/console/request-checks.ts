import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '../serve/http/body.ts';
import type { ConnectionUse } from '../serve/http/connections.ts';
import { hasTooManyHeaders, MAX_HEADERS, whyMalformed } from '../serve/http/guard.ts';
import { toMediaType } from '../serve/http/header-fields.ts';
import type { ConsoleSessions, SignedIn } from './console-session.ts';
import { isMisplaced, sentToken } from './kept-tokens.ts';
import type { MatchedRoute } from './served-routes.ts';

/**
 * The checks of every request to the console, in order. A check returns a refusal, or the next one runs. All of them come
 * before anything is shown or decided.
 */
export const CONSOLE_CHECKS: readonly ConsoleCheck[] = [
  wellFormed, // First: of a repeated header the other checks see one value, and a proxy may have used the other.
  ownHost, // Before any answer: a page that uses DNS rebinding learns nothing.
  noAgentToken, // Before the path: an agent that took the console for the MCP server is told so on each path.
  tokensInPlace, // With it: over https no script holds a token.
  knownPath, // Before the method: the route says which methods there are.
  knownMethod, // Before the checks that apply to one method only.
  notEmbedded, // Before the session: a page of another origin cannot even hold a stream open.
  ownOrigin, // Before the body: of a form of another origin nothing is read.
  sameOriginFetch, // With the origin: the browser says it once more, in a header that no script can set.
  formType, // Before the body, whose form it says.
  formBody, // Before the session, which is looked up as late as possible: a body may be sent slowly.
  session, // After the body. Its approver is the one of the configuration that holds now.
  formToken, // Last: it belongs to the session.
];

export type ConsoleRefusal = {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** What the checks of one console need. */
export type ConsoleFacts = {
  /** Of the URL under which people open it. */
  readonly host: string;
  readonly origin: string;
  /** Whether cookies carry sessions: over https alone. Over loopback http they would reach other ports as well. */
  readonly hasCookies: boolean;
  readonly match: (path: string) => MatchedRoute | undefined;
  readonly sessions: ConsoleSessions;
};

export type ConsoleContext = {
  readonly facts: ConsoleFacts;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly connection: ConnectionUse;
  readonly path: string;
};

/** What the checks have found so far. */
export type ConsoleState = {
  matched?: MatchedRoute;
  form?: URLSearchParams;
  signedIn?: SignedIn | undefined;
};

type CheckVerdict = ConsoleRefusal | 'gone' | undefined;

export type ConsoleCheck = (context: ConsoleContext, state: ConsoleState) => CheckVerdict | Promise<CheckVerdict>;

/** Bytes of a form. Its longest field has some hundreds. */
const MAX_FORM_BYTES = 16_384;

/** What is told of requests that are refused. `whyMalformed` has words of its own. */
const CONSOLE_REFUSALS = {
  tooManyHeaders: { status: 431, message: `The request has too many headers: at most ${MAX_HEADERS} are read.` },
  host: { status: 403, message: 'The console is not served under this host.' },
  agentToken: {
    status: 400,
    message: 'The console takes no Authorization header: agents use the MCP server, which has an address of its own.',
  },
  misplaced: { status: 400, message: 'This console keeps its sessions in a cookie and takes no other token.' },
  path: { status: 404, message: 'There is no such page.' },
  embedded: { status: 403, message: 'Pages of other origins may link to the console, and nothing else.' },
  origin: { status: 403, message: 'This form was not sent by a page of the console. Nothing was done.' },
  fetchSite: {
    status: 403,
    message:
      'The browser did not say that this form was sent by a page of the console (Sec-Fetch-Site). Nothing was done. Use a current browser.',
  },
  type: {
    status: 415,
    message: 'The content type must be application/x-www-form-urlencoded. Nothing was done.',
  },
  tooLarge: {
    status: 413,
    message: `The form is too large: at most ${MAX_FORM_BYTES / 1_024} KiB are read. Nothing was done.`,
  },
  formToken: {
    status: 403,
    message: 'This form belongs to another sign-in. Nothing was done. Open the page again.',
  },
} satisfies Record<string, ConsoleRefusal>;

const isReading = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'HEAD';

function wellFormed({ request }: ConsoleContext): CheckVerdict {
  if (hasTooManyHeaders(request)) return CONSOLE_REFUSALS.tooManyHeaders;
  const message = whyMalformed(request);
  return message === undefined ? undefined : { status: 400, message };
}

function ownHost({ facts, request }: ConsoleContext): CheckVerdict {
  return request.headers.host?.toLowerCase() === facts.host ? undefined : CONSOLE_REFUSALS.host;
}

function noAgentToken({ request }: ConsoleContext): CheckVerdict {
  return request.headers.authorization === undefined ? undefined : CONSOLE_REFUSALS.agentToken;
}

function tokensInPlace({ facts, request }: ConsoleContext): CheckVerdict {
  return isMisplaced(request, facts.hasCookies) ? CONSOLE_REFUSALS.misplaced : undefined;
}

function knownPath({ facts, path }: ConsoleContext, state: ConsoleState): CheckVerdict {
  const matched = facts.match(path);
  if (matched === undefined) return CONSOLE_REFUSALS.path;
  state.matched = matched;
  return undefined;
}

function knownMethod({ request }: ConsoleContext, { matched }: ConsoleState): CheckVerdict {
  const { show, act } = matched?.route ?? {};
  if (isReading(request) ? show !== undefined : request.method === 'POST' && act !== undefined) return undefined;
  const allow = [...(show ? ['GET', 'HEAD'] : []), ...(act ? ['POST'] : [])].join(', ');
  return { status: 405, message: `This page takes ${allow} only.`, headers: { allow } };
}

/** Opening a page from elsewhere is all that other origins may do. Clients that are not browsers send no such header. */
function notEmbedded({ request }: ConsoleContext): CheckVerdict {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = request.headers;
  if (!isReading(request) || site === undefined || site === 'same-origin' || site === 'none') return undefined;
  return mode === 'navigate' && dest === 'document' ? undefined : CONSOLE_REFUSALS.embedded;
}

function ownOrigin({ facts, request }: ConsoleContext): CheckVerdict {
  return isReading(request) || request.headers.origin === facts.origin ? undefined : CONSOLE_REFUSALS.origin;
}

function sameOriginFetch({ request }: ConsoleContext): CheckVerdict {
  const isOwn = isReading(request) || request.headers['sec-fetch-site'] === 'same-origin';
  return isOwn ? undefined : CONSOLE_REFUSALS.fetchSite;
}

function formType({ request }: ConsoleContext): CheckVerdict {
  if (isReading(request)) return undefined;
  const type = toMediaType(request.headers['content-type'] ?? '');
  const isForm = type?.essence === 'application/x-www-form-urlencoded';
  return isForm && request.headers['content-encoding'] === undefined ? undefined : CONSOLE_REFUSALS.type;
}

async function formBody({ request, response }: ConsoleContext, state: ConsoleState): Promise<CheckVerdict> {
  if (isReading(request)) return undefined;
  // A form is so small that it needs no room of its own.
  const read = await readBody(request, response, { maxBytes: MAX_FORM_BYTES, findRoom: async () => false });
  if (read === 'gone') return 'gone';
  if (typeof read === 'string') return CONSOLE_REFUSALS.tooLarge;
  state.form = new URLSearchParams(read.toString('utf8'));
  return undefined;
}

async function session({ facts, request, connection }: ConsoleContext, state: ConsoleState): Promise<CheckVerdict> {
  const token = sentToken(request, 'session', facts.hasCookies);
  if (token === undefined || state.matched?.route.isOpen) return undefined;
  state.signedIn = await facts.sessions.find(token);
  if (state.signedIn !== undefined) connection.hold();
  return undefined;
}

function formToken({ facts }: ConsoleContext, { form, signedIn }: ConsoleState): CheckVerdict {
  // Without a session a form does nothing but to sign in.
  if (form === undefined || signedIn === undefined) return undefined;
  const isOwn = facts.sessions.isFormToken(signedIn.session, form.get('token') ?? '');
  return isOwn ? undefined : CONSOLE_REFUSALS.formToken;
}
