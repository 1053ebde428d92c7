import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request as it arrived. */
export type Received = {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
};

/** What stands in for WorkOS: an app that answers requests, or something that misbehaves on the raw response. */
export type Answer =
  | ((request: Request) => Promise<Response> | Response)
  | { readonly raw: (response: ServerResponse) => void }
  | { readonly next: () => Answer };

export type Upstream = {
  readonly url: string;
  /** Every request so far, in the order of arrival. */
  readonly received: Received[];
  answer: Answer;
  readonly close: () => Promise<void>;
};

/** A loopback listener that records what it receives and passes it to `answer`, which a test may change. */
export async function listen(answer: Answer): Promise<Upstream> {
  // Else the server may close an idle connection at the moment that a request comes over it, as on a busy machine.
  const server = createServer({ keepAliveTimeout: 0 }, async (incoming, outgoing) => {
    const body = await buffer(incoming);
    const url = new URL(incoming.url ?? '/', upstream.url);
    const method = incoming.method ?? '';
    upstream.received.push({
      method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: incoming.headers,
      body: body.length === 0 ? undefined : JSON.parse(body.toString()),
    });
    let { answer } = upstream;
    while ('next' in answer) answer = answer.next();
    if ('raw' in answer) return answer.raw(outgoing);
    const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]);
    const response = await answer(
      new Request(url, { method, headers, body: body.length === 0 ? null : new Uint8Array(body) }),
    );
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP listener has one
  const upstream: Upstream = {
    url: `http://127.0.0.1:${port}`,
    received: [],
    answer,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return upstream;
}
