import type { Answered, ApprovalAnswer, ApprovalStore } from '../../call/confirm/approvals.ts';

/**
 * A call as an approver finds it: it waits, or has an answer that its agent has not come back for, or is with its agent
 * again, or its time is over.
 */
export type ApprovalStage = 'waiting' | 'answered' | 'taken' | 'late';

export type KnownCall = Answered & { readonly stage: ApprovalStage };

export type KnownCalls = {
  /** `undefined` for one that this process never saw, and for one that it has forgotten. */
  readonly find: (handle: string) => Promise<KnownCall | undefined>;
  /** Answers a call, once: resolves to false if it no longer waits. */
  readonly answer: (handle: string, answer: ApprovalAnswer) => Promise<boolean>;
};

/** Milliseconds for which a call is remembered once its time is over. */
const KEPT_MS = 60 * 60_000;
/** Calls that are remembered after they left the store. The oldest is forgotten for a new one. */
const MAX_CALLS = 200;

/**
 * The calls of the store, and for those who have a page open or have just answered, those that have left it: an agent
 * that waits takes its answer at once.
 * @param today milliseconds since 1970
 */
export function createKnownCalls(store: Pick<ApprovalStore, 'find' | 'answer'>, today: () => number): KnownCalls {
  const seen = new Map<string, Answered>();
  const keep = (handle: string, call: Answered) => {
    seen.delete(handle);
    seen.set(handle, call);
    for (const oldest of [...seen.keys()].slice(0, -MAX_CALLS)) seen.delete(oldest);
    for (const [old, { approval }] of seen) if (approval.until + KEPT_MS <= today()) seen.delete(old);
  };
  return {
    find: async (handle) => {
      const found = await store.find(handle);
      if (found !== undefined) {
        keep(handle, found);
        return { ...found, stage: found.answer === undefined ? 'waiting' : 'answered' };
      }
      const known = seen.get(handle);
      return known && { ...known, stage: known.approval.until <= today() ? 'late' : 'taken' };
    },
    answer: async (handle, answer) => {
      const isFirst = await store.answer(handle, answer);
      const known = seen.get(handle);
      if (isFirst && known !== undefined) keep(handle, { ...known, answer });
      return isFirst;
    },
  };
}
