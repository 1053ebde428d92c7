import { openLinkToken } from '../agents/console-link.ts';
import type { Person } from '../call/confirm/approvals.ts';
import { RefusedError } from '../errors.ts';
import type { ConsoleDeps } from './console-deps.ts';
import { consoleScript } from './console-script.ts';
import type { ConsoleSessions } from './console-session.ts';
import { html } from './html.ts';
import { pageIcon } from './pages/page-icon.ts';
import { pageStyle } from './pages/page-style.ts';
import type { ConsolePage } from './routes.ts';
import { toFaultPage } from './send-answer.ts';
import type { ClosedRoute, ConsoleAnswer, OpenRoute } from './served-routes.ts';
import { createSignIn, toReturnPath } from './sign-in.ts';
import { SignInError } from './sign-in-error.ts';

export type OpenRoutesParts = {
  readonly sessions: ConsoleSessions;
  /** Whether a path is one of a page behind the sign-in. */
  readonly isPage: (path: string) => boolean;
};

export type OpenRoutes = {
  readonly routes: readonly OpenRoute[];
  /** What is shown in the place of a page. @param address to go to afterwards, where nothing was sent */
  readonly signInPage: (address: string | undefined) => ConsolePage;
};

const FIRST_PAGE = '/waiting';

/** Characters of an address that is gone to after a sign-in, as it is kept: browsers keep no cookie of more than 4,096. */
const MAX_ADDRESS_CHARS = 1_000;

const LINK_FAULT: ConsolePage = {
  status: 403,
  title: 'This link is not valid',
  main: html`<h1>This link is not valid</h1>
<p>A link to the console signs in once and within two minutes, on the server that it was made for. Make another one with: <code>workos-mcp console login --as NAME</code></p>`,
};

