import type { JSONRPCMessage, JSONRPCRequest, Notification } from '@modelcontextprotocol/server';
import type { CancelSignal } from '../../cancel/cancel-signal.ts';
import { isObject } from '../../json.ts';
import type { DirectTool } from '../../mcp/direct-tool.ts';
import { isRequestId } from '../message.ts';

/** Sends a message before the answer. */
export type SendMessage = (message: JSONRPCMessage) => Promise<void>;

/** Makes the answer to a call; `undefined` if the call was aborted. */
export type Responder = (
  request: JSONRPCRequest,
  tell: SendMessage,
  signal: CancelSignal,
) => Promise<JSONRPCMessage | undefined>;

/**
 * Calls a tool without the SDK, whose work around a call costs as much as the call. `undefined` if the request is
 * malformed: the SDK reports that.
 */
export function toResponder(tool: DirectTool, { params }: JSONRPCRequest): Responder | undefined {
  const { arguments: args, _meta } = Object(params);
  if (![args, _meta].every((part) => part === undefined || isObject(part))) return undefined;
  const { progressToken } = Object(_meta);
  if (progressToken !== undefined && !isRequestId(progressToken)) return undefined;
  return async ({ id }, tell, signal) => {
    const notify = (notification: Notification) => tell({ jsonrpc: '2.0', ...notification });
    const result = await tool({ arguments: args, _meta }, { signal, notify });
    return signal.aborted ? undefined : { jsonrpc: '2.0', id, result };
  };
}
