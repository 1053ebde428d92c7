import { createApproverRules } from '../agents/approvers.ts';
import type { Budgets } from '../agents/budgets.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { systemClock } from '../clock.ts';
import type { OpenConsole } from '../console/console.ts';
import { deriveKey } from '../keys.ts';
import type { Log } from '../log.ts';
import type { Config } from '../settings/config.ts';
import type { Certificate } from './certificate.ts';
import { type Holding, toAgentsSource } from './console-agents.ts';
import type { Host } from './host.ts';
import type { LastCalls } from './last-calls.ts';
import type { OpenApprovals } from './open-approvals.ts';

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
  readonly current: () => Holding;
};

/** Opens the console, whose code is loaded only for it. Throws StartError if it cannot listen. */
export async function openConsoleAt(parts: ConsoleParts): Promise<OpenConsole> {
  const { catalog, config, deploymentKey, approvals, record, log, certificate, budgets, lastCalls, current } = parts;
  const { auditLog } = config;
  const { openConsole } = await import('../console/console.ts');
  const opened = await openConsole({
    host: config.http.consoleHost,
    port: config.http.consolePort ?? 0,
    url: approvals.url,
    tls: certificate?.tls,
    key: deriveKey(deploymentKey, 'console'),
    approvals: approvals.store,
    once: approvals.once,
    rules: () => createApproverRules(catalog, current().loaded.agents),
    config: () => current().loaded.agents,
    agents: toAgentsSource({ catalog, budgets, lastCalls, current }),
    record,
    recordFile: auditLog === 'stderr' ? undefined : auditLog,
    clientSecretOf: () => undefined,
    log,
    clock: systemClock,
    today: Date.now,
  });
  log.info({ url: approvals.url }, 'serving the console');
  return opened;
}
