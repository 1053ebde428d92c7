import { createApproverRules } from '../agents/approvers.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { systemClock } from '../clock.ts';
import type { OpenConsole } from '../console/console.ts';
import type { OwnFetch } from '../console/console-deps.ts';
import { StartError } from '../errors.ts';
import { deriveKey } from '../keys.ts';
import type { Log } from '../log.ts';
import type { AgentsConfig } from '../settings/agents-config.ts';
import type { Config } from '../settings/config.ts';
import { plainText } from '../settings/plain-text.ts';
import { TransportError } from '../workos/errors.ts';
import type { Certificate } from './certificate.ts';
import type { Host, Loaded } from './host.ts';
import type { OpenApprovals } from './open-approvals.ts';
import { openOwnFetch } from './own-fetch.ts';

export type ConsoleParts = {
  readonly catalog: Catalog;
  readonly config: Config;
  readonly host: Pick<Host, 'readFile' | 'variable'>;
  readonly deploymentKey: Uint8Array;
  readonly approvals: OpenApprovals;
  readonly record: AuditRecord;
  readonly log: Log;
  readonly certificate: Certificate | undefined;
  /** The configuration that holds now. */
  readonly current: () => Loaded;
};

/** Opens the console, whose code is loaded only for it. Throws StartError if it cannot listen. */
export async function openConsoleAt(parts: ConsoleParts): Promise<OpenConsole> {
  const { catalog, config, host, deploymentKey, approvals, record, log, certificate, current } = parts;
  const { auditLog } = config;
  const clientSecretOf = toClientSecrets(() => current().agents, host);
  for (const { name } of current().agents.issuers) clientSecretOf(name); // a start that cannot read one is refused
  const own = openOwnFetch({
    variable: host.variable,
    now: systemClock.now,
    timeoutMs: ISSUER_TIMEOUT_MS,
    maxBytes: MAX_ISSUER_BYTES,
  });
  const { openConsole } = await import('../console/console.ts');
  const opened = await openConsole({
    host: config.http.consoleHost,
    port: config.http.consolePort ?? 0,
    url: approvals.url,
    tls: certificate?.tls,
    key: deriveKey(deploymentKey, 'console'),
    approvals: approvals.store,
    once: approvals.once,
    rules: () => createApproverRules(catalog, current().agents),
    config: () => current().agents,
    agents: {
      catalog,
      list: () => [],
      usedOf: async () => undefined,
      lastCallOf: () => undefined,
    },
    record,
    recordFile: auditLog === 'stderr' ? undefined : auditLog,
    clientSecretOf,
    fetch: toIssuerFetch(own.fetch, log),
    log,
    clock: systemClock,
    today: Date.now,
  });
  log.info({ url: approvals.url }, 'serving the console');
  return {
    ...opened,
    close: async () => {
      await opened.close();
      await own.close();
    },
  };
}

/** Milliseconds and bytes of what an issuer answers. */
const ISSUER_TIMEOUT_MS = 5_000;
const MAX_ISSUER_BYTES = 256 * 1024;

/** Tells the operator why an issuer cannot be reached, and the console only that it cannot. */
const toIssuerFetch =
  (fetch: OwnFetch, log: Log): OwnFetch =>
  async (address, request) => {
    try {
      return await fetch(address, request);
    } catch (error) {
      if (error instanceof TransportError) {
        const { host } = new URL(address);
        log.warn({ host, reason: error.message, remedy: error.remedy }, 'an issuer cannot be reached for a sign-in');
      }
      throw error;
    }
  };

/** The client secret of an issuer, read each time, so that a new one counts without a restart. */
const toClientSecrets =
  (agents: () => AgentsConfig, { readFile, variable }: ConsoleParts['host']) =>
  (name: string): string | undefined => {
    const signIn = agents().issuers.find((issuer) => issuer.name === name)?.signIn;
    if (signIn === undefined) return undefined;
    const { clientSecretEnv, clientSecretFile } = signIn;
    if (clientSecretFile !== undefined) {
      const what = `issuers.${name}.sign-in.client-secret-file`;
      const secret = plainText(readFile(clientSecretFile, what), clientSecretFile).trim();
      if (secret === '') throw new StartError(`${what}: ${clientSecretFile} is blank.`);
      return secret;
    }
    if (clientSecretEnv === undefined) return undefined;
    const secret = variable(clientSecretEnv)?.trim();
    if (secret) return secret;
    throw new StartError(`issuers.${name}.sign-in.client-secret-env: the variable ${clientSecretEnv} is not set.`);
  };
