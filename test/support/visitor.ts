import { type IncomingMessage, request as toRequest } from 'node:http';
import { text } from 'node:stream/consumers';

export type Visited = {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
};

type Form = Readonly<Record<string, string>>;
type Headers = Readonly<Record<string, string>>;

/** An approver's browser, in front of a proxy that ends https and leads to a console on a port. */
export type Visitor = {
  readonly get: (path: string, headers?: Headers) => Promise<Visited>;
  /** Sends a form as a page of the console does, with the token of the session's forms. */
  readonly send: (path: string, form: Form, headers?: Headers) => Promise<Visited>;
  /** Follows a page until what was sent is enough. */
  readonly follow: (path: string, isEnough: (sent: string) => boolean) => Promise<string>;
  /** The same browser, which the proxy leads to another port. */
  readonly at: (port: number) => Visitor;
  /** The value of a cookie that the console has set. */
  readonly cookie: (name: 'session' | 'attempt') => string;
};

const PREFIX = '__Host-console-';

/**
 * @param url under which people open the console: https
 * @param jar its cookies
 */
export function createVisitor(url: string, port: number, jar = new Map<string, string>()): Visitor {
  const { origin, host } = new URL(url);
  const own = () => ({
    host,
    ...(jar.size > 0 && { cookie: [...jar].map(([name, value]) => `${PREFIX}${name}=${value}`).join('; ') }),
  });
  const visit = (path: string, more: Headers, form?: Form): Promise<Visited> => {
    const body = form && String(new URLSearchParams(form));
    const headers = {
      ...own(),
      ...(body !== undefined && {
        origin,
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(body)),
      }),
      ...more,
    };
    const method = body === undefined ? 'GET' : 'POST';
    return new Promise((resolve, reject) => {
      const request = toRequest({ host: '127.0.0.1', port, path, method, headers, setHost: false }, (response) => {
        for (const cookie of response.headers['set-cookie'] ?? []) {
          const [, name = '', value = ''] = /^__Host-console-(\w+)=([^;]*)/.exec(cookie) ?? [];
          if (value === '') jar.delete(name);
          else jar.set(name, value);
        }
        const { location } = response.headers;
        // Also of one that is cut in the middle.
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, location, body }), reject);
      });
      request.once('error', reject);
      request.end(body);
    });
  };
  return {
    get: (path, headers = {}) => visit(path, headers),
    send: async (path, form, headers = {}) => {
      const [, token = ''] = /name="token" value="([^"]+)"/.exec((await visit('/waiting', {})).body) ?? [];
      return visit(path, headers, { ...form, token });
    },
    follow: (path, isEnough) =>
      new Promise((resolve, reject) => {
        const headers = { ...own(), accept: 'text/event-stream' };
        const read = async (response: IncomingMessage) => {
          let sent = '';
          for await (const chunk of response) {
            sent += chunk;
            if (isEnough(sent)) break; // which ends the request
          }
          return sent;
        };
        const options = { host: '127.0.0.1', port, path, headers, setHost: false };
        const request = toRequest(options, (response) => read(response).then(resolve, reject));
        request.once('error', reject);
        request.end();
      }),
    at: (other) => createVisitor(url, other, jar),
    cookie: (name) => jar.get(name) ?? '',
  };
}
