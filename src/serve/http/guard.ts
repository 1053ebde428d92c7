import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { StartError } from '../../errors.ts';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Whether only this machine can reach a server that listens there. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
}

/**
 * Makes the check of the Host header, which a page that has rebound its name to this machine cannot forge.
 * @param allowed names, for any port, or `name:port`. This machine's own names always are: no page comes under them.
 */
export function toHostGuard(allowed: readonly string[]): (host: string | undefined) => boolean {
  const hosts = [...allowed, ...LOOPBACK].map((entry) => {
    const host = toHost(entry);
    if (!host)
      throw new StartError(`"${entry}" is not a valid host: give a name or an address, with or without :port.`);
    return host;
  });
  return (header) => {
    const host = toHost(header ?? '');
    if (!host) return false;
    return hosts.some(({ name, port }) => name === host.name && (port === undefined || port === host.port));
  };
}

function toHost(text: string): { name: string; port: string | undefined } | undefined {
  const [, name, port] =
    /^(\[[\da-f:.]+\]|[a-z\d_-]+(?:\.[a-z\d_-]+)*)\.?(?::(\d{1,5}))?$/.exec(text.toLowerCase()) ?? [];
  return name === undefined ? undefined : { name, port };
}

/** Makes the check of the Origin header, which every browser sends. Only exact origins: `https://app.example.com`. */
export function toOriginGuard(allowed: readonly string[]): (origin: string) => boolean {
  for (const entry of allowed) {
    if (!/^[a-z][a-z\d+.-]*:\/\/[^\s/?#@A-Z]+$/.test(entry))
      throw new StartError(
        `"${entry}" is not a valid origin: give scheme://host, with :port where it has one, in lower case.`,
      );
  }
  const origins = new Set(allowed);
  return (origin) => origins.has(origin);
}

/** Headers of which Node keeps one where there are several: another server on the way may have gone by the other. */
const SINGLE_VALUED = ['host', 'origin', 'authorization', 'content-type', 'content-encoding', 'content-length'];

/** Says what is wrong with the form of a request. Most such requests do not get past Node's parser. */
export function whyMalformed(request: IncomingMessage): string | undefined {
  const { rawHeaders } = request;
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (seen.has(name) && SINGLE_VALUED.includes(name)) return `The ${name} header is repeated.`;
    seen.add(name);
  }
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return 'The transfer coding is not chunked.';
  // "POST http://elsewhere/mcp": which of its two hosts is meant is a matter of opinion.
  if (!request.url?.startsWith('/')) return 'The request target is not a path.';
  return undefined;
}

/** The W3C trace context that came with a request, where it has the form of one. */
export function toTraceparent(header: unknown): string | undefined {
  if (typeof header !== 'string') return undefined;
  const form = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;
  return form.test(header) ? header : undefined;
}

/** The address a request came from. Of a trusted proxy's list the last is the proxy's own word, the others are hearsay. */
export function toRemote(request: IncomingMessage, trustProxy: boolean): string | undefined {
  const address = request.socket.remoteAddress;
  if (!trustProxy) return address;
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .at(-1)
    ?.trim();
  return forwarded && isIP(forwarded) > 0 ? forwarded : address;
}
