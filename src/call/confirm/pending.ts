/** A confirmation that has been asked for and is not answered yet. The client holds only its ID. */
export type Pending = {
  readonly caller: string;
  readonly tool: string;
  /** Digests of the arguments and of the preview. */
  readonly args: string;
  readonly shown: string;
  /** Digests of the texts that confirm: the end of the object's ID, and the whole ID. */
  readonly expected: readonly string[];
  /** Who confirms: a person whom the client asks, or the model, which repeats the ID. */
  readonly by: 'prompt' | 'token';
};

/**
 * The store of pending confirmations, shared by all processes that serve the same callers. An entry can be taken once,
 * by one of them. Every method rejects if the store cannot be reached; the call is refused then.
 */
export type PendingStore = {
  /** Keeps it for PENDING_MS. Resolves to false if its caller has MAX_PENDING already. */
  readonly put: (id: string, pending: Pending) => Promise<boolean>;
  /** Removes and returns it. Resolves to `undefined` if the ID is unknown or has expired. */
  readonly take: (id: string) => Promise<Pending | undefined>;
  /** Remembers for DECLINED_MS that a person declined the call with this digest. */
  readonly decline: (caller: string, call: string) => Promise<void>;
  readonly isDeclined: (caller: string, call: string) => Promise<boolean>;
};

/** Milliseconds that a person has to answer. */
export const PENDING_MS = 5 * 60_000;
/** Milliseconds for which a declined call is refused. */
export const DECLINED_MS = 10 * 60_000;
/** Pending confirmations of one caller. */
export const MAX_PENDING = 20;

/** @param now milliseconds of a monotonic clock */
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
