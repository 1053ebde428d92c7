/** A confirmation that has been asked for and is not answered yet. The client holds only its ID. */
export type Pending = {
  readonly caller: string;
  readonly tool: string;
  /** Digests of the arguments and of the preview. */
  readonly args: string;
  readonly shown: string;
  /** Digests of the texts that confirm: the end of the object's ID, and the whole ID. None where nothing is typed. */
  readonly expected: readonly string[];
  /** Who confirms: a person whom the client asks or shows a view, or the model, which repeats the ID. */
  readonly by: 'prompt' | 'view' | 'token';
};

/** What became of a call that a person confirms in a view, for a model that asks again. */
export type ViewedCall = Pick<Pending, 'caller' | 'tool' | 'args'> & {
  /** The result of the confirmed call as JSON. Absent while it waits. */
  readonly result?: string;
};

/**
 * The store of pending confirmations, shared by all processes that serve the same callers. An entry can be taken once,
 * by one of them. Every method rejects if the store cannot be reached; the call is refused then. But a no that this process
 * was told holds here all the same.
 */
export type PendingStore = {
  /** Keeps it for the time that `pendingMs` gives it. Resolves to false if its caller has MAX_PENDING already, or if the store is full. */
  readonly put: (id: string, pending: Pending) => Promise<boolean>;
  /** Removes and returns it. Resolves to `undefined` if the ID is unknown or has expired. */
  readonly take: (id: string) => Promise<Pending | undefined>;
  /** Remembers for DECLINED_MS that a person declined the call with this digest. */
  readonly decline: (caller: string, call: string) => Promise<void>;
  readonly isDeclined: (caller: string, call: string) => Promise<boolean>;
  /** Keeps for VIEW_MS what became of a call, in the place of what was kept under its ID before. */
  readonly keep: (id: string, call: ViewedCall) => Promise<void>;
  readonly find: (id: string) => Promise<ViewedCall | undefined>;
};

/** Milliseconds that a person has to answer. */
export const PENDING_MS = 5 * 60_000;
/** Milliseconds that a person has in a view, which does not hold up a call. */
export const VIEW_MS = 10 * 60_000;
export const pendingMs = ({ by }: Pick<Pending, 'by'>): number => (by === 'view' ? VIEW_MS : PENDING_MS);
/** Milliseconds for which a declined call is refused. */
export const DECLINED_MS = 10 * 60_000;
/** Pending confirmations of one caller. */
export const MAX_PENDING = 20;
/**
 * Entries of a process, of either kind: some 3 MiB. None is dropped before its time, since a dropped decline would let a
 * call be asked about again. Where one no longer fits, no further call is asked about.
 */
const MAX_ENTRIES = 5_000;
/** Declined calls of one caller, after which it is not asked about others. */
const MAX_DECLINED = 100;

/** Characters that a process keeps of results of confirmed calls. The oldest is dropped for a new one. */
const MAX_KEPT_CHARS = 4_000_000;

/**
 * @param now milliseconds of a monotonic clock
 * @param before what was declined before the process began, with the milliseconds for which it still holds. The name of
 * a tool alone stands for all its calls
 */
export function createPendingStore(
  now: () => number,
  before: readonly { readonly caller: string; readonly call: string; readonly ms: number }[] = [],
): PendingStore {
  const waiting = new Map<string, { pending: Pending; until: number }>();
  const declined = new Map(
    before.map(({ caller, call, ms }) => [JSON.stringify([caller, call]), { caller, until: now() + ms }]),
  );
  const viewed = new Map<string, { call: ViewedCall; until: number }>();
  let keptChars = 0;
  const sizeOf = (call: ViewedCall | undefined) => call?.result?.length ?? 0;
  const drop = (id: string) => {
    keptChars -= sizeOf(viewed.get(id)?.call);
    viewed.delete(id);
  };
  const expire = () => {
    for (const [id, { until }] of viewed) if (until <= now()) drop(id);
    for (const kept of [waiting, declined]) for (const [id, { until }] of kept) if (until <= now()) kept.delete(id);
  };
  const isFull = (caller: string): boolean => {
    if (waiting.size >= MAX_ENTRIES || declined.size >= MAX_ENTRIES) return true;
    const asked = [...waiting.values()].filter(({ pending }) => pending.caller === caller);
    if (asked.length >= MAX_PENDING) return true;
    return [...declined.values()].filter((other) => other.caller === caller).length >= MAX_DECLINED;
  };
  return {
    put: async (id, pending) => {
      expire();
      if (isFull(pending.caller)) return false;
      waiting.set(id, { pending, until: now() + pendingMs(pending) });
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
      // At most one for each entry of `waiting` that was taken, so this needs no cap of its own.
      declined.set(JSON.stringify([caller, call]), { caller, until: now() + DECLINED_MS });
    },
    isDeclined: async (caller, call) => {
      expire();
      const [tool] = call.split(' ', 1);
      return [call, tool].some((one) => declined.has(JSON.stringify([caller, one])));
    },
    keep: async (id, call) => {
      expire();
      drop(id);
      viewed.set(id, { call, until: now() + VIEW_MS });
      keptChars += sizeOf(call);
      for (const old of viewed.keys()) {
        if (viewed.size <= MAX_ENTRIES && keptChars <= MAX_KEPT_CHARS) break;
        drop(old);
      }
    },
    find: async (id) => {
      expire();
      return viewed.get(id)?.call;
    },
  };
}
