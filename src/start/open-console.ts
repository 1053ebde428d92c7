import type { Budgets } from '../agents/budgets.ts';
import type { IssuerFetch } from '../agents/issuer-fetch.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { systemClock } from '../clock.ts';
import type { OpenConsole } from '../console/console.ts';
import { deriveKey } from '../keys.ts';
import type { Log } from '../log.ts';
import type { AgentsConfig } from '../settings/agents-config.ts';
import type { Config } from '../settings/config.ts';
import { TransportError } from '../workos/errors.ts';
import type { Certificate } from './certificate.ts';
import { type Generation, toAgentsSource } from './console-agents.ts';
import { readClientSecret } from './console-settings.ts';
import type { Host } from './host.ts';
import type { LastCalls } from './last-calls.ts';
import type { OpenApprovals } from './open-approvals.ts';
import { openIssuerFetch } from './open-issuer-fetch.ts';

export type ConsoleParts = {
  readonly catalog: Catalog;
  readonly config: Config;
  readonly host: Pick<Host, 'readFile' | 'variable'>;
  readonly deploymentKey: Uint8Array;
  readonly approvals: OpenApprovals;
  readonly record: AuditRecord;
  readonly log: Log;
  readonly certificate: Certificate | undefined;
  readonly budgets: Pick<Budgets, 'peek'>;
  readonly lastCalls: LastCalls;
  /** The configuration that holds now. */
  readonly current: () => Generation;
};

/** Opens the console, whose code is loaded only for it. Throws StartError if it cannot listen. */
export async function openConsoleAt(parts: ConsoleParts): Promise<OpenConsole> {
  const { catalog, config, host, deploymentKey, approvals, record, log, certificate, budgets, lastCalls, current } =
    parts;
  const { auditLog } = config;
  const issuers = openIssuerFetch({
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
    rules: approvals.rules,
    config: () => current().loaded.agents,
    agents: toAgentsSource({ catalog, budgets, lastCalls, current }),
    record,
    recordFile: auditLog === 'stderr' ? undefined : auditLog,
    clientSecretOf: toClientSecrets(() => current().loaded.agents, host),
    fetch: withWarnings(issuers.fetch, log),
    log,
    clock: systemClock,
    today: Date.now,
  });
  log.info({ url: approvals.url }, 'serving the console');
  return {
    ...opened,
    close: async () => {
      await opened.close();
      await issuers.close();
    },
  };
}

/** Milliseconds and bytes of what an issuer answers. */
const ISSUER_TIMEOUT_MS = 5_000;
const MAX_ISSUER_BYTES = 256 * 1024;

/** Tells the operator why an issuer cannot be reached, and the console only that it cannot. */
const withWarnings =
  (fetch: IssuerFetch, log: Log): IssuerFetch =>
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
  (agents: () => AgentsConfig, host: ConsoleParts['host']) =>
  (name: string): string | undefined => {
    const issuer = agents().issuers.find((one) => one.name === name);
    return issuer && readClientSecret(issuer, host);
  };
