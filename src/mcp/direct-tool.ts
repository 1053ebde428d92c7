import type { Notification, Result } from '@modelcontextprotocol/server';
import type { CancelSignal } from '../cancel/cancel-signal.ts';

/** What a call names, not validated. */
export type CallParams = {
  readonly name?: unknown;
  readonly arguments?: unknown;
  readonly [member: string]: unknown;
};

/** A caller's tool that can be called without a server. */
export type DirectTool = (
  params: { readonly arguments?: Record<string, unknown>; readonly _meta?: Record<string, unknown> },
  context: { readonly signal: CancelSignal; readonly notify: (notification: Notification) => Promise<void> },
) => Promise<Result>;
