import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { StartError } from '../../errors.ts';
import { type ConnectionUse, capConnections } from './connections.ts';

/** A certificate and its private key, in PEM. */
export type Tls = { readonly cert: string; readonly key: string };

export type ListenerLimits = {
  /** Bytes of a request head. */
  readonly headerBytes: number;
  readonly connections: number;
  /** Milliseconds from the first byte of a request to its last. Also the time that a client may go without reading. */
  readonly requestTimeoutMs: number;
  /** Milliseconds for a request head, and for a TLS handshake. */
  readonly headersTimeoutMs: number;
  /** Milliseconds that a connection may be idle between requests. */
  readonly keepAliveMs: number;
};

type Listener = {
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
  readonly tls?: Tls | undefined;
  readonly limits: ListenerLimits;
  readonly onRequest: (request: IncomingMessage, response: ServerResponse, connection: ConnectionUse) => void;
};

/** Milliseconds between two checks for clients that are too slow. */
const CHECK_INTERVAL_MS = 1_000;

/** Listens for HTTP/1.1. Throws StartError if it cannot. */
export async function listen({ host, port, tls, limits, onRequest }: Listener) {
  const { headersTimeoutMs, requestTimeoutMs } = limits;
  const options = {
    maxHeaderSize: limits.headerBytes,
    requestTimeout: requestTimeoutMs,
    headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, headersTimeoutMs / 2),
    insecureHTTPParser: false,
    requireHostHeader: true,
  };
  const tlsServer = tls && createTls({ ...options, ...tls, handshakeTimeout: headersTimeoutMs });
  const server = tlsServer ?? createServer(options);
  const connections = capConnections(server, limits.connections);
  // Node ignores the headers over its limit of 2,000. The size of a head limits them, too, and checks.ts refuses them.
  server.maxHeadersCount = 0;
  const onHeld: RequestListener = (request, response) => {
    const connection = connections.begin(request.socket);
    response.once('close', connection.end);
    onRequest(request, response, connection);
  };
  server.on('request', onHeld);
  // By default Node answers 100 Continue, and so requests the body, before the token is checked.
  server.on('checkContinue', onHeld);

  server.listen({ host: host.replace(/^\[|\]$/g, ''), port });
  await once(server, 'listening').catch((error: Error & { code?: string }) => {
    throw new StartError(`The server cannot listen on ${host}:${port} (${error.code ?? error.message}).`);
  });
  // A server that listens on a port returns an AddressInfo.
  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    /** Uses another certificate for new connections. `createTls` has judged it before. */
    setTls: (next: Tls): void => tlsServer?.setSecureContext({ ...next, minVersion: 'TLSv1.2' }),
    /** Accepts no more connections and closes those without a request. Resolves once all are closed. */
    drain: async (): Promise<void> => {
      const closed = once(server, 'close');
      server.close();
      connections.release();
      await closed;
    },
    /** Closes every connection at once. */
    cut: () => server.closeAllConnections(),
  };
}

/** @throws StartError for a certificate and key that do not belong together */
export function createTls(options: Parameters<typeof createTlsServer>[0]): TlsServer {
  try {
    return createTlsServer({ ...options, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] });
  } catch {
    // The reason may quote the PEM, or is an OpenSSL error code that does not help the operator.
    throw new StartError(
      'The TLS certificate and key cannot be used: use a certificate and the key that belongs to it.',
    );
  }
}
