/**
 * Names that a memo keeps, and characters of the longest one: 2 MiB in all. Answers and headers contain arbitrary names,
 * which must not fill the memory.
 */
const MAX_MEMOIZED = 10_000;
const MAX_MEMOIZED_CHARS = 100;

/** Memoizes a function of a name: the names of tools, arguments and members recur all the time. */
export function memoizeByName<T>(find: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const kept = known.get(name);
    if (kept !== undefined) return kept;
    const found = find(name);
    if (known.size < MAX_MEMOIZED && name.length <= MAX_MEMOIZED_CHARS) known.set(name, found);
    return found;
  };
}
