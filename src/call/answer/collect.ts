import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Arguments } from '../../catalog/declaration.ts';
import { RefusedError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import { ReplyError, TransportError } from '../../workos/errors.ts';
import type { Reply } from '../../workos/layer.ts';
import { type Page, type WalkEnd, walk } from '../../workos/paginate.ts';
import type { Answer } from './accept-reply.ts';
import { type AnswerOptions, itemsOf } from './answer.ts';
import { cursorsOf, isCursor } from './cursor.ts';
import { explain } from './failure.ts';
import { removedNote, toResult } from './result.ts';
import { byteLength, createRoom, tooLarge } from './size.ts';
import { createTally } from './tally.ts';

/** Items that one call looks at for those that it was asked for. */
const MAX_SCANNED = 5_000;

const NO_REPLY: Reply = { status: 200, headers: {}, body: '' };

export type WalkHooks = {
  /** The most items where the call does not say. */
  readonly maxItems: number;
  readonly isOutOfTime: () => boolean;
  readonly isCancelled: () => boolean;
  /** @param total unknown while it is not known how many match */
  readonly onProgress: (progress: number, total: number | undefined) => void;
};

/**
 * Collects up to `max_items` items from the pages of a list into one result, or counts them. With `where`, only items
 * count for which it holds as the agent would be shown them: secrets are withheld, and texts cleaned, before.
 * @throws ReplyError if the cursors run in a loop, or if the first item is over the limit
 */
export async function collectPages(
  fetch: (args: Arguments) => Promise<Answer>,
  options: AnswerOptions,
  hooks: WalkHooks,
): Promise<CallToolResult> {
  const { tool, args, selection, filter, maxBytes } = options;
  const { max_items = hooks.maxItems, count_only, before, after, ...filters } = args;
  const tally = count_only === true ? createTally(filter?.members ?? []) : undefined;
  const isAll = filter === undefined && tally === undefined;
  const backwards = before !== undefined;
  const direction = backwards ? 'before' : 'after';
  const start = backwards ? before : after;
  const items: JsonObject[] = [];
  /** The items as JSON. It is built here anyway, to know its size. */
  let json = '';
  const add = (array: string) => {
    json += `${json === '' ? '' : ','}${array.slice(1, -1)}`;
  };
  const room = createRoom(maxBytes);
  let removed = 0;
  const places = new Set<string>();
  /** Bytes of the item that did not fit. */
  let tooLong = 0;
  let opposite: unknown = null;
  let reply = NO_REPLY;

  const fetchPage = async (limit: number, cursor: string | undefined): Promise<Page> => {
    const page = tool.paginated ? { limit, ...(cursor !== undefined && { [direction]: cursor }) } : {};
    const success = await fetch({ ...filters, ...page });
    const metadata = cursorsOf(success.value) ?? {};
    if (reply === NO_REPLY) opposite = [metadata[backwards ? 'after' : 'before']].find(isCursor) ?? null;
    reply = success.reply;
    const items = itemsOf(success);
    removed += success.removed;
    for (const place of success.places ?? []) places.add(place);
    const next = tool.paginated ? metadata[direction] : null;
    if (next !== undefined && next !== null && !isCursor(next))
      throw new ReplyError(reply, 'but its cursor is not valid');
    const bytes = success.marked ? Number.POSITIVE_INFINITY : byteLength(reply.body);
    return { items, next, bytes };
  };
  const end = await walk(
    {
      fetchPage,
      backwards,
      maxItems: tally === undefined && tool.paginated ? Number(max_items) : Number.POSITIVE_INFINITY,
      ...(!isAll && {
        keep: filter?.matches ?? (() => true),
        maxScanned: MAX_SCANNED,
      }),
      fits: tally === undefined ? room.fits : () => true,
      take: (page) => {
        if (tally !== undefined) {
          for (const item of page) tally.add(item);
          return page.length;
        }
        const shaped = page.map(selection.item);
        // Serialize a page at once, and item by item only if the page does not fit.
        const text = JSON.stringify(shaped);
        if (shaped.length > 0 && room.take(text)) {
          items.push(...shaped);
          add(text);
          return shaped.length;
        }
        const count = shaped.findIndex((item) => {
          const text = JSON.stringify(item);
          tooLong = byteLength(text);
          return !room.take(text);
        });
        const kept = shaped.slice(0, Math.max(0, count));
        if (kept.length > 0) add(JSON.stringify(kept));
        items.push(...kept);
        return kept.length;
      },
      isOutOfTime: hooks.isOutOfTime,
      onPage: (count, scanned) =>
        isAll ? hooks.onProgress(count, Number(max_items)) : hooks.onProgress(scanned, undefined),
      isPartial: (error) => !hooks.isCancelled() && isUpstream(error),
    },
    typeof start === 'string' ? start : undefined,
  );
  if (end.reason === 'loop') {
    const fault = `but its cursor "${end.next}" leads to nothing new after ${end.count} items, so the list would never end`;
    throw new ReplyError(reply, fault, 'Read the list page by page with limit instead.');
  }
  if (end.reason === 'lost') throw new ReplyError(reply, 'but its items have no ID to continue from');
  if (end.reason === 'size' && (end.count === 0 || !tool.paginated)) {
    const { fault, advice } = tooLarge(tool, tooLong, maxBytes);
    throw new ReplyError(reply, fault, advice);
  }
  const notes = [
    filter && `${end.count} of ${end.scanned} scanned match.`,
    whyStopped(end, options, direction),
    end.duplicates === 0 ? undefined : `Duplicate items dropped: ${end.duplicates}.`,
    removedNote(removed, [...places]),
  ].filter((note) => note !== undefined);
  // A null would say that there is no more.
  const next = end.reason === 'unsaid' ? {} : { [direction]: end.next };
  if (tally !== undefined) return countResult(end, { ...next }, tally.counts(), notes, maxBytes);
  const rest = {
    list_metadata: backwards ? { ...next, after: opposite } : { before: opposite, ...next },
    notes,
  };
  const result = { object: 'list', data: backwards ? items.reverse() : items, ...rest };
  if (backwards) return toResult(result);
  return toResult(result, `{"object":"list","data":[${json}],${JSON.stringify(rest).slice(1)}`);
}

/** The number alone, with how often each value occurs, as far as there is room. */
function countResult(
  { count, scanned }: WalkEnd,
  cursors: JsonObject,
  by: JsonObject,
  notes: readonly string[],
  maxBytes: number,
): CallToolResult {
  const result = { object: 'count', count, scanned, list_metadata: cursors };
  const full = Object.keys(by).length === 0 ? { ...result, notes } : { ...result, by, notes };
  const text = JSON.stringify(full);
  if (byteLength(text) <= maxBytes) return toResult(full, text);
  return toResult({ ...result, notes: [...notes, 'The counts by value are left out: they are too large.'] });
}

const isUpstream = (error: unknown): boolean =>
  error instanceof TransportError || error instanceof ReplyError || error instanceof RefusedError;

/** Characters of WorkOS's words in a note, which has less room than an error. */
const MAX_NOTED_CHARS = 300;

function whyStopped({ count, ...end }: WalkEnd, options: AnswerOptions, direction: string): string {
  const onward = end.next === null ? '' : ` Continue with ${direction}="${end.next}".`;
  const items = `${options.filter === undefined ? count : end.scanned} items`;
  switch (end.reason) {
    case 'max_items':
      return `Stopped at max_items (${count} items).${onward}`;
    case 'time':
      return `Stopped after ${items}, before the call ran out of time.${onward}`;
    case 'size':
      return `Stopped after ${items}, to stay under ${options.maxBytes} bytes.${onward}`;
    case 'error':
      return `Stopped after ${items} because of an error: ${explain(end.error, options, MAX_NOTED_CHARS)}${onward}`;
    case 'max_scanned':
      return `Stopped after ${end.scanned} items were looked at, the most for one call.${onward}`;
    case 'unsaid':
      return `Stopped after ${items}: WorkOS did not say whether there is more.`;
    default:
      return `Reached the end of the list (${items}).`;
  }
}
