export type Budgets = {
  /**
   * Takes one of so many in any `windowMs` milliseconds, as the arrivals here are counted. A refused one counts for
   * nothing. One key always has the same limit and window.
   */
  readonly take: (
    key: string,
    limit: number,
    windowMs: number,
  ) => Promise<{ readonly ok: true } | { readonly ok: false; readonly retryAfterMs: number }>;
};

/** What was taken here from one budget. */
type Taken = {
  /** In milliseconds of the clock, ascending. */
  readonly at: number[];
  /** Those of them that Redis may not know of. */
  owed: { readonly id: string; readonly at: number }[];
  readonly windowMs: number;
};

/** Keys whose window has passed are dropped when there are so many, or twice as many as were left the last time. */
const MIN_SWEEP = 256;

export function createLedger(now: () => number) {
  const ledger = new Map<string, Taken>();
  let sweepAt = MIN_SWEEP;
  const expire = ({ at, owed, windowMs }: Taken) => {
    const start = now() - windowMs;
    while ((at[0] ?? Number.POSITIVE_INFINITY) <= start) at.shift();
    while ((owed[0]?.at ?? Number.POSITIVE_INFINITY) <= start) owed.shift();
  };
  return (key: string, windowMs: number): Taken => {
    const taken = ledger.get(key) ?? { at: [], owed: [], windowMs };
    ledger.set(key, taken);
    expire(taken);
    if (ledger.size > sweepAt) {
      for (const [other, entry] of ledger) {
        expire(entry);
        if (entry.at.length === 0 && entry !== taken) ledger.delete(other);
      }
      sweepAt = Math.max(MIN_SWEEP, 2 * ledger.size);
    }
    return taken;
  };
}

export function takeHere({ at, windowMs }: Taken, limit: number, now: number) {
  const blocker = at[at.length - limit];
  if (blocker !== undefined)
    return { ok: false, retryAfterMs: Math.max(1, Math.ceil(blocker + windowMs - now)) } as const;
  at.push(now);
  return { ok: true } as const;
}

/** Budgets of this server alone. @param now milliseconds of a clock that only goes forward */
export function createBudgets(now: () => number): Budgets {
  const takenOf = createLedger(now);
  return { take: async (key, limit, windowMs) => takeHere(takenOf(key, windowMs), limit, now()) };
}
