export type Budgets = {
  /**
   * Takes one unit of a budget that allows `limit` units in any `windowMs` milliseconds, by time of arrival here. A
   * refused request does not count. A key must always come with the same limit and window.
   */
  readonly take: (
    key: string,
    limit: number,
    windowMs: number,
  ) => Promise<{ readonly ok: true } | { readonly ok: false; readonly retryAfterMs: number }>;
  /** Units of a budget that are used now; `undefined` where that cannot be told. Takes none. */
  readonly peek: (key: string, windowMs: number) => Promise<number | undefined>;
};

/** The budgets that each agent has, by its name. */
export const REQUESTS = { keyOf: (agent: string) => `requests ${agent}`, windowMs: 60_000 } as const;
export const DELETES = { keyOf: (agent: string) => `deletes ${agent}`, windowMs: 3_600_000 } as const;

/** Units that this server took from one budget. */
type Ledger = {
  /** Times in milliseconds of the clock, ascending. */
  readonly at: number[];
  /** Units that Redis may not know about. */
  owed: { readonly id: string; readonly at: number }[];
  readonly windowMs: number;
};

/** Expired keys are dropped when the ledger exceeds this size, or twice the size left by the last sweep. */
const MIN_SWEEP = 256;

/**
 * Budgets in use at a time. One that has granted units is never dropped, since it would begin anew: where there are
 * more, further agents are refused.
 */
const MAX_BUDGETS = 10_000;

/** What was taken from each budget. */
export type TakenUnits = {
  /** `undefined` if nothing was taken. */
  readonly find: (key: string) => Ledger | undefined;
  /** As `find`, but begins a budget of which nothing was taken; `undefined` if too many are in use. */
  readonly begin: (key: string, windowMs: number) => Ledger | undefined;
};

export function createLedger(now: () => number): TakenUnits {
  const ledger = new Map<string, Ledger>();
  let sweepAt = MIN_SWEEP;
  const expire = ({ at, owed, windowMs }: Ledger) => {
    const start = now() - windowMs;
    while ((at[0] ?? Number.POSITIVE_INFINITY) <= start) at.shift();
    while ((owed[0]?.at ?? Number.POSITIVE_INFINITY) <= start) owed.shift();
  };
  const sweep = () => {
    for (const [key, entry] of ledger) {
      expire(entry);
      if (entry.at.length === 0) ledger.delete(key);
    }
    sweepAt = Math.min(MAX_BUDGETS, Math.max(MIN_SWEEP, 2 * ledger.size));
  };
  const find = (key: string): Ledger | undefined => {
    const known = ledger.get(key);
    if (known !== undefined) expire(known);
    return known;
  };
  return {
    find,
    begin: (key, windowMs) => {
      const known = find(key);
      if (known !== undefined) return known;
      if (ledger.size >= sweepAt) sweep();
      if (ledger.size >= MAX_BUDGETS) return undefined;
      const taken = { at: [], owed: [], windowMs };
      ledger.set(key, taken);
      return taken;
    },
  };
}

/** The refusal where too many budgets are in use. */
export const noBudget = (windowMs: number) => ({ ok: false, retryAfterMs: windowMs }) as const;

export function takeHere({ at, windowMs }: Ledger, limit: number, now: number) {
  const blocker = at[at.length - limit];
  if (blocker !== undefined)
    return { ok: false, retryAfterMs: Math.max(1, Math.ceil(blocker + windowMs - now)) } as const;
  at.push(now);
  return { ok: true } as const;
}

/** Budgets of this server alone. @param now milliseconds of a monotonic clock */
export function createBudgets(now: () => number): Budgets {
  const ledger = createLedger(now);
  return {
    take: async (key, limit, windowMs) => {
      const taken = ledger.begin(key, windowMs);
      return taken === undefined ? noBudget(windowMs) : takeHere(taken, limit, now());
    },
    peek: async (key) => ledger.find(key)?.at.length ?? 0,
  };
}
