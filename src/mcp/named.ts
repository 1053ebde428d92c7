import { type CallKind, callToolOf } from '../access/call-kind.ts';
import type { Named } from '../call/caller.ts';

/** What the name of a tool looks like in a text. */
const NAME = /\b[a-z]+(?:_[a-z]+)+\b/g;

/**
 * Names tools as an agent has to call them: `delete_user (by call_delete_tool)` where it is not listed.
 * @param found the tools that are on and not listed, with their kinds
 */
export function toNamed(found: ReadonlyMap<string, CallKind>): Named | undefined {
  if (found.size === 0) return undefined;
  return (text) =>
    text.replace(NAME, (name) => {
      const kind = found.get(name);
      return kind === undefined ? name : `${name} (by ${callToolOf(kind)})`;
    });
}
