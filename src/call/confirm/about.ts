import { isId } from '../../ids.ts';
import { isNested } from '../../secrets/withhold.ts';

/** IDs that are kept of what a call is about. */
const MAX_ABOUT = 50;

/**
 * The IDs among the members of values, and among those of the objects in them: of a membership that of its user, say.
 * Users come first, since approvers are users: where there are too many, others are left out.
 */
export function toAbout(values: readonly unknown[]): readonly string[] {
  const found = new Set(values.flatMap((value) => idsAt(value, 2)));
  const isUser = (id: string) => id.startsWith('user_');
  return [...found].sort((one, other) => Number(isUser(other)) - Number(isUser(one))).slice(0, MAX_ABOUT);
}

/** @param depth how many objects lie around a member that is looked at; a list counts as its items do */
function idsAt(value: unknown, depth: number): readonly string[] {
  if (isId(value)) return [value];
  if (Array.isArray(value)) return value.flatMap((item) => (Array.isArray(item) ? [] : idsAt(item, depth)));
  return depth > 0 && isNested(value) ? Object.values(value).flatMap((member) => idsAt(member, depth - 1)) : [];
}
