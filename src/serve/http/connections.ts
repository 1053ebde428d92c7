import type { Server } from 'node:http';
import type { Socket } from 'node:net';

type TrackedConnection = {
  readonly socket: Socket;
  /** Requests that are not answered yet. A client that pipelines has several. */
  requests: number;
  /** How many of them belong to a caller that was identified. */
  held: number;
};

/** A request, as far as it matters to its connection. */
export type ConnectionUse = {
  /** The caller was identified: the connection stays open until the request is answered or refused. */
  readonly hold: () => void;
  /** The request was refused. A client may still send the rest of its body: the connection is dropped before others. */
  readonly refuse: () => void;
};

/**
 * Limits the number of connections of a server. A new connection over the limit replaces one of a refused request or,
 * if there is none, the one that has been without a sign of life the longest: since it was opened, sent a request head
 * or got an answer. A connection is safe only while it has a request of an identified caller. So clients without a
 * token cannot keep one with a token from being served.
 */
export function capConnections(server: Server, max: number) {
  const all = new Map<string, TrackedConnection>();
  /** The connections that may be dropped, the longest without a sign of life first. */
  const waiting = new Map<string, TrackedConnection>();
  /** The connections whose only requests were refused, dropped before those. */
  const spent = new Map<string, TrackedConnection>();
  let closing = false;

  /** Puts a connection at the end of a line, or in none. */
  const move = (key: string, connection: TrackedConnection, line?: Map<string, TrackedConnection>) => {
    if (all.get(key) !== connection) return;
    waiting.delete(key);
    spent.delete(key);
    line?.set(key, connection);
  };
  const drop = (key: string, { socket }: TrackedConnection) => {
    for (const line of [all, waiting, spent]) line.delete(key);
    socket.destroy();
  };

  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    const connection = { socket, requests: 0, held: 0 };
    if (all.size >= max) {
      const [first] = spent.size > 0 ? spent : waiting;
      if (!first) return socket.destroy();
      drop(...first);
    }
    all.set(key, connection);
    waiting.set(key, connection);
    socket.once('close', () => {
      move(key, connection);
      if (all.get(key) === connection) all.delete(key);
    });
    return undefined;
  });

  return {
    /** A connection has sent the head of a request. `end` is to be called once the response is closed. */
    begin: (socket: Socket): ConnectionUse & { readonly end: () => void } => {
      const key = keyOf(socket);
      const connection = all.get(key);
      if (!connection) return UNTRACKED;
      connection.requests += 1;
      if (connection.held === 0) move(key, connection, waiting);
      let isHeld = false;
      const letGo = (line: Map<string, TrackedConnection>) => {
        if (isHeld) connection.held -= 1;
        isHeld = false;
        if (connection.held === 0) move(key, connection, line);
      };
      return {
        hold: () => {
          if (isHeld) return;
          isHeld = true;
          connection.held += 1;
          move(key, connection);
        },
        refuse: () => letGo(connection.requests > 1 ? waiting : spent),
        end: () => {
          connection.requests -= 1;
          letGo(waiting);
          if (closing && connection.requests === 0) socket.end();
        },
      };
    },
    /** Closes the idle connections now, and each other one once it is idle. */
    release: () => {
      closing = true;
      for (const entry of waiting) if (entry[1].requests === 0) drop(...entry);
    },
  };
}

const UNTRACKED = { hold: () => {}, refuse: () => {}, end: () => {} };

/** Under TLS the server gets the TCP socket and a request the TLS socket around it. Both have the same peer address. */
function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
