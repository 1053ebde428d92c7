import { X509Certificate } from 'node:crypto';
import { createTls, type Tls } from '../serve/http/listener.ts';
import type { Config } from '../settings/config.ts';
import type { Host } from './host.ts';
import { toTls } from './http-settings.ts';

/** Milliseconds before its end from which on a certificate is warned of: two weeks. */
const WARN_MS = 14 * 86_400_000;

/** A certificate that is served with. */
export type Certificate = {
  readonly tls: Tls;
  /** When the first certificate of its chain expires, in milliseconds since 1970. */
  readonly expires: number;
};

/** @throws StartError if the files cannot be used */
export function readCertificate(config: Config, host: Pick<Host, 'readFile'>): Certificate | undefined {
  const tls = toTls(config, host);
  if (tls === undefined) return undefined;
  createTls(tls);
  return { tls, expires: expiryOf(tls.cert) };
}

/** @param pem one or more certificates, which createTls has judged */
function expiryOf(pem: string): number {
  const certificates = pem.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----.*?-----END [^-]*-----/gs) ?? [];
  return Math.min(...certificates.map((one) => Date.parse(new X509Certificate(one).validTo)));
}

/** What an operator is told of a certificate that expires soon. @param now milliseconds since 1970 */
export function certificateWarning({ expires }: Pick<Certificate, 'expires'>, now: number): string | undefined {
  if (expires - now > WARN_MS) return undefined;
  const date = new Date(expires).toISOString();
  return expires <= now
    ? `The TLS certificate expired at ${date}: clients refuse the connection. Renew it, then reload (SIGHUP).`
    : `The TLS certificate expires at ${date}. Renew it, then reload (SIGHUP).`;
}