/** The routes that are open without a sign-in: signing in itself, the script, the style and the icon. */
export function createOpenRoutes(deps: ConsoleDeps, { sessions, isPage }: OpenRoutesParts): OpenRoutes {
  const { url, key, once, rules, config, record, today, log } = deps;
  const signIn = createSignIn(deps);

  /** Where to go after a sign-in: a page of the console alone. */
  const toAddress = (given: string | null | undefined): string => {
    if (given == null || !URL.canParse(given, url)) return FIRST_PAGE;
    const { pathname, search } = new URL(given, url);
    const address = `${pathname}${search}`;
    return isPage(pathname) && address.length <= MAX_ADDRESS_CHARS ? address : FIRST_PAGE;
  };

  const toSignInPage = (address: string, isLost: boolean): ConsolePage => {
    const { issuers, approvers } = config();
    const buttons = issuers
      .filter(({ signIn }) => signIn !== undefined)
      .map(
        ({ name }) => html`<form method="post" action="/sign-in">
<input type="hidden" name="issuer" value="${name}"><input type="hidden" name="to" value="${address}">
<button>Sign in with ${name}</button></form>`,
      );
    const byLink =
      approvers.some(({ person }) => person === undefined) &&
      html`<p>Approvers without an issuer sign in by a link, which the operator makes on the server with: <code>workos-mcp console login --as NAME</code></p>`;
    const lost = isLost && html`<p>You are not signed in any more. Nothing was done.</p>`;
    return { status: 401, title: 'Sign in', main: html`<h1>Sign in</h1>${lost}${buttons}${byLink}` };
  };

  /** A sign-in that cannot be recorded is refused. */
  const note = async (text: string): Promise<void> => {
    try {
      await record.append({ kind: 'note', text }, { sync: true, beforehand: true });
    } catch {
      throw new RefusedError('The record cannot be written, and every sign-in is recorded. You are not signed in.');
    }
  };

  const toIssuerSession = async (by: Person, iss: string, to: string): Promise<ConsoleAnswer> => {
    const approver = rules().find(by);
    if (approver === undefined) {
      log.warn({ issuer: by.issuer }, 'a person signed in to the console who is not an approver');
      return {
        status: 403,
        title: 'You are not an approver',
        main: html`<h1>You are not an approver</h1>
<p>The issuer <code>${by.issuer}</code> signed you in as <code dir="ltr">${by.sub}</code>. No approver in the settings file has this issuer and this sub.</p>
<p>If you should be one, give the operator both.</p>`,
        attempt: null,
      };
    }
    await note(`${approver.name} signed in to the console by ${by.issuer}`);
    return { to: toAddress(to), session: sessions.begin({ by, iss }), attempt: null };
  };

  const refused = (error: unknown): ConsoleAnswer => {
    if (!(error instanceof SignInError)) throw error;
    log.warn({ reason: error.reason }, 'a sign-in to the console failed');
    return { ...toFaultPage(error.status, 'You are not signed in', error.message), attempt: null };
  };

  const readLink = async (token: string | null) => {
    const link = openLinkToken(key, token ?? '', today());
    if (link === undefined || rules().find('link', link.name) === undefined) return undefined;
    return (await once.isUsed(`link.${link.id}`)) ? undefined : link;
  };

  const routes: readonly OpenRoute[] = [
    { isOpen: true, path: '/', show: async () => ({ to: FIRST_PAGE }) },
    {
      isOpen: true,
      path: '/console.js',
      show: async () => ({ type: 'text/javascript; charset=utf-8', text: consoleScript }),
    },
    { isOpen: true, path: '/console.svg', show: async () => ({ type: 'image/svg+xml', text: pageIcon }) },
    { isOpen: true, path: '/console.css', show: async () => ({ type: 'text/css; charset=utf-8', text: pageStyle }) },
    {
      isOpen: true,
      path: '/link',
      show: async ({ query }) => {
        const token = query.get('token');
        const link = await readLink(token);
        if (link === undefined) return LINK_FAULT;
        return {
          title: 'Sign in',
          main: html`<h1>Sign in as ${link.name}?</h1>
<p>This link was made on the server. It signs in once.</p>
<form method="post" action="/link"><input type="hidden" name="link" value="${token ?? ''}"><button>Sign in as ${link.name}</button></form>`,
        };
      },
      act: async ({ form }) => {
        const link = await readLink(form.get('link'));
        if (link === undefined || !(await once.use(`link.${link.id}`, link.until))) return LINK_FAULT;
        await note(`${link.name} signed in to the console by link`);
        return { to: FIRST_PAGE, session: sessions.begin({ by: 'link', name: link.name }) };
      },
    },
    {
      isOpen: true,
      path: '/sign-in',
      show: async () => ({ ...toSignInPage(FIRST_PAGE, false), status: 200 }),
      act: async ({ form }) => {
        try {
          const begun = await signIn.begin(form.get('issuer') ?? '', toAddress(form.get('to')));
          return {
            title: 'Sign in',
            main: html`<h1>Sign in</h1><p><a data-goes href="${begun.address}">Go on to ${form.get('issuer') ?? ''}</a></p>`,
            goesTo: begun.address,
            attempt: begun.attempt,
          };
        } catch (error) {
          return refused(error);
        }
      },
    },
    {
      isOpen: true,
      path: '/signed-in/:issuer',
      // The issuer leads here from its own origin, and browsers do not send the attempt's strict cookie with such a request.
      show: async ({ query, params }) => ({
        title: 'Sign in',
        main: html`<h1>Sign in</h1>
<form method="post" action="${toReturnPath(params.issuer ?? '')}" data-goes>${['code', 'state', 'iss', 'error'].map(
          (name) => {
            const value = query.get(name);
            return value !== null && html`<input type="hidden" name="${name}" value="${value}">`;
          },
        )}<button>Go on</button></form>`,
      }),
      act: async ({ params, form, attempt }) => {
        try {
          const { by, iss, to } = await signIn.finish(params.issuer ?? '', attempt, form);
          return await toIssuerSession(by, iss, to);
        } catch (error) {
          return refused(error);
        }
      },
    },
  ];
  return { routes, signInPage: (address) => toSignInPage(toAddress(address), address === undefined) };
}

export const toSignOut = (sessions: ConsoleSessions): ClosedRoute => ({
  path: '/sign-out',
  act: async ({ session }) => {
    await sessions.end(session);
    return { to: '/sign-in', session: null };
  },
});
