import type { SignedInBy } from '../call/confirm/approvals.ts';
import type { ApproverConfig } from '../settings/agents-config.ts';
import type { Html } from './html.ts';

/** An approver who is signed in, as the configuration has them now. */
export type Viewer = {
  readonly approver: ApproverConfig;
  readonly by: SignedInBy;
  /** What every form of this viewer holds, in a hidden field named `token`. */
  readonly formToken: string;
};

export type PageRequest = {
  readonly viewer: Viewer;
  /** What stood in the place of each `:name` of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
};

export type ConsolePage = {
  readonly title: string;
  readonly main: Html;
  /** 200 unless set. */
  readonly status?: number;
  /** Whether the page follows what its route has to `follow`. One that says what is wrong stays as it is. */
  readonly isLive?: boolean;
};

/** A page, and what its forms do. `show` never decides and never consumes anything. */
export type ConsoleRoute = {
  /** Such as `/waiting/:handle`. */
  readonly path: string;
  /** `undefined` where there is no such thing for this viewer, which is answered with 404. */
  readonly show?: (request: PageRequest) => Promise<ConsolePage | undefined>;
  /** Called once token, origin and approver are checked. Returns the path to go to, or a page that says what is wrong. */
  readonly act?: (
    request: PageRequest & { readonly form: URLSearchParams },
  ) => Promise<{ readonly to: string } | ConsolePage>;
  /**
   * A stream of server-sent events: each is the content of the page's `main` as it is now. Ends when the signal aborts.
   */
  readonly follow?: (request: PageRequest) => AsyncIterable<Html>;
};
