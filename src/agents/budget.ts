/** Who spends, and how much of each kind they may. */
export type Spender = {
  readonly name: string;
  readonly requestsPerMinute: number;
  readonly deletesPerHour: number;
};

export type Kind = 'request' | 'delete';

export type Taken = { readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number };

/** What is left to each agent. Several servers may share it, so asking takes time and may reject. */
export type Budgets = {
  /** Takes one of a kind, where there is one. What is refused costs nothing. */
  readonly take: (agent: Spender, kind: Kind) => Promise<Taken>;
};

const MINUTE = 60_000;
const HOUR = 3_600_000;

/** The milliseconds in which so many of a kind may be taken: in any such stretch, not from one full minute to the next. */
export function windowOf(agent: Spender, kind: Kind): { readonly most: number; readonly ms: number } {
  return kind === 'request' ? { most: agent.requestsPerMinute, ms: MINUTE } : { most: agent.deletesPerHour, ms: HOUR };
}

/**
 * Budgets that this process keeps for itself.
 * @param now milliseconds of a clock that only goes forward
 */
export function createBudgets(now: () => number): Budgets {
  /** When each was taken that still counts, the oldest first. */
  const windows: Readonly<Record<Kind, Map<string, number[]>>> = { request: new Map(), delete: new Map() };
  let sweptAt = now();

  /** Agents of templates come and go: those who have spent nothing lately need no memory. */
  const sweep = (time: number) => {
    if (time < sweptAt + MINUTE) return;
    sweptAt = time;
    for (const [kind, ms] of [['request', MINUTE] as const, ['delete', HOUR] as const]) {
      for (const [name, times] of windows[kind]) if ((times.at(-1) ?? 0) <= time - ms) windows[kind].delete(name);
    }
  };

  return {
    take: async (agent, kind) => {
      const time = now();
      sweep(time);
      const { most, ms } = windowOf(agent, kind);
      const times = (windows[kind].get(agent.name) ?? []).filter((taken) => taken > time - ms);
      windows[kind].set(agent.name, times);
      if (times.length < most) {
        times.push(time);
        return { ok: true };
      }
      // A reload may have lowered the most: the one that has to leave the window first is not always the oldest.
      const leaving = times[times.length - most] ?? time;
      return { ok: false, retryAfterSeconds: Math.max(1, Math.ceil((leaving + ms - time) / 1_000)) };
    },
  };
}
