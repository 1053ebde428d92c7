import { isObject, type JsonObject } from '../../json.ts';

/** Of at most 256 characters: a longer one is not a WorkOS ID. Notes quote it, so it has neither blanks nor quotes. */
const CURSOR = /^[\x21\x23-\x7e]{1,256}$/;

export const isCursor = (cursor: unknown): cursor is string => typeof cursor === 'string' && CURSOR.test(cursor);

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
