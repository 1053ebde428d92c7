import type { Arguments } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import { usesCredentials } from './confidential.ts';

/** Whether an agent may make a call, and by which grant or rule. */
export type Verdict = {
  readonly allowed: boolean;
  readonly rule: string;
  /** The grant of its credentials, if there is one. */
  readonly credentials?: string | undefined;
};

/** @throws RefusedError unless the verdict allows the call */
export function requireAllowed(verdict: Verdict): Verdict {
  const { allowed, rule } = verdict;
  if (!allowed) throw new RefusedError(`You are not allowed to use this tool: ${rule}.`, rule);
  return verdict;
}

type AllowedCall = {
  readonly verdict: Verdict | undefined;
  readonly args: Arguments;
  readonly takesCredentials: boolean;
};

/** The grants of the call, for the record. Throws for a call that no step has allowed, so that it cannot be sent. */
export function toRule(tool: Tool, { verdict, args, takesCredentials }: AllowedCall): string {
  if (verdict === undefined) throw new Error('the call was never allowed');
  const { rule, credentials } = verdict;
  return credentials !== undefined && (takesCredentials || usesCredentials(tool, args))
    ? `${rule} + ${credentials}`
    : rule;
}
