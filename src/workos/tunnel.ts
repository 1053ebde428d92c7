import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { buildConnector } from 'undici';
import type { HttpProxy } from './proxy.ts';

/** Why a proxy opened no tunnel, on an error's member `proxy`. */
export type ProxyFault = {
  /** What it answered CONNECT with. */
  readonly status?: number | undefined;
  /** Its `Proxy-Authenticate`. */
  readonly schemes?: string | undefined;
  /** Whether it was sent a user and a password. */
  readonly authorized: boolean;
  /** Of the connection to it; ETIMEDOUT if it neither opened a tunnel nor refused to. */
  readonly code?: string | undefined;
};

/**
 * Connects to an https origin through a proxy. Not undici's ProxyAgent: its errors tell a refusal by their wording alone, it
 * sets no limit on how long a proxy takes to answer CONNECT, and it drops a user without a password.
 * @param secure speaks TLS with the origin, over the tunnel
 * @param timeout milliseconds until there has to be a tunnel
 */
export function connectThrough(
  proxy: HttpProxy,
  origin: string,
  secure: buildConnector.connector,
  timeout: number,
): buildConnector.connector {
  const { hostname, port } = new URL(origin);
  const target = `${hostname}:${port === '' ? 443 : port}`;
  return (options, callback) => {
    openTunnel(proxy, target, timeout)
      .then((httpSocket) => secure({ ...options, httpSocket }, callback))
      .catch((fault) => callback(fault, null));
  };
}

/** Rejects with an Error that has a ProxyFault. */
function openTunnel(proxy: HttpProxy, target: string, timeout: number): Promise<Socket> {
  const { tls, host, port, authorization } = proxy;
  return new Promise((resolve, reject) => {
    const asking = (tls ? overHttps : overHttp)({
      method: 'CONNECT',
      path: target,
      host,
      port,
      headers: { host: target, ...(authorization && { 'proxy-authorization': authorization }) },
      // The name of the proxy: Node would take the one in the Host header.
      servername: isIP(host) === 0 ? host : '',
      // The global agent follows NODE_USE_ENV_PROXY, and would go to a proxy through a proxy.
      agent: false,
    });
    const fail = (fault: Omit<ProxyFault, 'authorized'>) => {
      clearTimeout(timer);
      reject(Object.assign(new Error('no tunnel'), { proxy: { ...fault, authorized: authorization !== undefined } }));
      asking.destroy();
    };
    const timer = setTimeout(() => fail({ code: 'ETIMEDOUT' }), timeout);
    asking
      .on('error', (error) => fail({ code: Object(error).code }))
      .on('connect', ({ statusCode: status = 0, headers }, socket: Socket) => {
        if (status >= 200 && status < 300) {
          clearTimeout(timer);
          return resolve(socket);
        }
        socket.destroy();
        fail({ status, schemes: headers['proxy-authenticate'] });
      })
      .end();
  });
}
