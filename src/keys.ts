import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a key is used for. A value made for one purpose is not valid for another. */
export type KeyPurpose = 'confirmations' | 'sessions' | 'answers' | 'places' | 'console' | 'approvals';

/** The key of one purpose: 32 bytes, equal in all processes that have the same deployment key. */
export const deriveKey = (deploymentKey: Uint8Array, purpose: KeyPurpose): Buffer =>
  Buffer.from(hkdfSync('sha256', deploymentKey, '', `workos-mcp ${purpose} 1`, 32));

/** A MAC over all parts, in base64url. As JSON, no two lists of parts give the same bytes. */
export const toMac = (key: Uint8Array, parts: readonly (string | number)[]): string =>
  createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url');

/** Compares in constant time. */
export function isMac(key: Uint8Array, parts: readonly (string | number)[], given: string): boolean {
  const [own, other] = [Buffer.from(toMac(key, parts)), Buffer.from(given)];
  return own.length === other.length && timingSafeEqual(own, other);
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts a text so that only a process with the same key can read or change it.
 * @param context what the text belongs to; it can be opened only for the same context
 * @returns base64url: visible ASCII
 */
export function seal(key: Uint8Array, context: string, text: string): string {
  // Random nonces of 96 bits: enough for 2^32 texts under one key.
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

/** The text that was sealed; `undefined` for any other value, and for a text of another key or context. */
export function unseal(key: Uint8Array, context: string, sealed: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== sealed) return undefined;
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined; // a wrong tag
  }
}
