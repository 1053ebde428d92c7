import { request as toRequest } from 'node:http';
import { text } from 'node:stream/consumers';

export type Visited = {
  readonly status: number;
  readonly location: string | undefined;
  readonly cookie: string | undefined;
  readonly body: string;
};

/** An approver's browser, in front of a proxy that ends https and leads to a console on a port. */
export type Visitor = {
  readonly get: (path: string) => Promise<Visited>;
  /** Sends a form as a page of the console does. */
  readonly send: (path: string, form: Readonly<Record<string, string>>) => Promise<Visited>;
  /** The same browser, which the proxy leads to another port. */
  readonly at: (port: number) => Visitor;
  /** The token of its session. */
  readonly session: () => string;
};

const COOKIE = '__Host-console-session=';

/** @param url under which people open the console: https */
export function createVisitor(url: string, port: number, jar: { session: string } = { session: '' }): Visitor {
  const { origin, host } = new URL(url);
  const visit = (path: string, form?: Readonly<Record<string, string>>): Promise<Visited> => {
    const body = form && String(new URLSearchParams(form));
    const headers = {
      host,
      ...(jar.session !== '' && { cookie: `${COOKIE}${jar.session}` }),
      ...(body !== undefined && {
        origin,
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(body)),
      }),
    };
    const method = body === undefined ? 'GET' : 'POST';
    return new Promise((resolve, reject) => {
      const request = toRequest(
        { host: '127.0.0.1', port, path, method, headers, setHost: false },
        async (response) => {
          const [cookie] = (response.headers['set-cookie'] ?? []).filter((one) => one.startsWith(COOKIE));
          if (cookie !== undefined) jar.session = cookie.slice(COOKIE.length).split(';')[0] ?? '';
          const { location } = response.headers;
          resolve({ status: response.statusCode ?? 0, location, cookie, body: await text(response) });
        },
      );
      request.once('error', reject);
      request.end(body);
    });
  };
  return {
    get: (path) => visit(path),
    send: async (path, form) => {
      // The token of the session's forms is the same on every page.
      const [, token = ''] = /name="token" value="([^"]+)"/.exec((await visit('/waiting')).body) ?? [];
      return visit(path, { ...form, token });
    },
    at: (other) => createVisitor(url, other, jar),
    session: () => jar.session,
  };
}
