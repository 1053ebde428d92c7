import type { Writable } from 'node:stream';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { type ErrorAnswer, type Read, readBytes, withIssuesInWords } from '../message.ts';
import { writeMessage } from '../write-message.ts';
import { toLines } from './lines.ts';

/** A connection over stdio, as the SDK sees it. */
export type Wire = Transport & {
  /** Takes bytes that the client has written. */
  readonly feed: (chunk: Buffer) => void;
};

/**
 * Creates the transport whose messages go to the SDK. It replaces the SDK's own stdio transport, which does not answer
 * input that it cannot parse. This one answers such input with an error.
 */
export function createWire(stdout: Writable): Wire {
  let isClosed = false;
  const write = (message: JSONRPCMessage | ErrorAnswer): Promise<void> =>
    new Promise((resolve, reject) => {
      stdout.write(`${writeMessage(message)}\n`, (error) => (error ? reject(error) : resolve()));
    });
  const take = (read: Read): void => {
    if ('message' in read) {
      wire.onmessage?.(read.message);
      return;
    }
    wire.onerror?.(new MessageError(read.refusal.error.message));
    if (!read.isNotification) write(read.refusal).catch(() => {}); // the client has gone
  };
  const wire: Wire = {
    feed: toLines((line) => {
      if (!isClosed && !line?.every(isBlank)) take(readBytes(line, true));
    }),
    start: async () => {},
    send: (message) => write(withIssuesInWords(message)),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      wire.onclose?.();
    },
  };
  return wire;
}

class MessageError extends Error {
  override readonly name = 'MessageError';
}

/** A space, a tab or a carriage return. */
const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0d;
