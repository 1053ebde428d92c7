import type { ApiRequest } from './request.ts';
import type { Watch } from './watch.ts';

/** WorkOS's answer, whatever its status. Header names are in lower case. */
export type Reply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** How many times the request was sent for it. */
  readonly attempts?: number;
  /** Whether an attempt before the one that got this answer may have taken effect. */
  readonly uncertain?: boolean;
};

/** One window of a rate limit that a request counts in. */
export type Slot = {
  /** The limit's name. */
  readonly name: string;
  readonly requests: number;
  readonly seconds: number;
  /** Which of the limit's windows: '' where it has one only, '*' where the request counts in each of them. */
  readonly key: string;
};

/** What the layers have to know of the call that a request belongs to. */
export type Context = {
  /** Aborted when the client cancels the call. */
  readonly signal: AbortSignal;
  /** When the call has to be over, in milliseconds of the clock that the layers were given. */
  readonly deadline: number;
  /** Who calls: waiting is fair between agents. */
  readonly agent: string;
  /** May a request be sent again: never, only where it took no effect for sure, or also after an unknown outcome. */
  readonly repeat: 'never' | 'refused' | 'unknown';
  /** The rate-limit windows it counts in, the most specific one last. */
  readonly slots: readonly Slot[];
  readonly watch?: Watch | undefined;
};

/** Sends a request. Throws TransportError where no whole answer came, RefusedError where it was not sent at all. */
export type Send = (request: ApiRequest, context: Context) => Promise<Reply>;

/** Every concern on the way to WorkOS has this shape. */
export type Layer = (next: Send) => Send;

/** Adds what every request to WorkOS carries, and takes the key out of what comes back, should WorkOS ever echo it. */
export const authorize =
  (apiKey: string, userAgent: string): Layer =>
  (next) => {
    const withhold = (text: string) => text.replaceAll(apiKey, '[API key withheld]');
    return async (request, context) => {
      const headers = {
        ...request.headers,
        accept: 'application/json',
        authorization: `Bearer ${apiKey}`,
        'user-agent': userAgent,
      };
      const reply = await next({ ...request, headers }, context);
      const received: Record<string, string> = {};
      for (const [name, value] of Object.entries(reply.headers)) received[name] = withhold(value);
      return { ...reply, headers: received, body: withhold(reply.body) };
    };
  };
