import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * The ports to choose from. They are below those that systems give to connections: one of these could take the port
 * before a server listens on it. Browsers open each of them.
 */
const FIRST = 20_000;
const COUNT = 12_000;

/** A port that was free just now. */
export async function findPort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    const listener = createServer().listen(port, '127.0.0.1');
    const isFree = await once(listener, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    listener.close();
    await once(listener, 'close');
    return port;
  }
}
