import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A JSON-RPC message without its version. */
export type Message = Readonly<Record<string, unknown>>;

export const toLine = (message: Message): string => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`;

const PARAMS = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };

export const initialize = (params: object = {}) => ({
  id: 1,
  method: 'initialize',
  params: { ...PARAMS, ...params },
});
export const INITIALIZED = { method: 'notifications/initialized' };
export const PING = { id: 'ping', method: 'ping' };

/** @returns a function that waits for the next message, and resolves to `null` once there are no more */
export function readMessages(stdout: Readable): () => Promise<Message> {
  const lines = createInterface(stdout)[Symbol.asyncIterator]();
  return async () => JSON.parse((await lines.next()).value ?? 'null');
}

/** The messages, or the lines of a log, of a whole text. */
export const parseMessages = (text: string): readonly Message[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
