import type { Arguments, Environment } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';

/** The tool as clients have it that may be unable to ask a person. */
export function withConfirmToken<T extends { readonly confirmed?: T }>(tool: T): T {
  return tool.confirmed ?? tool;
}

/** Whether this call waits for a confirmation: a delete, or an update that decides who somebody is. */
export function needsConfirmation(tool: Tool, args: Arguments): boolean {
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  return tool.confirmable && (tool.access === 'delete' || [...secrets, ...identity].some((name) => name in args));
}

export type ConfirmMode = 'auto' | 'strict' | 'off';

/** How calls are confirmed where nobody has said it: a person's yes is worth more where the customers are. */
export const toConfirm = (given: ConfirmMode | undefined, label: Environment['label']): ConfirmMode =>
  given ?? (label === 'production' ? 'strict' : 'auto');
