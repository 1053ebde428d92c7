import { RefusedError } from '../../errors.ts';
import type { Pending } from './pending.ts';

/** How a confirmation ends: by its time or, where no other process has it, with this one. */
const ENDS: Readonly<Record<Pending['by'] | 'approver' | 'approver, here alone', string>> = {
  prompt: 'is more than five minutes old',
  token: 'is more than five minutes old',
  view: 'is more than ten minutes old',
  approver: 'is more than an hour old',
  'approver, here alone': 'is more than an hour old, is from before the server was started again',
};

export const notValid = (by: keyof typeof ENDS) =>
  new RefusedError(
    `This confirmation is not valid: it was already used, ${ENDS[by]}, or belongs to another call. Call again without it.`,
    'the confirmation is not valid',
  );

export const otherArguments = () =>
  new RefusedError(
    'The arguments differ from those that the confirmation is for. Call again without the confirmation.',
    'the confirmation is for other arguments',
  );
