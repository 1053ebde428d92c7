import { RefusedError } from '../../errors.ts';
import type { Pending } from './pending.ts';

const AGES: Readonly<Record<Pending['by'] | 'approver', string>> = {
  prompt: 'five minutes',
  token: 'five minutes',
  view: 'ten minutes',
  approver: 'an hour',
};

export const notValid = (by: keyof typeof AGES) =>
  new RefusedError(
    `This confirmation is not valid: it was already used, is more than ${AGES[by]} old, or belongs to another call. Call again without it.`,
    'the confirmation is not valid',
  );

export const otherArguments = () =>
  new RefusedError(
    'The arguments differ from those that the confirmation is for. Call again without the confirmation.',
    'the confirmation is for other arguments',
  );
