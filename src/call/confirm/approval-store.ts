import {
  type Answered,
  type ApprovalStore,
  MAX_APPROVALS,
  MAX_APPROVALS_BYTES,
  toKept,
  unanswered,
} from './approvals.ts';
import { isSpent, NO_NOES, type Noes, withNo } from './noes.ts';
import { MAX_PENDING } from './pending.ts';

/**
 * Keeps what waits in memory: it belongs to this process, and ends with it.
 * @param today milliseconds since 1970
 * @param before the noes that callers had before the process began
 */
export function createApprovalStore(today: () => number, before: ReadonlyMap<string, Noes> = new Map()): ApprovalStore {
  const kept = new Map<string, Answered & { readonly bytes: number }>();
  const noes = new Map(before);
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of [...listeners]) listener();
  };
  const expire = () => {
    for (const [handle, { approval }] of kept) if (approval.until <= today()) kept.delete(handle);
    for (const [caller, own] of noes) if (isSpent(own, today())) noes.delete(caller);
  };
  const find = (handle: string): Answered | undefined => {
    expire();
    const found = kept.get(handle);
    return found && { approval: found.approval, answer: found.answer };
  };
  const all = (): readonly Answered[] => {
    expire();
    return [...kept.values()].map(({ approval, answer }) => ({ approval, answer }));
  };
  const isFull = (caller: string, bytes: number): boolean => {
    const every = [...kept.values()];
    const own = every.filter(({ approval }) => approval.caller === caller);
    return (
      own.length >= MAX_PENDING ||
      every.length >= MAX_APPROVALS ||
      every.reduce((sum, other) => sum + other.bytes, bytes) > MAX_APPROVALS_BYTES ||
      noes.size >= MAX_APPROVALS // each no answers one of these, so that noes need no bound of their own
    );
  };
  return {
    put: async (approval) => {
      expire();
      const { bytes } = toKept(approval);
      if (kept.has(approval.handle) || isFull(approval.caller, bytes)) return false;
      kept.set(approval.handle, { approval, bytes });
      tell();
      return true;
    },
    find: async (handle) => find(handle),
    list: async () => unanswered(all()),
    all: async () => all(),
    answer: async (handle, answer) => {
      expire();
      const found = kept.get(handle);
      if (found === undefined || found.answer !== undefined) return false;
      kept.set(handle, { ...found, answer });
      tell();
      return true;
    },
    take: async (handle) => {
      const found = find(handle);
      if (found?.answer === undefined) return undefined;
      kept.delete(handle);
      tell();
      return found;
    },
    waitFor: (handle, ms, signal) =>
      new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer);
          listeners.delete(look);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const look = () => {
          const found = find(handle);
          if (signal.aborted || found === undefined || found.answer !== undefined) end();
        };
        const left = (kept.get(handle)?.approval.until ?? 0) - today();
        const timer = setTimeout(end, Math.min(ms, left));
        listeners.add(look);
        signal.addEventListener('abort', end);
        look();
      }),
    countNo: async (caller) => {
      noes.set(caller, withNo(noes.get(caller) ?? NO_NOES, today()));
      tell();
    },
    isHeld: async (caller) => noes.get(caller)?.isHeld === true,
    heldCallers: async () => [...noes].flatMap(([caller, { isHeld }]) => (isHeld ? [caller] : [])),
    lift: async (caller) => {
      noes.delete(caller);
      tell();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
