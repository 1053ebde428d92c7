import type { IncomingMessage, ServerResponse } from 'node:http';
import { SESSION_MS } from './console-session.ts';

/** What the console has a client keep: the token of a session, or that of an attempt to sign in. */
export type KeptToken = (typeof KEPT)[number];

const KEPT = ['session', 'attempt'] as const;

/** Milliseconds in which a sign-in with an issuer has to end. */
export const ATTEMPT_MS = 10 * 60_000;

const MAX_AGE_MS: Readonly<Record<KeptToken, number>> = { session: SESSION_MS, attempt: ATTEMPT_MS };

/** The prefix has browsers take the cookie from this host over https alone. */
const cookieOf = (kept: KeptToken) => `__Host-console-${kept}`;

/** The header by which the console's script sends and gets a token where no cookie carries it. */
export const headerOf = (kept: KeptToken) => `x-console-${kept}`;

/** Whether a token came by header although cookies carry them. */
export const isMisplaced = ({ headers }: IncomingMessage, hasCookies: boolean): boolean =>
  hasCookies && KEPT.some((kept) => headers[headerOf(kept)] !== undefined);

/** The token that a request brings. Where no cookie carries tokens, none is looked at: other ports can set them. */
export function sentToken({ headers }: IncomingMessage, kept: KeptToken, hasCookies: boolean): string | undefined {
  if (!hasCookies) return headers[headerOf(kept)]?.toString();
  const name = `${cookieOf(kept)}=`;
  const cookie = (headers.cookie ?? '').split(';').find((one) => one.trim().startsWith(name));
  return cookie?.trim().slice(name.length);
}

/** Has the client keep a token, or with `null` keep none any more. */
export function keep(response: ServerResponse, kept: KeptToken, token: string | null, hasCookies: boolean): void {
  if (!hasCookies) {
    response.setHeader(headerOf(kept), token ?? '');
    return;
  }
  const seconds = token === null ? 0 : MAX_AGE_MS[kept] / 1_000;
  const cookie = `${cookieOf(kept)}=${token ?? ''}; Path=/; Max-Age=${seconds}; Secure; HttpOnly; SameSite=Strict`;
  response.appendHeader('set-cookie', cookie);
}
