import type { Server } from 'node:http';
import type { Socket } from 'node:net';

type TrackedConnection = { readonly socket: Socket; busy: number };

/**
 * Limits the number of connections of a server. A new connection over the limit replaces the one that has been without
 * a complete request head the longest. So connections that are idle, or that send a request slowly, cannot keep a
 * client that sends a request from being served.
 */
export function capConnections(server: Server, max: number) {
  const all = new Map<string, TrackedConnection>();
  /** The connections without a complete request head, the longest waiting first. */
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
    /** Keeps the connection of a request open until `done` is called. */
    hold: (socket: Socket): { done: () => void } => {
      const key = keyOf(socket);
      const connection = all.get(key);
      if (!connection) return { done: () => {} };
      connection.busy += 1;
      waiting.delete(key);
      return {
        done: () => {
          connection.busy -= 1; // a client that pipelines has several requests on a connection
          if (connection.busy > 0 || all.get(key) !== connection) return;
          if (closing) socket.end();
          else waiting.set(key, connection);
        },
      };
    },
    /** Closes the idle connections now, and each other one once it is idle. */
    release: () => {
      closing = true;
      for (const entry of waiting) drop(...entry);
    },
  };
}

/** Under TLS the server gets the TCP socket and a request the TLS socket around it. Both have the same peer address. */
function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
