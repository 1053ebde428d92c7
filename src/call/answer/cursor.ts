import { isObject, type JsonObject } from '../../json.ts';

/** A longer cursor is not a WorkOS ID, and takes too much room in a result. */
const MAX_CURSOR_CHARS = 256;

export const isCursor = (cursor: unknown): cursor is string =>
  typeof cursor === 'string' && cursor !== '' && cursor.length <= MAX_CURSOR_CHARS;

/** The cursors of a page. Older answers spell the member in another way; `undefined` where there is none. */
export const cursorsOf = ({ list_metadata, listMetadata }: JsonObject): JsonObject | undefined =>
  [list_metadata, listMetadata].find(isObject);

/** What a page says of the next one: its cursor, `null` for none, `undefined` where it does not say. */
export const nextOf = (page: JsonObject, direction: 'before' | 'after'): unknown => cursorsOf(page)?.[direction];

/** Items of a page where the call does not say how many. */
const DEFAULT_LIMIT = 10;

/** Whether a page may have another one behind it although it does not say so: it is as long as was asked for. */
export const isUnsaid = (
  page: JsonObject,
  items: number,
  { limit = DEFAULT_LIMIT, before, after }: JsonObject,
): boolean =>
  nextOf(page, before !== undefined && after === undefined ? 'before' : 'after') === undefined &&
  items >= Number(limit);
