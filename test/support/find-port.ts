import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port that was free just now. */
export async function findPort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  await once(listener, 'close');
  return Object(address).port;
}
