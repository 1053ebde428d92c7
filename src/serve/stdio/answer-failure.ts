import type { Readable, Writable } from 'node:stream';
import { isRequest, readBytes } from '../message.ts';
import { toLines } from './lines.ts';

/** Milliseconds that a client gets for its first request. */
const FIRST_REQUEST_MS = 2_000;

/** JSON-RPC leaves this code to servers. */
const SERVER_ERROR = -32000;

/**
 * Answers a client with the reason why the server does not start: people see such an answer in their client, and seldom
 * what is on stderr. Resolves once initialize is answered, the client has left or has asked nothing. A client of
 * 2026-07-28 asks something else before, and initialize once that has failed.
 */
export function answerFailure(
  message: string,
  { stdin, stdout }: { readonly stdin: Readable; readonly stdout: Writable },
): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, FIRST_REQUEST_MS);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    const read = toLines((line) => {
      const asked = readBytes(line);
      if (!('message' in asked) || !isRequest(asked.message)) return;
      const { id, method } = asked.message;
      stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, error: { code: SERVER_ERROR, message } })}\n`);
      if (method === 'initialize') end();
    });
    stdout.on('error', end);
    stdin.on('data', read).on('end', end).on('error', end);
  });
}
