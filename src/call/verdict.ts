import { RefusedError } from '../errors.ts';

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
