import type { Readable, Writable } from 'node:stream';
import { isRequest, readBytes } from '../message.ts';
import { toLines } from './lines.ts';

/** Milliseconds to wait for the client's initialize. */
const FIRST_REQUEST_MS = 2_000;

/** From the range that JSON-RPC reserves for server errors. */
const SERVER_ERROR = -32000;

/**
 * Answers a client's requests with the reason why the server does not start: clients show such an error to people, and
 * rarely show stderr. Resolves once initialize is answered, the client has left, or the time is up. A client of
 * 2026-07-28 sends another request first, and sends initialize after that has failed.
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
