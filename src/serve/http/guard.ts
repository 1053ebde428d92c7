import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { StartError } from '../../errors.ts';
import { memoizeByName } from '../../memo.ts';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Whether only this machine can reach a server that listens on `host`. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
}

/**
 * Creates the check of the Host header, which a page that uses DNS rebinding cannot forge.
 * @param allowed names, for any port, or `name:port`. Loopback names are always allowed: DNS rebinding cannot use them.
 */
export function toHostGuard(allowed: readonly string[]): (host: string | undefined) => boolean {
  const hosts = [...allowed, ...LOOPBACK].map((entry) => {
    const host = toHost(entry);
    if (!host)
      throw new StartError(`"${entry}" is not a valid host: give a name or an address, with or without :port.`);
    return host;
  });
  // Clients send the same one with each request.
  const isAllowed = memoizeByName((header) => {
    const host = toHost(header);
    if (!host) return false;
    return hosts.some(({ name, port }) => name === host.name && (port === undefined || port === host.port));
  });
  return (header = '') => isAllowed(header);
}

/**
 * The checks of Host and Origin.
 * @throws StartError for entries that are not valid, and where other machines reach the server under no allowed name
 */
export function toGuards({ host, allowedHosts, allowedOrigins }: GuardSettings) {
  if (!isLoopback(host) && allowedHosts.length === 0)
    throw new StartError(
      `${host} can be reached from other machines: set --allowed-hosts to the names that clients use.`,
    );
  return { isHost: toHostGuard(allowedHosts), isOrigin: toOriginGuard(allowedOrigins) };
}

type GuardSettings = {
  readonly host: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
};

function toHost(text: string): { name: string; port: string | undefined } | undefined {
  const [, name, port] =
    /^(\[[\da-f:.]+\]|[a-z\d_-]+(?:\.[a-z\d_-]+)*)\.?(?::(\d{1,5}))?$/.exec(text.toLowerCase()) ?? [];
  return name === undefined ? undefined : { name, port };
}

/** Creates the check of the Origin header, which every browser sends. Origins are exact: `https://app.example.com`. */
export function toOriginGuard(allowed: readonly string[]): (origin: string) => boolean {
  for (const entry of allowed) {
    if (!/^[a-z][a-z\d+.-]*:\/\/[^\s/?#@A-Z]+$/.test(entry))
      throw new StartError(
        `"${entry}" is not a valid origin: give scheme://host, with :port if it has one, in lower case.`,
      );
  }
  const origins = new Set(allowed);
  return (origin) => origins.has(origin);
}

/** Headers of which Node keeps one value of several: a proxy in front may have used another one. */
const SINGLE_VALUED = [
  'host',
  'origin',
  'authorization',
  'content-type',
  'content-encoding',
  'content-length',
  'mcp-session-id',
];

function whichIsRepeated({ rawHeaders, headers }: IncomingMessage): string | undefined {
  // Node has one member for each name: where there are as many as names were sent, no name was sent twice.
  if (Object.keys(headers).length * 2 === rawHeaders.length) return undefined;
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (seen.has(name) && SINGLE_VALUED.includes(name)) return name;
    seen.add(name);
  }
  return undefined;
}

/** Headers of one request. Browsers and proxies send some dozens. */
export const MAX_HEADERS = 200;

/** Node gives names and values one after the other. */
export const hasTooManyHeaders = ({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): boolean =>
  rawHeaders.length > 2 * MAX_HEADERS;

/** Why the form of a request is not valid. Node's parser already rejects most such requests. */
export function whyMalformed(request: IncomingMessage): string | undefined {
  const repeated = whichIsRepeated(request);
  if (repeated !== undefined) return `The ${repeated} header is repeated.`;
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return 'The transfer coding is not chunked.';
  // "POST http://elsewhere/mcp" names two hosts, and servers differ in which one they use.
  if (!request.url?.startsWith('/')) return 'The request target is not a path.';
  return undefined;
}

/** The W3C trace context of a request; `undefined` if it is not valid. */
export function toTraceparent(header: unknown): string | undefined {
  if (typeof header !== 'string') return undefined;
  const form = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;
  return form.test(header) ? header : undefined;
}

/** The address a request came from. A trusted proxy adds the last entry of its list; clients can forge the others. */
export function toRemote(request: IncomingMessage, trustProxy: boolean): string | undefined {
  const address = request.socket.remoteAddress;
  if (!trustProxy) return address;
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .at(-1)
    ?.trim();
  return forwarded && isIP(forwarded) > 0 ? forwarded : address;
}

const NO_HEADERS: Readonly<Record<string, readonly string[]>> = {};

/** Finds the headers whose names begin with a prefix, with all values of each: a repeated header has several. */
export type HeadersOf = (prefix: string) => Readonly<Record<string, readonly string[] | undefined>>;

/** Most requests have no header with a prefix, and Node's list of all values is costly. */
export const toHeadersOf =
  (request: IncomingMessage): HeadersOf =>
  (prefix) => {
    const names = Object.keys(request.headers).filter((name) => name.startsWith(prefix));
    if (names.length === 0) return NO_HEADERS;
    const { headersDistinct: all } = request;
    return Object.fromEntries(names.map((name) => [name, all[name]]));
  };
