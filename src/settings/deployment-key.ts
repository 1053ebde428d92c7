import { StartError } from '../errors.ts';

/** Bytes. */
const MIN_KEY_BYTES = 32;
/** Of the first 32 bytes of a random key, 30 differ on average. Fewer than this has odds under one in 10^12. */
const MIN_DIFFERENT_BYTES = 20;
const MAX_KEY_CHARS = 4_096;

/** How to make a deployment key, for messages. */
export const MAKE_KEY = 'openssl rand -base64 32';

const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
const HEX = /^[0-9a-f]+$/i;

/**
 * The deployment key in the text of a variable or file: base64, base64url or hexadecimal digits of at least 32 random
 * bytes.
 * @param where what holds the text, for messages
 * @throws StartError without any part of the text
 */
export function toDeploymentKey(text: string, where: string): Buffer {
  const key = text.trim();
  if (key === '')
    throw new StartError(`${where} is blank: it has to hold a deployment key. Make one with: ${MAKE_KEY}`);
  const isHex = HEX.test(key) && key.length >= 2 * MIN_KEY_BYTES;
  // A passphrase in small letters would decode as base64, too.
  const isBase64 = BASE64.test(key) && /[a-z]/.test(key) && /[A-Z]/.test(key);
  if (key.length > MAX_KEY_CHARS || (!isHex && !isBase64)) {
    throw new StartError(
      `${where} is not a deployment key: use ${MIN_KEY_BYTES} random bytes or more in base64 or hexadecimal digits, on one line. Make one with: ${MAKE_KEY}`,
    );
  }
  const bytes = Buffer.from(key, isHex ? 'hex' : 'base64');
  const different = new Set(bytes.subarray(0, MIN_KEY_BYTES)).size;
  if (bytes.length < MIN_KEY_BYTES || different < MIN_DIFFERENT_BYTES) {
    throw new StartError(
      `${where} is too weak for a deployment key: use ${MIN_KEY_BYTES} random bytes or more. Make one with: ${MAKE_KEY}`,
    );
  }
  return bytes;
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The characters of 32 bytes in base64 without padding: a longer name may be the key. */
const KEY_CHARS = 43;

/**
 * The name of the variable that `deployment-key-env` gives.
 * @throws StartError without the text, which may be the key itself
 */
export function toVariableName(text: string): string {
  if (VARIABLE.test(text) && text.length < KEY_CHARS && !text.toUpperCase().startsWith('WORKOS_MCP_')) return text;
  throw new StartError(
    '--deployment-key-env takes the name of a variable, not the key: letters, digits and "_", under 43 characters, and not beginning with WORKOS_MCP_. If it holds the key, make another one.',
  );
}
