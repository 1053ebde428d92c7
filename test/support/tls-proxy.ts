import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { createCertificate } from './certificate.ts';

/** A proxy for localhost that terminates TLS, and passes requests on as the browser sent them. */
export async function openTlsProxy() {
  const certificate = createCertificate();
  let target = 0;
  const server = createServer(certificate, (incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const passed = request({ host: '127.0.0.1', port: target, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.once('error', () => outgoing.destroy());
    outgoing.once('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  certificate.remove();
  return {
    url: `https://localhost:${Object(server.address()).port}`,
    /** From now on, requests go to this port of loopback. */
    passTo: (port: number) => {
      target = port;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
