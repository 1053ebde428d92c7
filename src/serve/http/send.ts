import type { ServerResponse } from 'node:http';

/**
 * Sends an answer of the SDK, as fast as the client reads.
 * @param stallMs milliseconds that a client may go without reading
 */
export async function sendResponse(answer: Response, response: ServerResponse, stallMs: number): Promise<void> {
  const headers: Record<string, string | number> = {};
  for (const [name, value] of answer.headers) {
    if (name !== 'connection' && name !== 'cache-control') headers[name] = value;
  }
  if (answer.body === null || response.destroyed) {
    response.writeHead(answer.status, headers).end();
  } else if (headers['content-type'] === 'text/event-stream') {
    response.writeHead(answer.status, headers);
    // When the client disconnects, the request is aborted, and that ends the stream.
    for await (const chunk of answer.body) {
      if (!response.write(chunk)) await progress(response, 'drain', stallMs);
    }
    response.end();
  } else {
    endWith(answer.status, headers, await answer.text(), response);
  }
  await finish(response, stallMs);
}

/** Ends a response with a string: unlike bytes, Node writes it together with the head. */
export function endWith(
  status: number,
  headers: Readonly<Record<string, string | number>>,
  text: string,
  response: ServerResponse,
): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
}

/** Resolves once the client has received an ended response. */
export async function finish(response: ServerResponse, stallMs: number): Promise<void> {
  // Mostly the system takes all of it at once, and then there is nothing to wait for.
  if (response.writableFinished || (response.writableEnded && response.writableLength === 0)) return;
  await progress(response, 'finish', stallMs);
}

/** Waits until the client has read the written data, and disconnects it if it does not. */
export function progress(response: ServerResponse, event: 'drain' | 'finish', stallMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (response.closed || response.destroyed) return resolve();
    // Not once() with a signal: this runs for every answer, and once() would create more promises and listeners.
    const done = () => {
      clearTimeout(timer);
      for (const name of [event, 'close', 'error']) response.off(name, done);
      resolve();
    };
    const timer = setTimeout(() => response.destroy(), stallMs);
    for (const name of [event, 'close', 'error']) response.on(name, done);
  });
}
