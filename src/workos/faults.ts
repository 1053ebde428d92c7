import { TransportError } from './errors.ts';
import type { ProxyFault } from './tunnel.ts';

/** A fault in the server's own words, as messages of the driver can contain addresses and header values. */
type NetworkFault = {
  readonly said: string;
  /** What the operator has to do, as "set X". */
  readonly remedy?: string;
  readonly final?: boolean;
};

/** Errors of resolving or connecting, before any byte of the request was sent. */
const NOT_SENT: Readonly<Record<string, NetworkFault>> = {
  UND_ERR_CONNECT_TIMEOUT: { said: 'no connection was established in time' },
  ECONNREFUSED: { said: 'connection refused' },
  ENOTFOUND: {
    said: 'host name not found',
    remedy: 'check the host name, and set HTTPS_PROXY where a proxy is the only way out',
    final: true,
  },
  EAI_AGAIN: {
    said: 'host name could not be looked up',
    remedy: 'check the network and its DNS server, and set HTTPS_PROXY where a proxy is the only way out',
  },
  EHOSTUNREACH: { said: 'host unreachable' },
  ENETUNREACH: { said: 'network unreachable' },
};

const MAYBE_SENT: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'the connection was dropped',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer was truncated',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too large',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was dropped',
};

/** Certificate errors end the connection before the request is sent. Other TLS errors may come later. */
const CERTIFICATE = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_ALTNAME_INVALID)/;

function toCertificateRemedy(code: string): string {
  if (/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/.test(code))
    return 'check the clock of this computer first, then the certificate';
  if (code.includes('ALTNAME')) return 'check the address, since the certificate is for another host name';
  return 'set NODE_EXTRA_CA_CERTS to the CA certificate of what opens TLS on the way, such as a proxy of the company';
}

/** Why there is no connection to the proxy of HTTPS_PROXY. */
const PROXY: Readonly<Record<string, NetworkFault>> = {
  ENOTFOUND: {
    said: 'the host name of the proxy was not found',
    remedy: 'correct the host name in HTTPS_PROXY',
    final: true,
  },
  EAI_AGAIN: {
    said: 'the host name of the proxy could not be looked up',
    remedy: 'check the network and its DNS server',
  },
  ECONNREFUSED: {
    said: 'the proxy refused the connection',
    remedy: 'check that the proxy runs, and that HTTPS_PROXY has its address',
  },
  EHOSTUNREACH: { said: 'the proxy is unreachable', remedy: 'check the network, and the address in HTTPS_PROXY' },
  ENETUNREACH: { said: 'the proxy is unreachable', remedy: 'check the network, and the address in HTTPS_PROXY' },
  ETIMEDOUT: {
    said: 'the proxy opened no tunnel in time',
    remedy: 'check that the address in HTTPS_PROXY is reachable, and the log of the proxy',
  },
};

/** Quotes only the status of the proxy's answer. */
function toProxyFault({ status, schemes, authorized, code = '' }: ProxyFault): NetworkFault {
  if (status === undefined) {
    if (CERTIFICATE.test(code)) {
      return {
        said: `the TLS certificate of the proxy is not trusted (${code})`,
        remedy: toCertificateRemedy(code),
        final: true,
      };
    }
    if (/^(EPROTO$|ERR_SSL_)/.test(code)) {
      const remedy = 'begin HTTPS_PROXY with http:// where the proxy itself does not speak TLS';
      return { said: `no TLS connection to the proxy (${code})`, remedy, final: true };
    }
    const unusable = 'the proxy did not answer in HTTP';
    return PROXY[code] ?? { said: unusable, remedy: 'check that HTTPS_PROXY has the address of an HTTP proxy' };
  }
  if (status >= 500)
    return { said: `the proxy opened no tunnel (${status})`, remedy: 'check that the proxy can reach this host' };
  if (status !== 407) {
    const remedy = 'allow connections to this host at the proxy, or name the host in NO_PROXY';
    return { said: `the proxy refused to open a tunnel (${status})`, remedy, final: true };
  }
  if (schemes !== undefined && !/\bbasic\b/i.test(schemes)) {
    const remedy = 'let the proxy accept a user and password (Basic), or this server without a login';
    return { said: 'the proxy asks for a login that this server does not know (407)', remedy, final: true };
  }
  return authorized
    ? {
        said: 'the proxy refused the user and password (407)',
        remedy: 'correct the user and password in HTTPS_PROXY',
        final: true,
      }
    : {
        said: 'the proxy asks for a user and password (407)',
        remedy: 'put a user and password into HTTPS_PROXY, as http://USER:PASSWORD@HOST:PORT',
        final: true,
      };
}

/** @param hasBegun whether the request was assigned to a connection */
export function toTransportError(error: unknown, hasBegun = true): TransportError {
  const fault = toEarlyFault(error, hasBegun);
  if (fault !== undefined) return new TransportError(fault.said, false, fault);
  return new TransportError(MAYBE_SENT[Object(error).code] ?? 'the HTTP exchange failed', true);
}

/** The error before anything was sent, or `undefined` if it may have come later. */
function toEarlyFault(error: unknown, hasBegun: boolean): NetworkFault | undefined {
  const { code = '', syscall, proxy } = Object(error);
  if (proxy !== undefined) return toProxyFault(proxy);
  if (CERTIFICATE.test(code)) {
    return { said: `the TLS certificate is not trusted (${code})`, remedy: toCertificateRemedy(code), final: true };
  }
  // On an open connection the same codes can occur after the request was sent.
  const early = !hasBegun || syscall === 'connect' || syscall === 'getaddrinfo' || code === 'UND_ERR_CONNECT_TIMEOUT';
  return early ? (NOT_SENT[code] ?? { said: 'no connection was established' }) : undefined;
}
