import { TransportError } from './errors.ts';
import type { Transport } from './transport.ts';

/** Sends requests to an app in this process, such as the sandbox, instead of over the network. */
export function createInProcessTransport(baseUrl: string, fetch: (request: Request) => Promise<Response>): Transport {
  return {
    send: async ({ method, path, headers, body }, { signal }) => {
      if (signal.aborted) throw new TransportError('the call was cancelled', false);
      const reply = await fetch(new Request(`${baseUrl}${path}`, { method, headers, body: body ?? null }));
      return { status: reply.status, headers: Object.fromEntries(reply.headers), body: await reply.text() };
    },
    close: async () => {},
  };
}
