import { kindOf } from '../access/call-kind.ts';
import type { Arguments } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import type { Verdict } from './verdict.ts';

/** What the steps have found out of a call. */
type Decided = {
  readonly verdict: Verdict | undefined;
  readonly args: Arguments;
  /** Whether what was read first demands the credentials grant. */
  readonly takesCredentials: boolean;
};

/** The grants of a call, for the record. Throws for a call that no step has allowed, so that it cannot be sent. */
export function toRule(tool: Tool, { verdict, args, takesCredentials }: Decided): string {
  if (verdict === undefined) throw new Error('the call was never allowed');
  const { rule, credentials } = verdict;
  const isUsed = usesCredentials(tool, { args, takesCredentials });
  return credentials !== undefined && isUsed ? `${rule} + ${credentials}` : rule;
}

/** Whether a call takes the credentials grant, where its agent has it. */
export const usesCredentials = (
  tool: Tool,
  { args, takesCredentials }: Pick<Decided, 'args' | 'takesCredentials'>,
): boolean => takesCredentials || kindOf(tool, false, args) === 'credential';
