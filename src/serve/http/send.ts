import { once } from 'node:events';
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
    const text = await answer.text(); // which Node writes together with the head, other than bytes
    headers['content-length'] = Buffer.byteLength(text);
    response.writeHead(answer.status, headers).end(text);
  }
  if (!response.writableFinished) await progress(response, 'finish', stallMs);
}

/** Waits until the client has taken what was written for it, and cuts it off where it does not. */
async function progress(response: ServerResponse, event: 'drain' | 'finish', stallMs: number): Promise<void> {
  if (response.closed || response.destroyed) return;
  const timer = setTimeout(() => response.destroy(), stallMs);
  const either = new AbortController();
  const options = { signal: either.signal };
  const moved = [once(response, event, options), once(response, 'close', options)];
  await Promise.race(moved.map((promise) => promise.catch(() => {})));
  either.abort();
  clearTimeout(timer);
}
