import type { Arguments, Tool } from '../catalog/tool.ts';

/** The tool as clients have it that may be unable to ask a person. */
export function withConfirmToken<T extends { readonly confirmed?: T }>(tool: T): T {
  return tool.confirmed ?? tool;
}

/** Whether this call waits for a confirmation: a delete, or an update that decides who somebody is. */
export function needsConfirmation(tool: Tool, args: Arguments): boolean {
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  return tool.confirmable && (tool.access === 'delete' || [...secrets, ...identity].some((name) => name in args));
}
