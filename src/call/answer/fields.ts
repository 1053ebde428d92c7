import { concise, knownFields } from '../../catalog/output.ts';
import type { Tool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import { didYouMean, inShort, MAX_TOLD } from '../../wording.ts';

type Fields = Record<string, unknown>;

/** Which fields an answer shows: those asked for, else all of an object and the telling ones of a list's items. */
export type Shape = {
  readonly object: (value: Fields) => Fields;
  readonly item: (value: Fields) => Fields;
};

/** @throws RefusedError for a field that the tool's answers are not known to have. */
export function toShape(tool: Tool, fields: unknown): Shape {
  const { output } = tool;
  if (output === undefined) return { object: (value) => value, item: (value) => value };
  if (!Array.isArray(fields)) {
    return { object: (value) => value, item: concise(tool.omittedMembers()) };
  }
  const known = knownFields(output);
  const unknown = fields.filter((field) => !known.includes(field));
  if (unknown.length > 0) {
    const hints = unknown
      .slice(0, MAX_TOLD)
      .map((field) => `"${inShort(field)}".${didYouMean(inShort(field), known)}`)
      .join(' ');
    throw new RefusedError(`fields: there is no field ${hints} The fields are ${known.join(', ')}.`);
  }
  const pick = (value: Fields) =>
    Object.fromEntries(fields.flatMap((field) => (Object.hasOwn(value, field) ? [[field, value[field]]] : [])));
  return { object: pick, item: pick };
}

export const byteLength = (text: string): number => Buffer.byteLength(text);

/** Bytes of a result that hold no item: list_metadata, notes and the like. */
const FRAME = 1_024;

/** Counts items' JSON into so many bytes. `take` says whether there was room, and takes it if so. */
export function createRoom(maxBytes: number): { take: (json: string) => boolean; fits: (bytes: number) => boolean } {
  let left = maxBytes - FRAME;
  return {
    fits: (bytes) => bytes <= left,
    take: (json) => {
      const bytes = byteLength(json) + 1;
      if (bytes > left) return false;
      left -= bytes;
      return true;
    },
  };
}

/** How many items of a page have room, counted from the end that its cursor is at. */
export function countWithRoom(items: readonly Fields[], backwards: boolean, maxBytes: number): number {
  const room = createRoom(maxBytes);
  const end = (backwards ? items.toReversed() : items).findIndex((item) => !room.take(JSON.stringify(item)));
  return end === -1 ? items.length : end;
}

/** What to say, and to do, about a result that cannot be cut to size. */
export function tooLarge(tool: Tool, bytes: number, maxBytes: number): { fault: string; advice: string } {
  const known = tool.output === undefined ? [] : knownFields(tool.output);
  return {
    fault: `but the result would be over the limit of ${maxBytes} bytes with ${bytes} bytes that cannot be cut`,
    advice: Object.hasOwn(tool.input, 'fields')
      ? `Ask for less with fields (${known.join(', ')}).`
      : 'The person who runs this server can raise --max-result-bytes.',
  };
}
