import { randomBytes } from 'node:crypto';
import type { SignedInBy } from '../call/confirm/approvals.ts';
import { isMac, seal, toMac, unseal } from '../keys.ts';
import type { ConsoleDeps } from './console-deps.ts';
import type { Viewer } from './routes.ts';

/** Milliseconds after which an approver signs in again. */
export const SESSION_MS = 8 * 3_600_000;

/** What a session's token holds. */
export type ConsoleSession = {
  readonly id: string;
  readonly by: SignedInBy;
  /** The `iss` of the issuer that signed in. Its name in the file could come to stand for another one. */
  readonly iss?: string | undefined;
  /** The approver whom a link names. */
  readonly name?: string | undefined;
  /** Milliseconds since 1970. */
  readonly until: number;
};

export type SignedIn = { readonly session: ConsoleSession; readonly viewer: Viewer };

type ConsoleSessionDeps = Pick<ConsoleDeps, 'key' | 'url' | 'once' | 'rules' | 'config' | 'today'>;

/**
 * The sessions of approvers. A session is its token alone: sealed, so that only this deployment can make or read one,
 * and only for this console. What is remembered is which ones were ended before their time.
 */
export function createConsoleSessions({ key, url, once, rules, config, today }: ConsoleSessionDeps) {
  const context = `session of ${url}`;
  const toFormParts = ({ id }: ConsoleSession) => ['form', url, id];
  const idOf = ({ id }: ConsoleSession) => `session.${id}`;

  const viewerOf = (session: ConsoleSession): Viewer | undefined => {
    const { by, iss, name } = session;
    if (session.until <= today()) return undefined;
    if (by !== 'link' && config().issuers.find((issuer) => issuer.name === by.issuer)?.issuer !== iss) return undefined;
    const approver = rules().find(by, name);
    return approver && { approver, by, formToken: toMac(key, toFormParts(session)) };
  };

  return {
    /** The token of a new session. */
    begin: (who: Pick<ConsoleSession, 'by' | 'iss' | 'name'>): string => {
      const session: ConsoleSession = {
        ...who,
        id: randomBytes(16).toString('base64url'),
        until: today() + SESSION_MS,
      };
      return seal(key, context, JSON.stringify(session));
    },
    /** The session of a token and its approver, by the configuration that holds now. Rejects if `once` does. */
    find: async (token: string): Promise<SignedIn | undefined> => {
      const text = unseal(key, context, token);
      if (text === undefined) return undefined;
      const session = JSON.parse(text) as ConsoleSession; // only `begin` seals in this context
      if (viewerOf(session) === undefined || (await once.isUsed(idOf(session)))) return undefined;
      const viewer = viewerOf(session); // again after the wait
      return viewer && { session, viewer };
    },
    /** Rejects if that cannot be remembered: the token would sign in still. */
    end: async (session: ConsoleSession): Promise<void> => {
      const id = idOf(session);
      if ((await once.use(id, session.until)) || (await once.isUsed(id))) return;
      throw new Error('too many ended sessions are remembered');
    },
    isFormToken: (session: ConsoleSession, given: string): boolean => isMac(key, toFormParts(session), given),
  };
}

export type ConsoleSessions = ReturnType<typeof createConsoleSessions>;
