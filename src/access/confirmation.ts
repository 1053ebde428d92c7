import type { Arguments, Environment } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';

/** The tool as offered to clients that may be unable to ask a person. */
export function withConfirmToken<T extends { readonly confirmed?: T }>(tool: T): T {
  return tool.confirmed ?? tool;
}

/** Whether this call needs a confirmation: a delete, or an update that decides a user's identity. */
export function needsConfirmation(tool: Tool, args: Arguments): boolean {
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  return tool.confirmable && (tool.access === 'delete' || [...secrets, ...identity].some((name) => name in args));
}

export type ConfirmMode = 'auto' | 'strict' | 'off';

/** The mode, unless the operator has set one. Production has real customers, so only a person may confirm there. */
export const toConfirm = (given: ConfirmMode | undefined, label: Environment['label']): ConfirmMode =>
  given ?? (label === 'production' ? 'strict' : 'auto');
