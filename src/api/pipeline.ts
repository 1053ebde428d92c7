import type { ApiRequest } from '../request.ts';

/** WorkOS's answer, whatever its status. Header names are in lower case. */
export type Reply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Sends a request; aborting the signal ends it. Throws TransportError where no whole answer came. */
export type Send = (request: ApiRequest, signal: AbortSignal) => Promise<Reply>;

/** Every concern on the way to WorkOS has this shape. */
export type Layer = (next: Send) => Send;

/** Adds what every request to WorkOS carries, and takes the key out of what comes back, should WorkOS ever echo it. */
export const authorize =
  (apiKey: string, userAgent: string): Layer =>
  (next) => {
    const withhold = (text: string) => text.replaceAll(apiKey, '[API key withheld]');
    return async (request, signal) => {
      const headers = {
        ...request.headers,
        accept: 'application/json',
        authorization: `Bearer ${apiKey}`,
        'user-agent': userAgent,
      };
      const reply = await next({ ...request, headers }, signal);
      return {
        status: reply.status,
        headers: Object.fromEntries(Object.entries(reply.headers).map(([name, value]) => [name, withhold(value)])),
        body: withhold(reply.body),
      };
    };
  };
