import { setImmediate } from 'node:timers/promises';

/** One page, in the order of the list. */
export type Page = {
  readonly items: readonly Record<string, unknown>[];
  /** The cursor of the page that comes next in the direction of the walk, `null` at the end of the list. */
  readonly next: string | null;
  /** Bytes of JSON that its items come to at most, as far as that is known before they are taken. */
  readonly bytes: number;
};

export type Walk = {
  /** Reads the page at a cursor, or the first one. */
  readonly fetchPage: (limit: number, cursor: string | undefined) => Promise<Page>;
  readonly maxItems: number;
  /** Takes items in the direction of the walk and returns how many there was room for. */
  readonly take: (items: readonly Record<string, unknown>[]) => number;
  /** Whether there is room for a page of so many bytes, whatever is in it. */
  readonly fits: (bytes: number) => boolean;
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
 * a page that brings nothing new, or a cursor that came before, would never end and ends the walk as a loop. While a page
 * is taken that has room for sure, the next one is on its way.
 */
export async function walk(options: Walk, start: string | undefined): Promise<WalkEnd> {
  const { fetchPage, maxItems, take, fits, isOutOfTime, onPage, isPartial, backwards } = options;
  const isNew = createMemory();
  const cursors = new Set<string | undefined>([start]);
  let count = 0;
  let duplicates = 0;
  /** Where the next page begins after the items taken so far. */
  let last: string | null = start ?? null;
  const end = (reason: WalkEnd['reason'], next: string | null, error?: unknown): WalkEnd => {
    return { reason, next, count, duplicates, ...(error !== undefined && { error }) };
  };
  /** Where to go on once all that is wanted of a page was taken, or why not to. */
  const toOnward = ({ next }: Page, wanted: number): { cursor: string } | { reason: WalkEnd['reason'] } => {
    if (next === null) return { reason: 'end' };
    if (wanted === 0 || cursors.has(next)) return { reason: 'loop' };
    if (count + wanted === maxItems) return { reason: 'max_items' };
    return isOutOfTime() ? { reason: 'time' } : { cursor: next };
  };
  const ask = (cursor: string | undefined, held: number) => fetchPage(Math.min(PAGE, maxItems - held), cursor);

  for (let asked = ask(start, 0); ; ) {
    let page: Page;
    try {
      page = await asked;
    } catch (error) {
      if (count === 0 || !isPartial(error)) throw error;
      return end('error', last, error);
    }
    const fresh = (backwards ? page.items.toReversed() : page.items).filter(({ id }) => id === undefined || isNew(id));
    duplicates += page.items.length - fresh.length;
    const wanted = fresh.slice(0, maxItems - count);
    const onward = toOnward(page, wanted.length);
    const ahead = 'cursor' in onward && fits(page.bytes) ? ask(onward.cursor, count + wanted.length) : undefined;
    if (ahead !== undefined) await toLeave(ahead);
    const taken = take(wanted);
    count += taken;
    const edge = wanted[taken - 1]?.id;
    if (typeof edge === 'string') last = edge;
    const cut = taken < wanted.length ? 'size' : wanted.length < fresh.length ? 'max_items' : undefined;
    if (cut !== undefined) {
      await ahead?.catch(() => {}); // a number such as 1e20 is longer when written anew: nothing stays under way
      // Within a page only an item's ID can be the cursor to go on with.
      return end(taken > 0 && typeof edge !== 'string' ? 'lost' : cut, last);
    }
    onPage(count);
    if ('reason' in onward) return end(onward.reason, page.next);
    asked = ahead ?? ask(onward.cursor, count);
    cursors.add(onward.cursor);
    last = onward.cursor;
  }
}

/** Waits until a request that was just made is on its way: undici looks at an idle connection for one turn of the loop. */
async function toLeave(asked: Promise<unknown>): Promise<void> {
  asked.catch(() => {}); // whoever waits for the answer is told
  await setImmediate();
  await setImmediate();
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
