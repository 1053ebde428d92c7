/** A confirmation that somebody was asked for. The client holds only its ID. */
export type Pending = {
  readonly caller: string;
  readonly tool: string;
  /** Digests of the arguments, and of what was shown of the object. */
  readonly args: string;
  readonly shown: string;
  /** Digests of what a person may type to confirm: the object's ID, and its name where it could be shown as it is. */
  readonly expected: readonly string[];
  /** Who is to give it: a person whom the client asks, or the model that repeats the ID. */
  readonly by: 'prompt' | 'token';
};

/**
 * Where confirmations wait. Shared by all who serve the same callers: whatever was put in can be taken out once, by one.
 * Every method rejects where the store cannot be reached, and the call is refused then.
 */
export type PendingStore = {
  /** Keeps it for PENDING_MS. Resolves to false where its caller has MAX_PENDING already. */
  readonly put: (id: string, pending: Pending) => Promise<boolean>;
  /** Takes it out, or resolves to `undefined` where there is none of that ID (any more). */
  readonly take: (id: string) => Promise<Pending | undefined>;
  /** Remembers for DECLINED_MS that a person said no to the call with this digest. */
  readonly decline: (caller: string, call: string) => Promise<void>;
  readonly isDeclined: (caller: string, call: string) => Promise<boolean>;
};

/** Milliseconds that a person has to answer. */
export const PENDING_MS = 5 * 60_000;
/** Milliseconds that a no holds. */
export const DECLINED_MS = 10 * 60_000;
/** Confirmations that one caller may have waiting. */
export const MAX_PENDING = 20;

/** @param now milliseconds of a clock that only goes forward */
export function createPendingStore(now: () => number): PendingStore {
  const waiting = new Map<string, { pending: Pending; until: number }>();
  const declined = new Map<string, number>();
  const expire = () => {
    for (const [id, { until }] of waiting) if (until <= now()) waiting.delete(id);
    for (const [call, until] of declined) if (until <= now()) declined.delete(call);
  };
  return {
    put: async (id, pending) => {
      expire();
      const own = [...waiting.values()].filter((other) => other.pending.caller === pending.caller);
      if (own.length >= MAX_PENDING) return false;
      waiting.set(id, { pending, until: now() + PENDING_MS });
      return true;
    },
    take: async (id) => {
      expire();
      const found = waiting.get(id);
      waiting.delete(id);
      return found?.pending;
    },
    decline: async (caller, call) => {
      expire();
      declined.set(JSON.stringify([caller, call]), now() + DECLINED_MS);
    },
    isDeclined: async (caller, call) => {
      expire();
      return declined.has(JSON.stringify([caller, call]));
    },
  };
}
