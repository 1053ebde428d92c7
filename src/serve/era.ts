import { type JSONRPCMessage, PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server';

/** Whether a message is of protocol revision 2026-07-28 or later, by the SDK's own criterion. */
export const isModern = (message: JSONRPCMessage): boolean =>
  'method' in message && Object.hasOwn(Object(message.params?._meta), PROTOCOL_VERSION_META_KEY);
