import { paceClause } from '../../access/confirmation.ts';
import type { Pace } from '../../catalog/asking.ts';
import type { Arguments } from '../../catalog/declaration.ts';
import type { Tool } from '../../catalog/tool.ts';
import type { Caller } from '../caller.ts';
import type { Occasion } from './preview.ts';

/** Counts a call of an agent's group of calls. Resolves to false, and counts nothing, for one beyond the pace. */
export type KeepPace = (agent: string, pace: Pace) => Promise<boolean>;

/** Why a person is asked about a call that is beyond its agent's pace; `undefined` for one within it. */
export async function beyondPace(
  { confirm }: Tool,
  args: Arguments,
  { agent, confirm: mode, elicitation }: Pick<Caller, 'agent' | 'confirm' | 'elicitation'>,
  keepsPace: KeepPace,
): Promise<Occasion | undefined> {
  if (typeof confirm !== 'object' || mode === 'off') return undefined;
  const { beyond } = confirm;
  // A call that comes with an answer was counted when it was asked about.
  const { state, viewed } = elicitation;
  const isAnswered = args.confirm_token !== undefined || state !== undefined || viewed !== undefined;
  if (!isAnswered && (await keepsPace(agent, beyond))) return undefined;
  return { because: paceClause(beyond), facts: {}, isReadable: true, about: [] };
}
