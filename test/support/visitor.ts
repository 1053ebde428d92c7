import { type IncomingMessage, request as toRequest } from 'node:http';
import { formTokenIn, toConsoleClient } from './console-client.ts';

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
  const { host } = new URL(url);
  const { send: sendTo } = toConsoleClient(port, url);
  const cookies = (): Headers =>
    jar.size > 0 ? { cookie: [...jar].map(([name, value]) => `${PREFIX}${name}=${value}`).join('; ') } : {};
  const visit = async (path: string, more: Headers, form?: Form): Promise<Visited> => {
    const { status, headers, body } = await sendTo(path, { headers: { ...cookies(), ...more }, ...(form && { form }) });
    for (const cookie of [headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^__Host-console-(\w+)=([^;]*)/.exec(cookie) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return { status, location: headers.location?.toString(), body };
  };
  return {
    get: (path, headers = {}) => visit(path, headers),
    send: async (path, form, headers = {}) =>
      visit(path, headers, { ...form, token: formTokenIn((await visit('/waiting', {})).body) }),
    follow: (path, isEnough) =>
      new Promise((resolve, reject) => {
        const headers = { host, ...cookies(), accept: 'text/event-stream' };
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
