import { setImmediate } from 'node:timers/promises';

/** One page, in the order of the list. */
export type Page = {
  readonly items: readonly Record<string, unknown>[];
  /**
   * The cursor of the next page in the direction of the walk, `null` at the end of the list, `undefined` where WorkOS did
   * not say.
   */
  readonly next: string | null | undefined;
  /** Upper bound of the JSON bytes of the items, as far as it is known before they are taken. */
  readonly bytes: number;
};

export type Walk = {
  /** Reads the page at a cursor, or the first one. */
  readonly fetchPage: (limit: number, cursor: string | undefined) => Promise<Page>;
  readonly maxItems: number;
  /** Which items are wanted at all; without it, all are. */
  readonly keep?: ((item: Record<string, unknown>) => boolean) | undefined;
  /** Stops the walk behind the page with so many items looked at. */
  readonly maxScanned?: number;
  /** Takes items in the direction of the walk and returns how many it had room for. */
  readonly take: (items: readonly Record<string, unknown>[]) => number;
  /** Whether any page of at most `bytes` bytes fits entirely. */
  readonly fits: (bytes: number) => boolean;
  readonly isOutOfTime: () => boolean;
  /** Called after each page with the total numbers of items taken and looked at. */
  readonly onPage: (count: number, scanned: number) => void;
  /** Whether a failure after the first page ends the walk with the items so far instead of failing the call. */
  readonly isPartial: (error: unknown) => boolean;
  /** Whether the walk goes towards the start of the list. */
  readonly backwards: boolean;
};

export type WalkEnd = {
  /** `unsaid`: WorkOS did not say whether the list goes on, and its last item has no ID to use as a cursor. */
  readonly reason: 'end' | 'unsaid' | 'max_items' | 'max_scanned' | 'time' | 'size' | 'loop' | 'lost' | 'error';
  /** The cursor to continue from, `null` at the end of the list and where there is none. */
  readonly next: string | null;
  readonly count: number;
  /** Items that were looked at. */
  readonly scanned: number;
  readonly duplicates: number;
  readonly error?: unknown;
};

/** Characters of the longest ID by which duplicates are found. */
const MAX_ID_CHARS = 100;

/** Items of WorkOS's largest page. */
const MAX_PAGE_ITEMS = 100;

/**
 * Follows the cursors of a list until it ends or a limit stops the walk. Duplicate items are dropped and counted. A
 * page without new items, or a cursor that was seen before, ends the walk as a loop. Where WorkOS names no cursor, the
 * walk goes on behind the last item of a full page; a shorter page is the last one. If the current page certainly fits, the next one is prefetched while the current one is processed.
 */
export async function walk(options: Walk, start: string | undefined): Promise<WalkEnd> {
  const {
    fetchPage,
    maxItems,
    keep,
    maxScanned = Number.POSITIVE_INFINITY,
    take,
    fits,
    isOutOfTime,
    onPage,
    isPartial,
    backwards,
  } = options;
  const isNew = createMemory();
  const cursors = new Set<string | undefined>([start]);
  let count = 0;
  let scanned = 0;
  let duplicates = 0;
  /** The cursor of the page after the items taken so far. */
  let last: string | null = start ?? null;
  const end = (reason: WalkEnd['reason'], next: string | null, error?: unknown): WalkEnd => {
    return { reason, next, count, scanned, duplicates, ...(error !== undefined && { error }) };
  };
  /** What to do once all wanted items of a page are taken: go on at a cursor, or stop for a reason. */
  const nextStep = ({ next, items }: Page, limit: number, fresh: number, wanted: number): NextStep => {
    const edge = items.at(backwards ? 0 : -1)?.id;
    const cursor = next === undefined ? cursorBehind(edge, items.length >= limit) : next;
    if (cursor === null) return { reason: 'end', next: null };
    if (cursor === undefined) return { reason: 'unsaid', next: null };
    if (fresh === 0 || cursors.has(cursor))
      return next === undefined ? { reason: 'unsaid', next: null } : { reason: 'loop', next: cursor };
    if (count + wanted === maxItems) return { reason: 'max_items', next: cursor };
    if (scanned >= maxScanned) return { reason: 'max_scanned', next: cursor };
    return isOutOfTime() ? { reason: 'time', next: cursor } : { cursor };
  };
  const request = (cursor: string | undefined, held: number): Requested => {
    const limit = keep === undefined ? Math.min(MAX_PAGE_ITEMS, maxItems - held) : MAX_PAGE_ITEMS;
    return { limit, page: fetchPage(limit, cursor) };
  };

  for (let requested = request(start, 0); ; ) {
    let page: Page;
    try {
      page = await requested.page;
    } catch (error) {
      if (scanned === 0 || !isPartial(error)) throw error;
      return end('error', last, error);
    }
    const fresh = (backwards ? page.items.toReversed() : page.items).filter(({ id }) => id === undefined || isNew(id));
    duplicates += page.items.length - fresh.length;
    const matching = keep === undefined ? fresh : fresh.filter(keep);
    const wanted = matching.slice(0, maxItems - count);
    scanned += fresh.length;
    const step = nextStep(page, requested.limit, fresh.length, wanted.length);
    const prefetched = 'cursor' in step && fits(page.bytes) ? request(step.cursor, count + wanted.length) : undefined;
    if (prefetched !== undefined) await untilSent(prefetched.page);
    const taken = take(wanted);
    count += taken;
    const edgeItem = wanted[taken - 1];
    const edge = edgeItem?.id;
    if (typeof edge === 'string') last = edge;
    const cut = taken < wanted.length ? 'size' : wanted.length < matching.length ? 'max_items' : undefined;
    if (cut !== undefined) {
      // Items behind it are for the next call.
      scanned -= fresh.length - (edgeItem === undefined ? 0 : fresh.indexOf(edgeItem) + 1);
      // A page can exceed its estimate, as a number such as 1e20 grows when serialized again. No request may stay in
      // flight.
      await prefetched?.page.catch(() => {});
      // Within a page only an item's ID can be the next cursor.
      return end(taken > 0 && typeof edge !== 'string' ? 'lost' : cut, last);
    }
    onPage(count, scanned);
    if ('reason' in step) return end(step.reason, step.next);
    requested = prefetched ?? request(step.cursor, count);
    cursors.add(step.cursor);
    last = step.cursor;
  }
}

type NextStep = { readonly cursor: string } | Pick<WalkEnd, 'reason' | 'next'>;

type Requested = { readonly limit: number; readonly page: Promise<Page> };

/** The cursor behind a page for which WorkOS named none: `null` where the list ends with it, `undefined` for none. */
function cursorBehind(edge: unknown, isFull: boolean): string | null | undefined {
  if (!isFull) return null;
  return typeof edge === 'string' && edge !== '' ? edge : undefined;
}

/** Waits until a new request is on the wire: undici takes a turn of the event loop to check an idle connection. */
async function untilSent(requested: Promise<unknown>): Promise<void> {
  requested.catch(() => {}); // the walk handles the error when it awaits the page
  await setImmediate();
  await setImmediate();
}

/**
 * Creates a function that returns whether an ID is new. While IDs strictly rise or fall, as in a list by creation date,
 * there can be no duplicate. A set, which costs several times as much, is created only when the order breaks.
 */
function createMemory(): (id: unknown) => boolean {
  const sorted: string[] = [];
  let last: string | undefined;
  let rises: boolean | undefined;
  let all: Set<unknown> | undefined;
  return (id) => {
    // No ID of WorkOS is that long, and those of one call stay in memory until it ends.
    if (typeof id === 'string' && id.length > MAX_ID_CHARS) return true;
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
