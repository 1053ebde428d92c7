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
    by === 'view' ? 'over' : undefined,
  );

export const otherArguments = () =>
  new RefusedError(
    'The arguments differ from those that the confirmation is for. Call again without the confirmation.',
    'the confirmation is for other arguments',
  );

/** @param said a sentence with the approver's words. The no itself is on record since it was given. */
export const declinedNow = (said: string) =>
  new RefusedError(
    `An approver did not confirm this call.${said} Do not try again; ask the people you work for what to do instead.`,
    'an approver has declined it',
  );

export const declinedBefore = () =>
  new RefusedError(
    'This call was declined less than ten minutes ago. Ask the people you work for what to do instead.',
    'an approver declined the same call',
  );

export const noConsole = () =>
  new RefusedError(
    'An approver has to confirm this call, and this server has no console. Only its operator can change this.',
    'an approver has to confirm, and there is no console',
  );

export const notByClient = () =>
  new RefusedError(
    'An approver has to confirm this call in the console. An answer from the client does not count.',
    'an answer from the client does not count',
  );

export const noApprover = () =>
  new RefusedError(
    'An approver has to confirm this call, and the configuration names no approver who may confirm it. Only the operator of this server can change this.',
    'no approver may confirm it',
  );

export const notAnyMore = () =>
  new RefusedError(
    'The approver who confirmed this call may no longer confirm it. Call again without confirm_token.',
    'its approver may no longer confirm it',
  );

export const held = () =>
  new RefusedError(
    'Approvers declined three of your calls within an hour. Calls that have to be confirmed are refused until an approver lifts that in the console. Ask the people you work for what they want.',
    'three calls were declined within an hour',
  );

export const tooManyWait = () =>
  new RefusedError(
    'Too many calls wait for an approver. Have some of them answered, then call again.',
    'too many calls wait for an approver',
  );
