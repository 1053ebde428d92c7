/** What is remembered of one-time links and of sessions that were ended, by all replicas. */
export type OnceStore = {
  /** Resolves to true for the first call with an ID, and to false for all others until `until` (milliseconds since 1970). */
  readonly use: (id: string, until: number) => Promise<boolean>;
  readonly isUsed: (id: string) => Promise<boolean>;
};

/** IDs that are remembered at a time. Where there are more, none is used: a link must not count twice. */
const MAX_IDS = 10_000;

/** Remembers in memory what was used. @param today milliseconds since 1970 */
export function createOnceStore(today: () => number): OnceStore {
  const used = new Map<string, number>();
  const expire = () => {
    for (const [id, until] of used) if (until <= today()) used.delete(id);
  };
  return {
    use: async (id, until) => {
      expire();
      if (used.has(id) || used.size >= MAX_IDS) return false;
      used.set(id, until);
      return true;
    },
    isUsed: async (id) => {
      expire();
      return used.has(id);
    },
  };
}
