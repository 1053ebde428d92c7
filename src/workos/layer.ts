import type { Method } from '../catalog/declaration.ts';

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

/** Told what becomes of a request, by whoever counts such things. */
export type Watch = {
  /** Milliseconds that it waited for room under the limits. */
  readonly waited: (ms: number) => void;
  readonly repeated: () => void;
  /** It was answered 429 all the same. */
  readonly limited: () => void;
};

/** One HTTP request to WorkOS, relative to its base URL; authorization is added on the way. */
export type ApiRequest = {
  readonly method: Method;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
};
