import type { Arguments } from '../catalog/declaration.ts';
import type { Listing } from '../catalog/listing.ts';

/**
 * The effect of a call. An agent calls a tool that is not listed through the call tool of that kind, so that a person
 * who always allows one of them has allowed no more than its name says.
 */
export type CallKind = 'read' | 'write' | 'delete' | 'credential';

export const CALL_KINDS = ['read', 'write', 'delete', 'credential'] as const satisfies readonly CallKind[];

export const callToolOf = (kind: CallKind) => `call_${kind}_tool` as const;

/** What it takes to tell the kind of a call. */
type Effect = Pick<
  Listing,
  'access' | 'annotations' | 'guarded' | 'usesCredentials' | 'looksFirst' | 'needsCredentials'
>;

/**
 * The kind of one call. A call that may show a secret to this agent, that takes the credentials grant or that gives or
 * clears a guarded argument is of kind `credential`, even where the tool only reads.
 * @param isRestricted whether the agent lacks the credentials grant of the tool's area
 */
export function kindOf(tool: Effect, isRestricted: boolean, args: Arguments): CallKind {
  const { access, annotations, guarded, usesCredentials, needsCredentials } = tool;
  if (needsCredentials || (usesCredentials && !isRestricted)) return 'credential';
  if (guarded.some((name) => name in args)) return 'credential';
  // A read that changes something, such as one that uses up a code, is not safe to allow once and for all.
  return access === 'read' && !annotations.readOnlyHint ? 'write' : access;
}

/** The kinds that calls of a tool can be of. The first is that of a call without guarded arguments. */
export function kindsOf(tool: Effect, isRestricted: boolean): readonly [CallKind, ...CallKind[]] {
  const plain = kindOf(tool, isRestricted, {});
  const mayTake = tool.guarded.length > 0 || (tool.looksFirst && !isRestricted);
  return plain !== 'credential' && mayTake ? [plain, 'credential'] : [plain];
}

/** The kinds of which an agent needs a call tool, to call tools that are not listed. */
export function kindsOfAll<T extends Effect>(
  tools: readonly T[],
  isRestricted: (tool: T) => boolean,
): readonly CallKind[] {
  const needed = new Set(tools.flatMap((tool) => kindsOf(tool, isRestricted(tool))));
  return CALL_KINDS.filter((kind) => needed.has(kind));
}
