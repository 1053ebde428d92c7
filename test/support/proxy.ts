import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A certificate and its key as files; it signs itself, so that it is its own CA. */
export function makeCertificate(folder: string, ...names: readonly string[]) {
  const [cert, key] = [`${folder}/${names[0]}.pem`, `${folder}/${names[0]}.key`];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', `/CN=${names[0]}`, '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`)}`];
  spawnSync('openssl', ['req', '-x509', ...curve, ...subject, '-days', '2', '-keyout', key, '-out', cert]);
  return { cert, key };
}

type Pem = { readonly cert: Buffer; readonly key: Buffer };

const portOf = (server: { address(): AddressInfo | string | null }) => (server.address() as AddressInfo).port; // on TCP

/** An https server on loopback, under whatever names its certificate has. */
export async function openHttps(pem: Pem, answer: RequestListener) {
  const server = createTlsServer(pem, answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export type Asked = { readonly target: string | undefined; readonly authorization: string | undefined };

/**
 * A proxy on loopback that opens tunnels.
 * @param hosts the ports on loopback that `host:port` stands for: nothing else knows these names
 * @param tls where it is an https proxy
 */
export async function openProxy(hosts: Readonly<Record<string, number>> = {}, tls?: Pem) {
  const sockets = new Set<Socket>();
  const state = {
    /** Every CONNECT so far. */
    asked: [] as Asked[],
    /** Every request that is none. */
    plain: [] as (string | undefined)[],
    /** What it does to a CONNECT in the place of opening a tunnel. */
    refuse: undefined as ((socket: Socket) => void) | undefined,
  };
  const refusePlain: RequestListener = (request, response) => {
    state.plain.push(request.url);
    response.writeHead(500).end();
  };
  const server = tls === undefined ? createServer(refusePlain) : createTlsServer(tls, refusePlain);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on('connect', ({ url = '', headers }: IncomingMessage, socket: Socket) => {
    socket.on('error', () => {});
    state.asked.push({ target: url, authorization: headers['proxy-authorization'] });
    if (state.refuse !== undefined) return state.refuse(socket);
    const port = hosts[url];
    if (port === undefined) return socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    const beyond = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      beyond.pipe(socket).pipe(beyond);
    });
    beyond.on('error', () => socket.destroy());
    socket.on('close', () => beyond.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    state,
    port: portOf(server),
    /** Answers a CONNECT with a status and headers. */
    refuseWith: (status: number, ...headers: readonly string[]) => {
      state.refuse = (socket) => {
        socket.end([`HTTP/1.1 ${status} No`, 'Content-Length: 0', ...headers, '', ''].join('\r\n'));
      };
    },
    /** Also where it was closed before. */
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
