import type { CallToolResult } from '@modelcontextprotocol/server';
import { isObject, type JsonObject } from '../../json.ts';
import { ReplyError } from '../../workos/errors.ts';
import type { Answer } from './accept-reply.ts';
import { cursorsOf, isCursor, isUnsaid } from './cursor.ts';
import type { FailedCall } from './failure.ts';
import type { FieldSelection } from './fields.ts';
import { type OwnMembers, withOwn } from './own-members.ts';
import { removedNote, toResult } from './result.ts';
import { byteLength, countWithRoom, tooLarge } from './size.ts';
import type { ItemFilter } from './where.ts';

export type AnswerOptions = FailedCall & {
  readonly selection: FieldSelection;
  /** What a list shows of its items, if not all. */
  readonly filter: ItemFilter | undefined;
  readonly maxBytes: number;
  /** Members that the server adds to the result. */
  readonly extra: Omit<OwnMembers, 'notes'>;
};

/** The items of a list. Throws ReplyError where they are not objects. */
export function itemsOf({ value, reply }: Answer): readonly JsonObject[] {
  const items: unknown = value.data;
  if (!Array.isArray(items) || !items.every(isObject))
    throw new ReplyError(reply, 'but the list holds something other than objects');
  return items;
}

/**
 * One answer of WorkOS as a tool result: concise list items, an object as it is, or only the requested fields. A page
 * that is too large is cut after an item, whose ID is the cursor to continue with.
 * @throws ReplyError for a result over the limit that cannot be cut
 */
export function answerResult(answer: Answer, options: AnswerOptions): CallToolResult {
  const { value, removed, places, reply } = answer;
  const { tool, args, selection, maxBytes, extra } = options;
  const whole = tool.isList ? itemsOf(answer) : [];
  const items = tool.isList ? whole.map(selection.item) : undefined;
  const backwards = args.before !== undefined && args.after === undefined;
  const direction = backwards ? 'before' : 'after';
  const edge = whole.at(backwards ? 0 : -1)?.id;
  const notes = [
    ...answer.notes,
    removedNote(removed, places),
    tool.paginated && isUnsaid(value, whole.length, args) ? unsaidNote(direction, edge) : undefined,
  ].filter((note) => note !== undefined);
  const cursors = cursorsOf(value);
  const result =
    items === undefined
      ? withOwn(selection.object(value), { ...extra, notes })
      : withOwn({ ...value, data: items, ...(cursors && { list_metadata: cursors }) }, { notes });
  const text = JSON.stringify(result);
  const bytes = byteLength(text);
  if (bytes <= maxBytes) return toResult(result, text);

  const { fault, advice } = tooLarge(tool, bytes, maxBytes);
  if (!tool.paginated || items === undefined) throw new ReplyError(reply, fault, advice);
  const count = countWithRoom(items, backwards, maxBytes);
  const cursor = whole.at(backwards ? -count : count - 1)?.id;
  if (count === 0 || count === items.length || !isCursor(cursor)) throw new ReplyError(reply, fault, advice);
  const note = `Cut to ${count} of ${items.length} items to stay under ${maxBytes} bytes. Continue with ${direction}="${cursor}".`;
  const cut = withOwn(
    {
      object: 'list',
      data: backwards ? items.slice(-count) : items.slice(0, count),
      list_metadata: { ...cursors, [direction]: cursor },
    },
    { notes: [removedNote(removed, places), note].filter((one) => one !== undefined) },
  );
  if (byteLength(JSON.stringify(cut)) > maxBytes) throw new ReplyError(reply, fault, advice);
  return toResult(cut);
}

const unsaidNote = (direction: string, edge: unknown): string =>
  `WorkOS did not say whether there is more.${isCursor(edge) ? ` To see, pass ${direction}="${edge}".` : ''}`;
