import type { FetchImplementation } from 'jose';

/** Bytes. */
export const MAX_JWKS_BYTES = 256 * 1024;
/** Milliseconds of one fetch of keys. */
export const JWKS_TIMEOUT = 3_000;

/** The keys of an issuer cannot be fetched. The message says why, in the server's own words. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
  /** @param remedy what the operator has to do, if that is known */
  constructor(
    message: string,
    readonly remedy?: string | undefined,
  ) {
    super(message);
  }
}

/**
 * Fetches the keys of an issuer, as JSON.
 * @throws KeysUnavailable if there is no answer with keys
 */
export async function fetchKeys(
  url: string,
  fetchJwks: FetchImplementation,
  options: Parameters<FetchImplementation>[1],
): Promise<string> {
  // Redirects are not followed: the answering host could choose another host or another protocol.
  const response = await fetchJwks(url, options);
  if (response.status !== 200) throw new KeysUnavailable(`it answered ${response.status}`);
  const body = await readAtMost(response, MAX_JWKS_BYTES);
  if (!isKeySet(body)) throw new KeysUnavailable('its answer is not a set of keys');
  return body;
}

function isKeySet(body: string): boolean {
  try {
    const jwks: unknown = JSON.parse(body);
    return Array.isArray(Object(jwks).keys);
  } catch {
    return false;
  }
}

async function readAtMost(response: Response, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > most) throw new KeysUnavailable(`its answer is larger than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
