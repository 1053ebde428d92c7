import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { StartError } from '../../errors.ts';
import { capConnections } from './connections.ts';

/** A certificate and its private key, in PEM. */
export type Tls = { readonly cert: string; readonly key: string };

export type ListenerLimits = {
  /** Bytes of the head of a request. */
  readonly headerBytes: number;
  readonly connections: number;
  /** Milliseconds from the first byte of a request to its last; and for which a client may leave off reading. */
  readonly requestTimeoutMs: number;
  /** Milliseconds for the head of a request, and for a TLS handshake. */
  readonly headersTimeoutMs: number;
  /** Milliseconds between a request and the next on one connection. */
  readonly keepAliveMs: number;
};

type Listener = {
  readonly host: string;
  /** A free one is taken where it is 0. */
  readonly port: number;
  readonly tls?: Tls | undefined;
  readonly limits: ListenerLimits;
  readonly onRequest: RequestListener;
};

/** Milliseconds between two looks for clients that are too slow. */
const CHECK_INTERVAL_MS = 1_000;

/** Opens a port for HTTP/1.1. Throws a StartError where it cannot be had. */
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
  const server = tls ? createTls({ ...options, ...tls, handshakeTimeout: headersTimeoutMs }) : createServer(options);
  const connections = capConnections(server, limits.connections);
  const onHeld: RequestListener = (request, response) => {
    const { done } = connections.hold(request.socket);
    response.once('close', done);
    onRequest(request, response);
  };
  server.on('request', onHeld);
  // Node would ask for the body before anyone has looked at the token.
  server.on('checkContinue', onHeld);

  server.listen({ host: host.replace(/^\[|\]$/g, ''), port });
  await once(server, 'listening').catch((error: Error & { code?: string }) => {
    throw new StartError(`The server cannot listen on ${host}:${port} (${error.code ?? error.message}).`);
  });
  // Bound to a port, it has the address of one.
  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    /** Accepts no more connections and lets go of those without a request. Resolves once all have gone. */
    drain: async (): Promise<void> => {
      const closed = once(server, 'close');
      server.close();
      connections.release();
      await closed;
    },
    /** Cuts every connection. */
    cut: () => server.closeAllConnections(),
  };
}

function createTls(options: Parameters<typeof createTlsServer>[0]): Server {
  try {
    return createTlsServer({ ...options, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] });
  } catch {
    // The reason quotes the PEM, or is an error code of OpenSSL's that says nothing to whoever reads it.
    throw new StartError(
      'The TLS certificate and key cannot be used: use a certificate and the key that belongs to it.',
    );
  }
}
