import { BlockList, isIP } from 'node:net';
import { StartError } from '../errors.ts';

/** A proxy that opens tunnels (CONNECT). */
export type HttpProxy = {
  /** `host:port`, which is all that logs and messages show of it. */
  readonly address: string;
  /** Whether the proxy itself is reached over TLS. */
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  /** What `Proxy-Authorization` holds. */
  readonly authorization: string | undefined;
};

/** Reads an environment variable. */
export type Variable = (name: string) => string | undefined;

/**
 * The proxy that requests to an origin go through, if any: HTTPS_PROXY, unless NO_PROXY names the host. Plain http and
 * loopback never go through one: the key would travel in the clear, or to the loopback of another computer.
 * @throws StartError for a proxy that cannot be used, without its user and password
 */
export function proxyFor(target: string, variable: Variable): HttpProxy | undefined {
  const url = new URL(target);
  const host = toHost(url.hostname);
  if (url.protocol !== 'https:' || isLoopback(host)) return undefined;
  const [name, value] = read('HTTPS_PROXY', variable);
  if (value === '') return undefined;
  const [, exempt] = read('NO_PROXY', variable);
  const port = url.port === '' ? '443' : url.port;
  if (exempt.split(/[\s,]+/).some((entry) => covers(entry, host, port))) return undefined;
  return parseProxy(name, value);
}

/** A variable in either case. The lower one wins, as in curl; a blank one counts as unset. */
function read(name: string, variable: Variable): readonly [name: string, value: string] {
  const lower = name.toLowerCase();
  const value = variable(lower)?.trim() ?? '';
  return value === '' ? [name, variable(name)?.trim() ?? ''] : [lower, value];
}

/** The host of a URL without the brackets of IPv6 and the dot of the root. */
const toHost = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return isInRange(host, '127.0.0.0', 8) || isInRange(host, '::1', 128);
}

/**
 * Whether an entry of NO_PROXY covers a host: `*`, a name and all names below it (also as `.name` or `*.name`), an address,
 * or a range of addresses (`10.0.0.0/8`). Names and addresses may have a port. Other forms cover nothing: other programs
 * that read the variable may know them.
 */
function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const range = /^([\d.]+|[\da-f.:]+)\/(\d{1,3})$/i.exec(entry);
  if (range !== null) return isInRange(host, range[1] ?? '', Number(range[2]));
  const parts = isIP(entry) === 0 ? /^\[?(?<name>.*?)\]?(?::(?<only>\d+))?$/.exec(entry)?.groups : { name: entry };
  const { name = '', only = port } = parts ?? {};
  if (only !== port) return false;
  if (isIP(name) !== 0) return isInRange(host, name, bitsOf(name));
  const suffix = toHost(name.replace(/^\*?\./, '').toLowerCase());
  return isIP(host) === 0 && suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`));
}

/** Also of an IPv4 address that is written as IPv6. */
function isInRange(host: string, network: string, bits: number): boolean {
  if (isIP(host) === 0 || isIP(network) === 0 || bits > bitsOf(network)) return false;
  const range = new BlockList();
  range.addSubnet(network, bits, familyOf(network));
  return range.check(host, familyOf(host));
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
const bitsOf = (address: string) => (isIP(address) === 6 ? 128 : 32);

/** Nothing of the value is quoted: it may hold a password, and where it is malformed it cannot be told where. */
function parseProxy(name: string, value: string): HttpProxy {
  // Without a scheme it is an http proxy, and new URL would take the host for one.
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (/^socks/i.test(text)) {
    throw new StartError(`${name} names a SOCKS proxy. Only proxies that begin with http:// or https:// can be used.`);
  }
  const proxy = URL.canParse(text) ? toProxy(new URL(text)) : undefined;
  if (proxy !== undefined) return proxy;
  throw new StartError(
    `${name} is not a valid proxy: write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, with special characters of user and password percent-encoded.`,
  );
}

function toProxy({ protocol, hostname, port, pathname, search, hash, username, password }: URL): HttpProxy | undefined {
  if (!/^https?:$/.test(protocol) || `${pathname}${search}${hash}` !== '/') return undefined;
  // new URL takes ${PROXY}, which a client did not fill in, for a name.
  if (/[^\w.:[\]-]/.test(hostname)) return undefined;
  const tls = protocol === 'https:';
  const number = port === '' ? (tls ? 443 : 80) : Number(port);
  const proxy = { address: `${hostname}:${number}`, tls, host: toHost(hostname), port: number };
  if (username === '' && password === '') return { ...proxy, authorization: undefined };
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return { ...proxy, authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  } catch {
    return undefined; // a % that encodes nothing
  }
}
