import { knownFields } from '../../catalog/output.ts';
import type { Tool } from '../../catalog/tool.ts';
import type { JsonObject } from '../../json.ts';

export const byteLength = (text: string): number => Buffer.byteLength(text);

/** Bytes of a result that hold no item: list_metadata, notes and the like. */
const RESULT_OVERHEAD_BYTES = 1_024;

/** A budget of bytes for the items' JSON. `take` deducts the JSON's size if it fits, and returns whether it did. */
export function createRoom(maxBytes: number): { take: (json: string) => boolean; fits: (bytes: number) => boolean } {
  let left = maxBytes - RESULT_OVERHEAD_BYTES;
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

/** How many items of a page fit, counted from the end where the walk begins. */
export function countWithRoom(items: readonly JsonObject[], backwards: boolean, maxBytes: number): number {
  const room = createRoom(maxBytes);
  const end = (backwards ? items.toReversed() : items).findIndex((item) => !room.take(JSON.stringify(item)));
  return end === -1 ? items.length : end;
}

/** The fault, and the advice, for a result that cannot be cut to size. */
export function tooLarge(tool: Tool, bytes: number, maxBytes: number): { fault: string; advice: string } {
  const known = tool.output === undefined ? [] : knownFields(tool.output);
  return {
    fault: `but the result is too large (${bytes} bytes; the limit is ${maxBytes}) and cannot be cut`,
    advice: Object.hasOwn(tool.input, 'fields')
      ? `Request less with the argument fields (${known.join(', ')}).`
      : 'The operator of this server can raise --max-result-bytes.',
  };
}
