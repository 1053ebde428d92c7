import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { TokenHash } from '../settings/agents-config.ts';

/** What an agent shows: `wmcp_ID_SECRET`. The prefix is for scanners of secrets, the ID to find it without its secret. */
export type Token = { readonly id: string; readonly token: string };

export type NewToken = Token & { readonly hash: TokenHash };

const TOKEN = /^wmcp_([a-z2-7]{10})_[A-Za-z0-9_-]{43}$/;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** Whether a credential is meant to be one of ours, well-formed or not. */
export const isStatic = (credential: string): boolean => credential.startsWith('wmcp_');

/** A token of 32 random bytes. Only its hash is kept: that of the whole text, so that it holds for this ID alone. */
export function createToken(): NewToken {
  // 32 letters for 5 bits each: no letter is likelier than another.
  const id = [...randomBytes(10)].map((byte) => ALPHABET[byte % 32]).join('');
  const token = `wmcp_${id}_${randomBytes(32).toString('base64url')}`;
  return { id, token, hash: { id, sha256: sha256(token).toString('hex') } };
}

/** @returns `undefined` for what cannot be one of ours */
export function parseToken(credential: string): Token | undefined {
  const id = TOKEN.exec(credential)?.[1];
  return id === undefined ? undefined : { id, token: credential };
}

/** No text has it as its hash: it stands in where there is no such ID. */
const NOBODY: TokenHash = { id: '', sha256: '0'.repeat(64) };

/** Whether a token is the one of these hashes that has its ID. Takes the same time whatever the secret is. */
export function matches({ id, token }: Token, hashes: readonly TokenHash[]): boolean {
  const kept = hashes.find((hash) => hash.id === id) ?? NOBODY;
  return timingSafeEqual(sha256(token), Buffer.from(kept.sha256, 'hex')) && kept !== NOBODY;
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
