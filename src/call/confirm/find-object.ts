import type { Arguments } from '../../catalog/declaration.ts';
import { placeOf, type Tool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import { isObject, type JsonObject } from '../../json.ts';
import type { Answer } from '../answer/accept-reply.ts';
import { isCursor, isUnsaid, nextOf } from '../answer/cursor.ts';

/** Reads from WorkOS on behalf of a call. */
export type SideRead = (tool: Tool, args: Arguments) => Promise<Answer>;

/** Items of one page, and pages of one list: what comes after them is not looked at. */
export const PAGE_ITEMS = 100;
const MAX_PAGES = 10;

/** The items of a list, and whether they are all. */
export type Listed = { readonly items: readonly JsonObject[]; readonly isWhole: boolean; readonly removed: number };

/** The refusal of a call whose object cannot be shown. */
export const noPreview = (why: string) =>
  new RefusedError(`The preview of this call could not be made. ${why}`, 'no preview could be made');

export const unreadable = (tool: string) => noPreview(`${tool} returned something unexpected.`);

/**
 * Reads a list page by page until it ends, an item is the one that is looked for, or the bound is reached. Resolves to
 * `undefined` for an answer that is not a list of objects.
 */
export async function readList(
  read: SideRead,
  tool: Tool,
  args: Arguments,
  isLast: (items: readonly JsonObject[]) => boolean = () => false,
): Promise<Listed | undefined> {
  const all: JsonObject[] = [];
  let removed = 0;
  let after: unknown;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const paging = tool.paginated ? { limit: PAGE_ITEMS, ...(after !== undefined && { after }) } : {};
    const answer = await read(tool, { ...args, ...paging });
    const items: unknown = answer.value.data;
    if (!Array.isArray(items) || !items.every(isObject)) return undefined;
    all.push(...items);
    removed += answer.removed;
    if (isLast(items)) return { items: all, isWhole: false, removed };
    if (!tool.paginated) return { items: all, isWhole: true, removed };
    const isOpen = isUnsaid(answer.value, items.length, { limit: PAGE_ITEMS });
    after = isOpen ? items.at(-1)?.id : nextOf(answer.value, 'after');
    if (!isOpen && !after) return { items: all, isWhole: true, removed };
    // Without a cursor, the rest of the list cannot be read.
    if (!isCursor(after)) return { items: all, isWhole: false, removed };
  }
  return { items: all, isWhole: false, removed };
}

/** The arguments of a call that one of its reads takes too: those that name objects, and those that the read requires. */
export function sharedArguments(tool: Tool, args: Arguments, reader: Tool): Arguments {
  const names = Object.keys(reader.input).filter(
    (name) =>
      args[name] !== undefined &&
      (['path', 'preview'].includes(placeOf(tool, name)) || isRequired(reader, name)) &&
      placeOf(reader, name) !== 'server',
  );
  return Object.fromEntries(names.map((name) => [name, args[name]]));
}

const isRequired = ({ input }: Tool, name: string): boolean => input[name]?.safeParse(undefined).success === false;

/** Whether a call has all that a read requires. */
export const canRead = (tool: Tool, args: Arguments, reader: Tool): boolean => {
  const given = sharedArguments(tool, args, reader);
  return Object.keys(reader.input).every((name) => !isRequired(reader, name) || Object.hasOwn(given, name));
};

/** The argument that identifies the object of a call, and the object's member that has the same value. */
export function identityOf({ name, path, preview }: Tool): { readonly argument: string; readonly by: string } {
  const argument = preview?.of ?? path.match(/\{(\w+)\}(?!.*\{)/)?.[1];
  if (argument === undefined) throw new Error(`${name} does not say which argument identifies its object`);
  return { argument, by: preview?.by ?? 'id' };
}

/**
 * Reads the object of a call, or finds it in a list.
 * @throws RefusedError if it is not there
 */
export async function findObject(
  read: SideRead,
  reader: Tool,
  args: Arguments,
  { by, value }: { readonly by: string; readonly value: string },
): Promise<Pick<Answer, 'value' | 'removed'>> {
  const isIt = (item: JsonObject) => item[by] === value;
  if (!reader.isList) {
    const answer = await read(reader, args);
    if (!isIt(answer.value)) throw unreadable(reader.name);
    return answer;
  }
  const listed = await readList(read, reader, args, (page) => page.some(isIt));
  if (listed === undefined) throw unreadable(reader.name);
  const { items, isWhole, removed } = listed;
  const found = items.find(isIt);
  if (found !== undefined) return { value: { ...found }, removed };
  const where = isWhole ? reader.name : `the first ${items.length} items of ${reader.name}`;
  throw noPreview(`There is no object with the ${by} ${JSON.stringify(value)} in ${where}.`);
}
