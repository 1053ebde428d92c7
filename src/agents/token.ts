import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { TokenHash } from '../settings/agents-config.ts';

/** An agent's token, `wmcp_ID_SECRET`. Secret scanners match the prefix, and the ID finds the hash of the token. */
export type Token = { readonly id: string; readonly token: string };

export type NewToken = Token & { readonly hash: TokenHash };

const TOKEN = /^wmcp_([a-z2-7]{10})_[A-Za-z0-9_-]{43}$/;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** Whether a credential has the prefix of this server's tokens, even if the rest is malformed. */
export const isStatic = (credential: string): boolean => credential.startsWith('wmcp_');

/**
 * Creates a token of 32 random bytes. Only its hash is stored. It covers the whole token, so it is valid for this ID
 * only.
 */
export function createToken(): NewToken {
  // The alphabet has 32 letters, which divides 256: all letters are equally likely.
  const id = [...randomBytes(10)].map((byte) => ALPHABET[byte % 32]).join('');
  const token = `wmcp_${id}_${randomBytes(32).toString('base64url')}`;
  return { id, token, hash: { id, sha256: sha256(token).toString('hex') } };
}

/** @returns `undefined` if the credential does not have the form of this server's tokens */
export function parseToken(credential: string): Token | undefined {
  const id = TOKEN.exec(credential)?.[1];
  return id === undefined ? undefined : { id, token: credential };
}

/** The digest that an unknown ID is compared with, so that the comparison takes the same time. No token has it. */
const NO_DIGEST = Buffer.alloc(32);

/** The digests of tokens, by the ID of the token. */
export const digestsById = (hashes: readonly TokenHash[]): ReadonlyMap<string, Buffer> =>
  new Map(hashes.map(({ id, sha256 }) => [id, Buffer.from(sha256, 'hex')]));

/** Whether the token matches the digest with its ID. The time does not depend on the secret. */
export function matches({ id, token }: Token, digests: ReadonlyMap<string, Buffer>): boolean {
  const kept = digests.get(id) ?? NO_DIGEST;
  return timingSafeEqual(sha256(token), kept) && kept !== NO_DIGEST;
}

const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');
