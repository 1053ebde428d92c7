import type { IncomingMessage, ServerResponse } from 'node:http';
import { FREE_BYTES, type PoolPlace } from '../../memory/byte-pool.ts';

type Body = Buffer | 'tooLarge' | 'noRoom' | 'gone';

type BodyReading = {
  readonly maxBytes: number;
  /** Waits for room for so many bytes. Resolves to false if there was none in time. */
  readonly findRoom: (bytes: number) => Promise<boolean>;
};

/** Reads the body of a request, as far as there is room for it. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  { maxBytes, findRoom }: BodyReading,
): Promise<Body> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) return 'tooLarge';
  if (declared > FREE_BYTES && !(await findRoom(declared))) return 'noRoom';
  if (request.headers.expect !== undefined) response.writeContinue();
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let hasRoom = declared > FREE_BYTES;
    const stop = (reason: 'tooLarge' | 'noRoom') => {
      request.removeAllListeners('data').pause();
      chunks.length = 0;
      resolve(reason);
    };
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) return stop('tooLarge');
      chunks.push(chunk);
      if (hasRoom || size <= FREE_BYTES) return;
      // The size of a body in chunks is not known.
      hasRoom = true;
      request.pause();
      findRoom(maxBytes).then((isFound) => (isFound ? request.resume() : stop('noRoom')));
    });
    request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.once('error', () => resolve('gone'));
    request.once('close', () => resolve('gone'));
  });
}

/** Waits for a place. Resolves to `undefined` if there is none in time, or if the client has gone. */
export function findRoom(
  enter: (onRoom: () => void) => PoolPlace,
  response: ServerResponse,
  waitMs: number,
): Promise<PoolPlace | undefined> {
  return new Promise((resolve) => {
    const end = (hasRoom: boolean) => {
      clearTimeout(timer);
      response.off('close', onLate);
      if (!hasRoom) place.leave();
      resolve(hasRoom ? place : undefined);
    };
    const onLate = () => end(false);
    const timer = setTimeout(onLate, waitMs);
    response.once('close', onLate);
    // There may be room at once, before the place is known.
    const place = enter(() => queueMicrotask(() => end(true)));
  });
}

/** Bytes of a refused body that are read and discarded, so that the client receives the refusal. */
const MAX_DISCARDED_BYTES = 65_536;
/** The same, where the client was identified: one that sends a body of twice the limit is told so. */
const MAX_DISCARDED_BYTES_OF_CALLER = 4_194_304;
/** Milliseconds for reading and discarding a refused body. */
const MAX_DISCARD_MS = 1_000;

/**
 * Answers a request whose body has not been read. A connection that closes with unread bytes is reset, and the client
 * can lose the answer. So a small rest of the body is read and discarded; a large one only up to a limit.
 */
export function answerUnread(
  request: IncomingMessage,
  response: ServerResponse,
  text: string,
  isIdentified = false,
): void {
  const most = isIdentified ? MAX_DISCARDED_BYTES_OF_CALLER : MAX_DISCARDED_BYTES;
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
    if (read > most) end();
  });
  request.resume();
  request.once('end', end);
  request.once('error', end);
  response.once('close', () => clearTimeout(timer));
}
