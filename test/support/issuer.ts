import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export type KeyPair = {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
};

/** What the issuer answers with when its keys are asked for. */
export type Answer = 'keys' | 'error' | 'redirect' | 'garbage' | 'huge' | 'silence';

/** A real issuer of tokens on loopback, whose keys and answers a test can change. */
export async function openIssuer(key?: KeyPair) {
  const first: KeyPair = key ?? { kid: 'key-1', alg: 'RS256', ...(await generate('RS256')) };
  const state: { published: KeyPair[]; answer: Answer; asked: number } = {
    published: [first],
    answer: 'keys',
    asked: 0,
  };
  const server = createServer(async (request, response) => {
    state.asked += 1;
    const keys = await Promise.all(
      state.published.map(async ({ publicKey, kid, alg }) => ({
        ...(await exportJWK(publicKey)),
        kid,
        alg,
        use: 'sig',
      })),
    );
    if (state.answer === 'silence') return;
    if (state.answer === 'error') return response.writeHead(500).end();
    if (state.answer === 'redirect' && request.url !== '/elsewhere') {
      return response.writeHead(302, { location: '/elsewhere' }).end();
    }
    if (state.answer === 'garbage') return response.end('<html>');
    const padding = state.answer === 'huge' ? 'x'.repeat(300_000) : undefined;
    return response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys, padding }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // listens on TCP

  return {
    url,
    jwksUrl: `${url}/oauth2/jwks`,
    state,
    key: first,
    /** Signs claims; what is not given otherwise fits, with `undefined` left out. */
    sign: (
      claims: JWTPayload,
      { key = first, header = {} }: { key?: KeyPair; header?: Record<string, unknown> } = {},
    ) =>
      new SignJWT(JSON.parse(JSON.stringify({ iss: url, ...claims })))
        .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
        .sign(key.privateKey),
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const generate = (alg: string) => generateKeyPair(alg, { extractable: true });
const others = new Map<string, ReturnType<typeof generate>>();

/** A key that no issuer began with. It takes long to make one: under each ID it is the same for an algorithm. */
export async function newKey(kid: string, alg = 'RS256'): Promise<KeyPair> {
  const pair = others.get(alg) ?? generate(alg);
  others.set(alg, pair);
  return { kid, alg, ...(await pair) };
}

/** A token whose header and signature are made by hand. */
export function forge(header: object, claims: object, sign: (input: string) => Buffer | string = () => ''): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${Buffer.from(sign(input)).toString('base64url')}`;
}

export const toPem = (key: KeyPair): Promise<string> => exportSPKI(key.publicKey);
