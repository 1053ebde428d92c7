import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { isObject, jsonOf } from '../json.ts';
import type { ErrorAnswer } from './message.ts';

/** The JSON of a message. What a call has written of its result already is not written again. */
export function writeMessage(message: JSONRPCMessage | ErrorAnswer): string {
  if (!('result' in message)) return JSON.stringify(message);
  const { content, structuredContent, ...rest } = message.result;
  if (content === undefined || !isObject(structuredContent)) return JSON.stringify(message);
  const { jsonrpc, id } = message;
  const head = JSON.stringify({ jsonrpc, id, result: { ...rest, content } });
  return `${head.slice(0, -2)},"structuredContent":${jsonOf(structuredContent)}}}`;
}
