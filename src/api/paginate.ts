/** One page, in the order of the list. */
export type Page = {
  readonly items: readonly Record<string, unknown>[];
  /** The cursor of the page that comes next in the direction of the walk, `null` at the end of the list. */
  readonly next: string | null;
};

export type Walk = {
  /** Reads the page at a cursor, or the first one. */
  readonly fetchPage: (limit: number, cursor: string | undefined) => Promise<Page>;
  readonly maxItems: number;
  /** Takes items in the direction of the walk and returns how many there was room for. */
  readonly take: (items: readonly Record<string, unknown>[]) => number;
  readonly isOutOfTime: () => boolean;
  /** Called after each page with the number of items taken so far. */
  readonly onPage: (count: number) => void;
  /** Whether a failure after the first page ends the walk with what it has, rather than the whole call. */
  readonly isPartial: (error: unknown) => boolean;
  /** The walk goes towards the start of the list. */
  readonly backwards: boolean;
};

export type WalkEnd = {
  readonly reason: 'end' | 'max_items' | 'time' | 'size' | 'loop' | 'lost' | 'error';
  /** Where to go on, `null` at the end of the list. */
  readonly next: string | null;
  readonly count: number;
  readonly duplicates: number;
  readonly error?: unknown;
};

/** WorkOS's largest page. */
const PAGE = 100;

/**
 * Follows the cursors of a list until it ends or something stops it. An item that came before is dropped and counted;
 * a page that brings nothing new, or a cursor that came before, would never end and ends the walk as a loop.
 */
export async function walk(options: Walk, start: string | undefined): Promise<WalkEnd> {
  const { fetchPage, maxItems, take, isOutOfTime, onPage, isPartial, backwards } = options;
  const isNew = createMemory();
  const cursors = new Set<string | undefined>([start]);
  let cursor = start;
  let count = 0;
  let duplicates = 0;
  /** Where the next page begins after the items taken so far. */
  let last: string | null = start ?? null;
  const end = (reason: WalkEnd['reason'], next: string | null, error?: unknown): WalkEnd => {
    return { reason, next, count, duplicates, ...(error !== undefined && { error }) };
  };

  for (;;) {
    let page: Page;
    try {
      page = await fetchPage(Math.min(PAGE, maxItems - count), cursor);
    } catch (error) {
      if (count === 0 || !isPartial(error)) throw error;
      return end('error', last, error);
    }
    const fresh = (backwards ? page.items.toReversed() : page.items).filter(({ id }) => id === undefined || isNew(id));
    duplicates += page.items.length - fresh.length;
    const wanted = fresh.slice(0, maxItems - count);
    const taken = take(wanted);
    count += taken;
    const edge = wanted[taken - 1]?.id;
    if (typeof edge === 'string') last = edge;
    const cut = taken < wanted.length ? 'size' : wanted.length < fresh.length ? 'max_items' : undefined;
    // Within a page only an item's ID can be the cursor to go on with.
    if (cut !== undefined) return end(taken > 0 && typeof edge !== 'string' ? 'lost' : cut, last);
    onPage(count);
    if (page.next === null) return end('end', null);
    if (taken === 0 || cursors.has(page.next)) return end('loop', page.next);
    if (count === maxItems) return end('max_items', page.next);
    if (isOutOfTime()) return end('time', page.next);
    cursors.add(page.next);
    cursor = page.next;
    last = page.next;
  }
}

/**
 * Tells of each ID whether it came before. While IDs rise or fall strictly, as those of a list by creation do, none can
 * have; a set, which costs several times as much, is made only where that ends.
 */
function createMemory(): (id: unknown) => boolean {
  const sorted: string[] = [];
  let last: string | undefined;
  let rises: boolean | undefined;
  let all: Set<unknown> | undefined;
  return (id) => {
    if (all === undefined && typeof id === 'string' && id !== last) {
      const goesUp = last === undefined ? undefined : id > last;
      if (rises === undefined || rises === goesUp) {
        rises = goesUp;
        last = id;
        sorted.push(id);
        return true;
      }
    }
    all ??= new Set(sorted);
    const known = all.size;
    return all.add(id).size > known;
  };
}
