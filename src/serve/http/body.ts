import type { IncomingMessage, ServerResponse } from 'node:http';

type Body = Buffer | 'tooLarge' | 'gone';

/** Reads the body of a request, up to `maxBytes`. */
export async function readBody(request: IncomingMessage, response: ServerResponse, maxBytes: number): Promise<Body> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return 'tooLarge';
  if (request.headers.expect !== undefined) response.writeContinue();
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) return chunks.push(chunk);
      request.removeAllListeners('data').pause();
      chunks.length = 0;
      return resolve('tooLarge');
    });
    request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.once('error', () => resolve('gone'));
    request.once('close', () => resolve('gone'));
  });
}

/** Bytes of a refused body that are read and discarded, so that the client receives the refusal. */
const MAX_DISCARDED_BYTES = 65_536;
/** Milliseconds for reading and discarding a refused body. */
const MAX_DISCARD_MS = 1_000;

/**
 * Answers a request whose body has not been read. A connection that closes with unread bytes is reset, and the client
 * can lose the answer. So a small rest of the body is read and discarded; a large one only up to a limit.
 */
export function answerUnread(request: IncomingMessage, response: ServerResponse, text: string): void {
  const { 'content-length': declared, 'transfer-encoding': coding } = request.headers;
  const rest = coding === undefined ? Number(declared ?? 0) : Number.POSITIVE_INFINITY;
  response.setHeader('content-length', Buffer.byteLength(text));
  if (rest <= MAX_DISCARDED_BYTES || request.complete) {
    response.end(text); // Node discards the rest within the request timeout and keeps the connection.
    return;
  }
  response.setHeader('connection', 'close');
  response.write(text); // The whole answer: the code below only ends the connection.
  const end = () => {
    clearTimeout(timer);
    request.removeAllListeners('data').pause();
    response.end();
  };
  const timer = setTimeout(end, MAX_DISCARD_MS);
  let read = 0;
  request.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read > MAX_DISCARDED_BYTES) end();
  });
  request.resume();
  request.once('end', end);
  request.once('error', end);
  response.once('close', () => clearTimeout(timer));
}
