import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { Budgets } from '../agents/budgets.ts';
import { canonicalJson } from '../audit/chain.ts';
import type { AuditRecord } from '../audit/record.ts';
import { createCall } from '../call/call.ts';
import type { Call, CallObserver } from '../call/caller.ts';
import { NOTHING } from '../call/confidential.ts';
import type { Approvals } from '../call/confirm/approvals.ts';
import { toApproverFacts } from '../call/confirm/approver.ts';
import type { OnAnswer } from '../call/confirm/binding-answers.ts';
import { declinedOf } from '../call/confirm/declined.ts';
import { createGate } from '../call/confirm/gate.ts';
import type { PendingStore } from '../call/confirm/pending.ts';
import { createExchange, createTraffic, type Observer, SERVER_ITSELF } from '../call/exchange.ts';
import { createJournal, type Journal } from '../call/journal.ts';
import { readEventsWith } from '../call/read-events.ts';
import type { CallSettings } from '../call/steps.ts';
import type { CancelSignal } from '../cancel/cancel-signal.ts';
import type { Pace } from '../catalog/asking.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Tool } from '../catalog/tool.ts';
import { type Clock, systemClock } from '../clock.ts';
import { createEventFeed } from '../events/feed.ts';
import { createPlaces } from '../events/place.ts';
import type { Log } from '../log.ts';
import type { Tracer } from '../tracing/tracer.ts';
import { askAgain } from '../workos/ask-again.ts';
import { authorize } from '../workos/authorize.ts';
import type { KeyedEnvironment } from '../workos/environment.ts';
import type { Send } from '../workos/layer.ts';
import { limit, type Shared } from '../workos/limits/limit.ts';
import { limitsOf, toLimitSettings } from '../workos/limits/slots.ts';
import { retry } from '../workos/retry.ts';
import { watch } from '../workos/watch.ts';

export type ComposeDeps = {
  readonly catalog: Catalog;
  readonly environment: KeyedEnvironment;
  /** Its name in the record, if that is not its kind. */
  readonly name?: string;
  /** Its name in the settings file, if there is one. */
  readonly environmentName?: string;
  /** Sends a request to that environment, without any layer. */
  readonly send: Send;
  readonly settings: CallSettings & { readonly limits: readonly string[] };
  readonly record: AuditRecord;
  readonly pending: PendingStore;
  /** Absent without a console. */
  readonly approvals?: Approvals | undefined;
  /** Counts the calls of agents that wait for a confirmation beyond a pace. */
  readonly budgets: Budgets;
  readonly log: Log;
  readonly version: string;
  /** The rate limit windows shared with other replicas. */
  readonly shared?: Shared | undefined;
  readonly observer?: (Observer & CallObserver) | undefined;
  /** The clock by which events and approvers are waited for. */
  readonly clock?: Clock;
  readonly tracer?: Pick<Tracer, 'endCall'> | undefined;
};

export type Composed = {
  readonly call: Call;
  readonly journal: Journal;
  readonly onAnswer: OnAnswer;
  /** Resolves if a harmless read shows that the key works. */
  readonly probe: () => Promise<void>;
};

/** Composes everything between a tool call and one WorkOS environment. */
export function compose(deps: ComposeDeps): Composed {
  const { catalog, environment, settings, record, pending, budgets, log, version, observer } = deps;
  const { general } = catalog;
  const byName = new Map<string, Tool>(catalog.tools.map((tool) => [tool.name, tool]));
  const toolOf = (name: string) => byName.get(name);
  const { now } = systemClock;
  const clock = deps.clock ?? systemClock;
  const { above, below } = watch(now);
  const layers = [
    retry({ ...systemClock, random: Math.random, sleep }),
    above,
    limit(systemClock, deps.shared),
    below,
    askAgain,
    authorize(environment.apiKey, `workos-mcp/${version}`),
  ];
  const send = layers.reduceRight((next, layer) => layer(next), deps.send);
  const limits = toLimitSettings(settings.limits, limitsOf(catalog));
  const gate = createGate({
    store: pending,
    approvals: deps.approvals,
    environment: { name: deps.environmentName ?? environment.label, label: deps.name ?? environment.label },
    newId: () => randomBytes(16).toString('base64url'),
    today: clock.date,
    // Only the servers of the same environment share its API key.
    digest: (value) => createHmac('sha256', environment.apiKey).update(canonicalJson(value)).digest('base64url'),
  });
  const exchange = createExchange({ environment, send, general, limits, observer });
  const journal = createJournal({ record, environment: deps.name ?? environment.label });
  const keepsPace = async (agent: string, { group, calls }: Pace) =>
    (await budgets.take(`${group} ${agent}`, calls, HOUR_MS)).ok;
  const lister = catalog.tools.find(({ events }) => events !== undefined);
  const waits = lister && {
    ...clock,
    feed: createEventFeed(readEventsWith(exchange, lister, { clock, ...settings, ...environment }), clock),
    places: createPlaces(environment.apiKey),
  };
  const steps = { environment, settings, toolOf, exchange, gate, keepsPace, waits, newKey: randomUUID, now };
  return {
    call: createCall({ steps, journal, log, observer, endCall: deps.tracer?.endCall }),
    journal,
    onAnswer: async ({ caller, tool: name, shown }, answer) => {
      const tool = toolOf(name);
      const note = answer.answer === 'yes' ? journal.approve : journal.decline;
      if (tool !== undefined) await note(tool, shown.id, caller, toApproverFacts(answer));
      if (answer.answer === 'no') await pending.decline(caller, declinedOf(name, shown.id));
    },
    probe: async () => {
      const tool = toolOf(catalog.probe.tool);
      if (tool === undefined) throw new Error('the probe tool is not in the catalog');
      await exchange(tool, catalog.probe.args, {
        agent: SERVER_ITSELF,
        signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
        deadline: now() + PROBE_TIMEOUT_MS,
        traffic: createTraffic(),
        confidential: NOTHING,
      });
    },
  };
}

const HOUR_MS = 3_600_000;

/** Milliseconds that a probe may take. */
const PROBE_TIMEOUT_MS = 5_000;

/** Resolves after the time, or as soon as the call is cancelled. */
function sleep(ms: number, signal: CancelSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
