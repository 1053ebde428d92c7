import type { Server } from 'node:http';
import type { Socket } from 'node:net';

type TrackedConnection = { readonly socket: Socket; busy: number };

/**
 * Keeps a server to so many connections. When there are more, the one goes that has been without a request longest:
 * however many hold a connection open and send nothing, or little by little, one that asks something is served.
 */
export function capConnections(server: Server, max: number) {
  const all = new Map<string, TrackedConnection>();
  /** Those that have no complete head of a request, longest first. */
  const waiting = new Map<string, TrackedConnection>();
  let closing = false;

  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    const connection = { socket, busy: 0 };
    if (all.size >= max) {
      const [oldest] = waiting;
      if (!oldest) return socket.destroy();
      drop(...oldest);
    }
    all.set(key, connection);
    waiting.set(key, connection);
    socket.once('close', () => {
      if (all.get(key) === connection) all.delete(key);
      if (waiting.get(key) === connection) waiting.delete(key);
    });
    return undefined;
  });
  const drop = (key: string, { socket }: TrackedConnection) => {
    all.delete(key);
    waiting.delete(key);
    socket.destroy();
  };

  return {
    /** A request has come: its connection stays until `done` is called. */
    hold: (socket: Socket): { done: () => void } => {
      const key = keyOf(socket);
      const connection = all.get(key);
      if (!connection) return { done: () => {} };
      connection.busy += 1;
      waiting.delete(key);
      return {
        done: () => {
          connection.busy -= 1; // one that sends requests ahead has several
          if (connection.busy > 0 || all.get(key) !== connection) return;
          if (closing) socket.end();
          else waiting.set(key, connection);
        },
      };
    },
    /** Lets go of the connections that wait now, and of the others once they do. */
    release: () => {
      closing = true;
      for (const entry of waiting) drop(...entry);
    },
  };
}

/** Under TLS the server is told of the bare socket, and a request of the one around it; their peer is the same. */
function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
