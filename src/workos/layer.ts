import type { CancelSignal } from '../cancel/cancel-signal.ts';
import type { Method } from '../catalog/declaration.ts';

/** An answer of WorkOS with any status. Header names are in lower case. */
export type Reply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** How many times the request was sent. */
  readonly attempts?: number;
  /** Whether an earlier attempt may have taken effect. */
  readonly uncertain?: boolean;
};

/** One window of a rate limit that a request counts in. */
export type Slot = {
  /** The limit's name. */
  readonly name: string;
  readonly requests: number;
  readonly seconds: number;
  /** Selects one of the limit's windows: '' if there is only one, '*' if the request counts in all of them. */
  readonly key: string;
  /** WorkOS documents no limit of this tool alone; a 429 shows that it has one. */
  readonly isUndocumented?: true;
};

/** What the layers need to know about the call of a request. */
export type Context = {
  /** Aborted when the client cancels the call. */
  readonly signal: CancelSignal;
  /** When the call has to end, in milliseconds of the layers' clock. */
  readonly deadline: number;
  /** The calling agent. The queue is fair between agents. */
  readonly agent: string;
  /** When the request may be retried: never, only if it certainly had no effect, or also after an unknown outcome. */
  readonly repeat: 'never' | 'refused' | 'unknown';
  /** The rate-limit windows that the request counts in, the most specific one last. */
  readonly slots: readonly Slot[];
  /**
   * Whether the call is still allowed, asked right before each attempt. `undefined` if nothing has changed; otherwise it
   * rejects with RefusedError if the call is not allowed any more.
   */
  readonly stillAllowed?: (() => Promise<void> | undefined) | undefined;
  readonly watch?: Watch | undefined;
};

/** Sends a request. Throws TransportError if no complete answer came, RefusedError if the request was not sent. */
export type Send = (request: ApiRequest, context: Context) => Promise<Reply>;

/** A concern between a call and WorkOS, such as retries. It wraps the next layer. */
export type Layer = (next: Send) => Send;

/** Receives events of a request, for metrics. */
export type Watch = {
  /** Milliseconds that the request waited for the rate limits. */
  readonly waited: (ms: number) => void;
  readonly repeated: () => void;
  /** WorkOS answered 429 although the request obeyed the limits. */
  readonly limited: () => void;
  /** One attempt has ended, answered or not. */
  readonly attempted: (attempt: Attempted) => void;
};

/** One attempt on the wire. */
export type Attempted = {
  /** When it began, in milliseconds of the layers' clock. */
  readonly begun: number;
  readonly ms: number;
  /** `undefined` if no complete answer came. */
  readonly status: number | undefined;
};

/** An HTTP request to WorkOS, relative to the base URL. A layer adds the authorization. */
export type ApiRequest = {
  readonly method: Method;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
};
