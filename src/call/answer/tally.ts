import type { JsonObject } from '../../json.ts';
import { inShort } from '../../wording.ts';
import { textsAt } from './where.ts';

/** Values of one member that are told apart in a count. */
const MAX_VALUES = 30;

/** Counts items by the values of members, which a result shows, the most frequent first. */
export function createTally(members: readonly string[]) {
  const counts = new Map(members.map((member) => [member, new Map<string, number>()]));
  return {
    add: (item: JsonObject) => {
      for (const [member, byValue] of counts) {
        for (const text of new Set(textsAt(item, member))) {
          const value = inShort(String(text));
          // Of more values than these a count says nothing, and they come from outside.
          const known = byValue.has(value) || byValue.size < MAX_VALUES ? value : OTHERS;
          byValue.set(known, (byValue.get(known) ?? 0) + 1);
        }
      }
    },
    counts: (): JsonObject =>
      Object.fromEntries(
        [...counts].map(([member, byValue]) => [
          member,
          Object.fromEntries([...byValue].sort(([, a], [, b]) => b - a)),
        ]),
      ),
  };
}

const OTHERS = '(other values)';
