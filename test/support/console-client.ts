import { request as toRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { toLinkToken } from '../../src/agents/console-link.ts';
import { deriveKey } from '../../src/keys.ts';

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
};

/** What a test sends. A header that is `undefined` is left out. */
export type Sent = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/**
 * Sends requests as the console's own pages would.
 * @param port of the console on loopback
 * @param url under which people open it
 */
export function toConsoleClient(port: number, url: string) {
  const { origin, host, protocol } = new URL(url);

  const send = (path: string, { method, headers = {}, form, body: given }: Sent = {}): Promise<Answer> => {
    const body = given ?? (form && String(new URLSearchParams(form)));
    const all = {
      host,
      ...(body !== undefined && {
        origin,
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(body)),
      }),
      ...headers,
    };
    return new Promise((resolve, reject) => {
      const request = toRequest(
        {
          host: '127.0.0.1',
          port,
          path,
          method: method ?? (body === undefined ? 'GET' : 'POST'),
          headers: JSON.parse(JSON.stringify(all)),
          setHost: false,
        },
        (response) =>
          // Also of one that is cut in the middle.
          text(response).then(
            (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
            reject,
          ),
      );
      request.once('error', reject);
      request.end(body);
    });
  };

  /** What carries a token: a cookie over https, a header over http. */
  const carry = (token: string, kept: 'session' | 'attempt' = 'session'): Record<string, string> =>
    protocol === 'https:' ? { cookie: `__Host-console-${kept}=${token}` } : { [`x-console-${kept}`]: token };
  /** The token that an answer has the client keep; '' for none any more. */
  const tokenIn = ({ headers }: Answer, kept: 'session' | 'attempt' = 'session'): string | undefined => {
    if (protocol === 'http:') return headers[`x-console-${kept}`]?.toString();
    const name = `__Host-console-${kept}=`;
    const cookie = [headers['set-cookie'] ?? []].flat().find((one) => one.startsWith(name));
    return cookie?.slice(name.length).split(';')[0];
  };
  return {
    origin,
    host,
    send,
    carry,
    tokenIn,
    /** Signs in by a link, and returns the headers that carry the session and what its forms hold. */
    signInBy: async (link: string, path = '/waiting') => {
      const answer = await send('/link', { form: { link } });
      const session = carry(tokenIn(answer) ?? '');
      const { body } = await send(path, { headers: session });
      return { answer, session, token: formTokenIn(body) };
    },
  };
}

/** The token of a link by which an approver signs in, as `console login` makes it. */
export const toLink = (deploymentKey: Uint8Array, name: string): string =>
  toLinkToken(deriveKey(deploymentKey, 'console'), name, Date.now());

/** The token that the forms of a page hold. */
export const formTokenIn = (body: string): string => /name="token" value="([^"]+)"/.exec(body)?.[1] ?? '';

/** An approver who has signed in to a console on loopback. */
export async function signInAt(url: string, deploymentKey: Uint8Array, name: string) {
  const { send, signInBy } = toConsoleClient(Number(new URL(url).port), url);
  const { session: headers } = await signInBy(toLink(deploymentKey, name));
  const read = async (path: string): Promise<string> => (await send(path, { headers })).body;
  return {
    read,
    /** The address of the only call that waits for this approver, once one does. */
    next: async (): Promise<string> => {
      let found: readonly string[] = [];
      await expect
        .poll(
          async () => {
            found = [...new Set((await read('/waiting')).match(/\/waiting\/[\w-]{22}/g))];
            return found;
          },
          { timeout: 10_000 },
        )
        .toHaveLength(1);
      return found[0] ?? expect.fail('no call waits');
    },
    /** Sends a form of the page that is shown at an address, and resolves to the status. */
    post: async (path: string, form: Readonly<Record<string, string>> = {}, shown = path): Promise<number> => {
      const token = formTokenIn(await read(shown));
      return (await send(path, { headers, form: { token, ...form } })).status;
    },
  };
}
