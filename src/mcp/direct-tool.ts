import type { Notification, Result } from '@modelcontextprotocol/server';

/** A caller's tool that can be called without a server. */
export type DirectTool = (
  params: { readonly arguments?: Record<string, unknown>; readonly _meta?: Record<string, unknown> },
  context: { readonly signal: AbortSignal; readonly notify: (notification: Notification) => Promise<void> },
) => Promise<Result>;
