import type { createStreams } from './follow-stream.ts';
import { html } from './html.ts';
import { sentToken } from './kept-tokens.ts';
import type { OpenRoutes } from './open-routes.ts';
import { CONSOLE_CHECKS, type ConsoleContext, type ConsoleFacts, type ConsoleState } from './request-checks.ts';
import type { ConsolePage, PageRequest } from './routes.ts';
import { sendAnswer, toFaultPage } from './send-answer.ts';
import type { ConsoleAnswer } from './served-routes.ts';

export type ResponderParts = {
  readonly streams: ReturnType<typeof createStreams>;
  readonly open: Pick<OpenRoutes, 'signInPage'>;
  /** Aborts when the console closes, which ends streams. */
  readonly closing: AbortSignal;
};

/**
 * Stands for a page where no cookie carries the session. The address of a page alone shows nothing then: its script
 * fetches the page with the session's token.
 */
const SHELL: ConsolePage = {
  title: 'Console',
  main: html`<p data-shell>Loading…</p>
<noscript><p>Over http the console keeps the sign-in in its script: allow scripts, or serve the console over https.</p></noscript>`,
};

/** A page of another origin has linked here, and browsers send no strict cookie with such a request. */
const toBounce = (address: string): ConsoleAnswer => ({
  title: 'Console',
  main: html`<p><a href="${address}">Continue</a></p>`,
  goesTo: address,
});

const NOT_FOUND = toFaultPage(404, 'There is no such page', 'It does not exist, or you may not see it.');

/** Answers requests: by the checks, then by the route. */
export function createResponder(facts: ConsoleFacts, { streams, open, closing }: ResponderParts) {
  const { hasCookies, sessions } = facts;

  const answerOf = async (
    { request, path }: ConsoleContext,
    { matched, form, signedIn }: ConsoleState,
    parts: Pick<PageRequest, 'query' | 'signal'>,
  ): Promise<ConsoleAnswer> => {
    if (matched === undefined) throw new Error('a request is answered that has not passed every check');
    const { route, params } = matched;
    if (route.isOpen) {
      const visit = { ...parts, params, attempt: sentToken(request, 'attempt', hasCookies) };
      return (await (form === undefined ? route.show?.(visit) : route.act?.({ ...visit, form }))) ?? NOT_FOUND;
    }
    if (signedIn === undefined) {
      const address = request.url ?? path;
      if (form === undefined && !hasCookies && sentToken(request, 'session', hasCookies) === undefined) return SHELL;
      if (form === undefined && hasCookies && request.headers['sec-fetch-site'] === 'cross-site')
        return toBounce(address);
      return open.signInPage(form === undefined ? address : undefined);
    }
    const page = { ...parts, ...signedIn, params };
    return (await (form === undefined ? route.show?.(page) : route.act?.({ ...page, form }))) ?? NOT_FOUND;
  };

  /** Sends the stream of a page, where one is asked for and there is one. */
  const follow = async (
    { request, response }: ConsoleContext,
    { matched, signedIn }: ConsoleState,
    query: URLSearchParams,
    gone: AbortController,
  ): Promise<'sent' | 'too many' | 'not asked for'> => {
    const { route, params } = matched ?? {};
    const isAsked = request.method === 'GET' && request.headers.accept === 'text/event-stream';
    if (!isAsked || signedIn === undefined || route === undefined || route.isOpen || route.follow === undefined)
      return 'not asked for';
    const { session, viewer } = signedIn;
    const token = sentToken(request, 'session', hasCookies) ?? '';
    const approver = JSON.stringify(viewer.approver);
    const isSent = await streams.follow({
      response,
      id: session.id,
      pages: route.follow({ viewer, params: params ?? {}, query, signal: gone.signal }),
      stillHolds: async () => JSON.stringify((await sessions.find(token))?.viewer.approver) === approver,
      abort: () => gone.abort(),
    });
    return isSent ? 'sent' : 'too many';
  };

  return async (context: ConsoleContext, query: URLSearchParams): Promise<void> => {
    const { request, response, connection, path } = context;
    const state: ConsoleState = {};
    const send = (answer: ConsoleAnswer) =>
      sendAnswer(answer, { request, response, path, viewer: state.signedIn?.viewer, hasCookies });
    for (const check of CONSOLE_CHECKS) {
      const checked = check(context, state);
      const verdict = checked instanceof Promise ? await checked : checked;
      if (verdict === 'gone') return;
      if (verdict === undefined) continue;
      connection.refuse();
      for (const [name, value] of Object.entries(verdict.headers ?? {})) response.setHeader(name, value);
      return send(toFaultPage(verdict.status, 'The console cannot answer this request', verdict.message));
    }
    const gone = new AbortController();
    const leave = () => gone.abort();
    response.once('close', leave);
    closing.addEventListener('abort', leave);
    try {
      const followed = await follow(context, state, query, gone);
      if (followed === 'sent') return;
      if (followed === 'too many')
        return send(
          toFaultPage(429, 'Too many open pages', 'Close other windows of the console, then load this again.'),
        );
      send(await answerOf(context, state, { query, signal: gone.signal }));
    } finally {
      closing.removeEventListener('abort', leave);
    }
  };
}
