import type { Notification, Result } from '@modelcontextprotocol/server';

/** A tool of a caller's, to be called without a server around it. */
export type DirectTool = (
  params: { readonly arguments?: Record<string, unknown>; readonly _meta?: Record<string, unknown> },
  context: { readonly signal: AbortSignal; readonly notify: (notification: Notification) => Promise<void> },
) => Promise<Result>;
