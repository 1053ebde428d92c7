import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { limit, systemClock } from './api/limit.ts';
import { authorize, type Send } from './api/pipeline.ts';
import { retry } from './api/retry.ts';
import { canonicalJson } from './audit/chain.ts';
import type { AuditRecord } from './audit/record.ts';
import { type Call, createCall } from './call.ts';
import type { Catalog } from './catalog.ts';
import { createGate } from './confirm/gate.ts';
import type { PendingStore } from './confirm/pending.ts';
import { createExchange } from './exchange.ts';
import { createJournal, type Journal } from './journal.ts';
import { limitsOf, toLimitSettings } from './limits.ts';
import type { Log } from './log.ts';
import { createRun, type RunSettings } from './run.ts';
import type { Environment, Tool } from './tool.ts';

export type ComposeDeps = {
  readonly catalog: Catalog;
  readonly environment: Environment;
  /** Sends to that environment, with nothing but the request. */
  readonly send: Send;
  readonly settings: RunSettings & { readonly limits: readonly string[] };
  readonly record: AuditRecord;
  readonly pending: PendingStore;
  readonly log: Log;
  readonly version: string;
};

/** Everything between a tool call and one WorkOS environment, put together. */
export function compose(deps: ComposeDeps): { readonly call: Call; readonly journal: Journal } {
  const { catalog, environment, settings, record, pending, log, version } = deps;
  const { general } = catalog;
  const byName = new Map<string, Tool>(catalog.tools.map((tool) => [tool.name, tool]));
  const toolOf = (name: string) => byName.get(name);
  const { now } = systemClock;
  const send = retry({ ...systemClock, random: Math.random, sleep })(
    limit(systemClock)(authorize(environment.apiKey, `workos-mcp/${version}`)(deps.send)),
  );
  const limits = toLimitSettings(settings.limits, limitsOf(catalog));
  const gate = createGate({
    store: pending,
    newId: () => randomBytes(16).toString('base64url'),
    // All who serve the same environment have its key in common, and nobody else has it.
    digest: (value) => createHmac('sha256', environment.apiKey).update(canonicalJson(value)).digest('base64url'),
  });
  const exchange = createExchange({ environment, send, general, limits });
  const run = createRun({ environment, settings, toolOf, exchange, gate, newKey: randomUUID, now });
  const journal = createJournal({ record, environment: environment.label, toolOf });
  return { call: createCall({ run, journal, log, now }), journal };
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => {});
}
