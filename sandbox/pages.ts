import type { Entity } from 'workos-emulator/core/index.js';
import { type GapReply, type JsonObject, toText } from './gap.ts';

type Cursors = { readonly before: string | null; readonly after: string | null };
type ListPage = { readonly data: readonly JsonObject[]; readonly list_metadata: Cursors };

/** The page before or after a cursor, or undefined when no item has the cursor's ID. */
function toPage(items: readonly JsonObject[], cursors: Cursors, limit: number): ListPage | undefined {
  const place = (cursor: string | null, none: number) =>
    cursor === null ? none : items.findIndex((item) => item.id === cursor);
  const after = place(cursors.after, -1);
  const before = place(cursors.before, items.length);
  if ((cursors.after !== null && after < 0) || before < 0) return undefined;
  // `before` alone selects the nearest items before the cursor; `after`, or both, the first ones after it.
  const start = cursors.before !== null && cursors.after === null ? Math.max(0, before - limit) : after + 1;
  const end = Math.min(before, start + limit);
  const data = items.slice(start, end);
  const idAt = (item: JsonObject | undefined) => toText(item?.id) ?? null;
  return {
    data,
    list_metadata: {
      before: start > 0 ? idAt(data[0]) : null,
      after: end < items.length ? idAt(data.at(-1)) : null,
    },
  };
}

const swapped = (cursors: Cursors): Cursors => ({ before: cursors.after, after: cursors.before });

/** A page of items, newest first as they come, or a sentence that says why there is none. */
function select(items: readonly JsonObject[], query: URLSearchParams): ListPage | string {
  const limit = query.get('limit') ?? '10';
  if (!/^\d+$/.test(limit) || Number(limit) < 1 || Number(limit) > 100)
    return 'limit must be an integer between 1 and 100.';
  const order = query.get('order') ?? 'desc';
  if (!['normal', 'desc', 'asc'].includes(order)) return 'order must be one of normal, desc, asc.';
  const asked = { before: query.get('before'), after: query.get('after') };
  // The specification: "normal" is descending with reversed cursors (before fetches older records).
  const cursors = order === 'normal' ? swapped(asked) : asked;
  const page = toPage(order === 'asc' ? items.toReversed() : items, cursors, Number(limit));
  // What WorkOS does here is not documented. Refused, because starting again would make a paging loop endless.
  if (page === undefined) return 'No item of this list has the ID given as the cursor.';
  return order === 'normal' ? { ...page, list_metadata: swapped(page.list_metadata) } : page;
}

/**
 * @param items newest first
 * @param refuse makes the reply to a query that cannot be answered
 */
export function toListReply(
  items: readonly JsonObject[],
  query: URLSearchParams,
  refuse: (message: string) => GapReply = (message) => ({ status: 422, body: { message } }),
): GapReply {
  const page = select(items, query);
  return typeof page === 'string' ? refuse(page) : { status: 200, body: { object: 'list', ...page } };
}

/** In the order of the emulator's lists. */
export const newestFirst = <T extends Entity>(items: readonly T[]): readonly T[] =>
  items.toSorted((a, b) => b.created_at.localeCompare(a.created_at) || b.id.localeCompare(a.id));
