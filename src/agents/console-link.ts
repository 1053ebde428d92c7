import { randomBytes } from 'node:crypto';
import { seal, unseal } from '../keys.ts';

/** Milliseconds in which a link can be opened. */
const LINK_MS = 2 * 60_000;

/** What a link to the console stands for. */
export type ConsoleLink = {
  /** The approver's name in the settings file. */
  readonly name: string;
  /** Of this link alone: one that was used is remembered by it. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly until: number;
};

const CONTEXT = 'link';

/**
 * The token of a link by which an approver signs in to the console, once and within LINK_MS.
 * @param key that of the purpose `console`
 * @param now milliseconds since 1970
 */
export function toLinkToken(key: Uint8Array, name: string, now: number): string {
  const link: ConsoleLink = { name, id: randomBytes(16).toString('base64url'), until: now + LINK_MS };
  return seal(key, CONTEXT, JSON.stringify(link));
}

/** What a token stands for; `undefined` for one of another deployment and for one whose time is over. */
export function openLinkToken(key: Uint8Array, token: string, now: number): ConsoleLink | undefined {
  const text = unseal(key, CONTEXT, token);
  if (text === undefined) return undefined;
  const link = JSON.parse(text) as ConsoleLink; // only toLinkToken seals in this context
  return link.until > now ? link : undefined;
}

/** The address that a person opens. @param url that of the console */
export const toLinkUrl = (url: string, token: string): string => `${new URL(url).origin}/link?token=${token}`;
