import type { Pace } from '../catalog/asking.ts';
import type { Arguments, Environment } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';

/** The tool as offered to clients that may be unable to ask a person. */
export function withConfirmToken<T extends { readonly confirmed?: T }>(tool: T): T {
  return tool.confirmed ?? tool;
}

/** Whether tools that wait for a confirmation take its token: where the client may be unable to bring the answer. */
export const takesToken = (mode: string | undefined): boolean => mode === 'auto' || mode === 'person';

/** The tool as offered to an agent whose calls are confirmed in this way. A client that shows views gets another form. */
export const toConfirmForm = <T extends { readonly confirmed?: T; readonly approved?: () => T }>(
  tool: T,
  mode: ConfirmMode,
): T => (mode === 'auto' ? withConfirmToken(tool) : (mode === 'person' && tool.approved?.()) || tool);

/** Whether this call needs a confirmation, as far as its tool and arguments tell: a delete, or an update that decides a user's identity. */
export function needsConfirmation(tool: Tool, args: Arguments): boolean {
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  return tool.confirmable && (tool.alwaysConfirmed || [...secrets, ...identity].some((name) => name in args));
}

/** When calls wait for a confirmation besides those whose tool or arguments tell, as clauses after "where". */
export const occasionsOf = ({ before, confirm }: Tool): readonly string[] =>
  [before?.waits ?? [], typeof confirm === 'object' ? paceClause(confirm.beyond) : []].flat();

export const paceClause = ({ calls, group, per }: Pace): string =>
  `the agent has made ${calls} ${group} within an ${per} without being asked`;

/** `person`: an approver in the console, or a client whose asking the operator trusts. */
export type ConfirmMode = 'auto' | 'strict' | 'off' | 'person';

/** The mode, unless the operator has set one. Production has real customers, so only a person may confirm there. */
export const toConfirm = (given: ConfirmMode | undefined, label: Environment['label']): ConfirmMode =>
  given ?? (label === 'production' ? 'strict' : 'auto');
