import { type ApproverRules, keepApproverRules } from '../agents/approvers.ts';
import { createOnceStore, type OnceStore } from '../agents/once.ts';
import type { AuditRecord } from '../audit/record.ts';
import { createApprovalStore } from '../call/confirm/approval-store.ts';
import { type ApprovalStore, type Approvals, HELD } from '../call/confirm/approvals.ts';
import { type OnAnswer, toBinding } from '../call/confirm/binding-answers.ts';
import { type CancelSignal, createCanceller } from '../cancel/cancel-signal.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { SharedStores } from '../redis/stores.ts';
import type { Config } from '../settings/config.ts';
import { toConsoleUrl } from './console-settings.ts';
import type { Loaded } from './host.ts';
import { keptNoes } from './kept-declines.ts';

export type ApprovalDeps = {
  readonly catalog: Catalog;
  readonly shared: SharedStores | undefined;
  /** The configuration that holds now. */
  readonly current: () => Loaded;
  readonly onAnswer: OnAnswer;
  readonly record: Pick<AuditRecord, 'append'>;
};

export type OpenApprovals = Approvals & {
  readonly once: OnceStore;
  /** By the configuration that holds now. */
  readonly rules: () => ApproverRules;
  /** Lets no call wait any longer. Each answers with its ID, by which it goes on at another replica. */
  readonly stop: () => void;
  /** Leaves the next server a note of each hold, where no replica remembers it. */
  readonly close: () => Promise<void>;
};

/** What waits for approvers, and what the console has to remember: shared by replicas, else in memory. */
export function openApprovals(
  config: Config,
  { catalog, shared, current, onAnswer, record }: ApprovalDeps,
): OpenApprovals | undefined {
  if (config.http.consolePort === undefined) return undefined;
  const rules = keepApproverRules(catalog, () => current().agents);
  const store = shared?.approvals ?? createApprovalStore(Date.now, keptNoes(config.auditLog, Date.now()));
  const stopping = createCanceller();
  return {
    store: toBinding(untilStop(store, stopping.signal), onAnswer),
    stop: stopping.abort,
    close: async () => {
      if (shared?.approvals !== undefined) return;
      const text = `${HELD} until an approver lifts that`;
      const notes = (await store.heldCallers()).map((agent) => record.append({ kind: 'note', agent, text }));
      await Promise.allSettled(notes); // the record keeps what it cannot write
    },
    once: shared?.once ?? createOnceStore(Date.now),
    isShared: shared?.approvals !== undefined,
    url: toConsoleUrl(config),
    stillApproves: (approval, { by, approver }) => {
      const found = rules().find(by, approver);
      return found !== undefined && rules().whyNot(found, approval) === undefined;
    },
    hasApprover: (approval) => rules().hasApprover(approval),
    rules,
  };
}

/** No call waits once the process stops. */
const untilStop = (store: ApprovalStore, stopping: CancelSignal): ApprovalStore => ({
  ...store,
  waitFor: async (handle, ms, signal) => {
    const { signal: ended, abort } = createCanceller();
    const signals = [signal, stopping];
    if (signals.some(({ aborted }) => aborted)) return;
    for (const one of signals) one.addEventListener('abort', abort);
    await store.waitFor(handle, ms, ended);
    for (const one of signals) one.removeEventListener('abort', abort);
  },
});
