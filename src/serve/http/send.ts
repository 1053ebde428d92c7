import type { ServerResponse } from 'node:http';

/**
 * Writes what the SDK answers, as fast as the client reads.
 * @param stallMs for how long a client may leave off reading
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
    // A client that has gone has aborted the request, which ends the stream.
    for await (const chunk of answer.body) {
      if (!response.write(chunk)) await progress(response, 'drain', stallMs);
    }
    response.end();
  } else {
    endWith(answer.status, headers, await answer.text(), response);
  }
  await finish(response, stallMs);
}

/** Ends a response with a text, which Node writes together with the head, other than bytes. */
export function endWith(
  status: number,
  headers: Readonly<Record<string, string | number>>,
  text: string,
  response: ServerResponse,
): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
}

/** Resolves once the client has taken a response that has been ended. */
export async function finish(response: ServerResponse, stallMs: number): Promise<void> {
  if (!response.writableFinished) await progress(response, 'finish', stallMs);
}

/** Waits until the client has taken what was written for it, and cuts it off where it does not. */
export function progress(response: ServerResponse, event: 'drain' | 'finish', stallMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (response.closed || response.destroyed) return resolve();
    // Not once() with a signal to end it: its promises and listeners are made for every answer.
    const done = () => {
      clearTimeout(timer);
      for (const name of [event, 'close', 'error']) response.off(name, done);
      resolve();
    };
    const timer = setTimeout(() => response.destroy(), stallMs);
    for (const name of [event, 'close', 'error']) response.on(name, done);
  });
}
