/** Names that are kept: answers bring names of their own, which must not fill memory. */
const MAX_KNOWN = 10_000;

/** Finds what follows from a name once: names of tools, arguments and members come again without end. */
export function byName<T>(find: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const kept = known.get(name);
    if (kept !== undefined) return kept;
    const found = find(name);
    if (known.size < MAX_KNOWN) known.set(name, found);
    return found;
  };
}
