import type { AuditRecord } from '../audit/record.ts';

/** A request that was rejected before it could become a call. */
export type Rejection = {
  /** A word of the server's own. */
  readonly reason: string;
  /** The agent that sent it, if known. */
  readonly agent?: string | undefined;
};

const MINUTE_MS = 60_000;

/** Agents that are told apart in a minute: issuers could sign in any number of people. */
const MAX_AGENTS = 100;

/**
 * Counts rejected requests for the record: at most one entry a minute for each agent, and one for all requests without
 * an agent, however many requests there are.
 */
export function createRejectionCounter(record: Pick<AuditRecord, 'append'>) {
  const counts = new Map<string | undefined, Map<string, number>>();
  const tell = () => {
    for (const [agent, byReason] of counts) {
      const told = [...byReason].map(([reason, count]) => `${count} ${reason}`).join(', ');
      const whose = agent === undefined ? '' : ` of ${agent}`;
      // The record keeps an entry that it cannot write.
      record.append({ kind: 'note', text: `rejected requests${whose}: ${told}`, agent }).catch(() => {});
    }
    counts.clear();
  };
  const timer = setInterval(tell, MINUTE_MS).unref();
  return {
    count: ({ reason, agent }: Rejection) => {
      const owner = counts.has(agent) || counts.size < MAX_AGENTS ? agent : undefined;
      const byReason = counts.get(owner) ?? new Map<string, number>();
      counts.set(owner, byReason);
      byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
    },
    tell,
    close: () => {
      clearInterval(timer);
      tell();
    },
  };
}
