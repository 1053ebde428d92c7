import { RefusedError } from '../../errors.ts';
import type { Approval, ApprovalAnswer, ApprovalStore } from './approvals.ts';
import { declinedOf } from './declined.ts';

/** Records an answer. After a no, other calls for the same object are refused. Rejects for a yes that cannot be recorded. */
export type OnAnswer = (approval: Approval, answer: ApprovalAnswer) => Promise<void>;

/** A store in which an answer is recorded, and a no binds, at once: the agent may never ask what became of its call. */
export function toBinding(store: ApprovalStore, onAnswer: OnAnswer): ApprovalStore {
  /** A no is about the agent, the tool and the object: it ends the other calls of that kind, and undoes a yes to one. */
  const endOthers = async (refused: Approval, answer: ApprovalAnswer): Promise<void> => {
    const about = aboutOf(refused);
    for (const { approval, answer: given } of await store.all()) {
      if (approval.handle === refused.handle || aboutOf(approval) !== about) continue;
      if (given === undefined) await store.answer(approval.handle, answer);
      else if (given.answer === 'yes') await store.take(approval.handle);
    }
  };
  /** Makes a no hold: all of it is tried, also where a part fails. */
  const bind = async (refused: Approval, answer: ApprovalAnswer): Promise<void> => {
    const parts = [
      store.countNo(refused.caller),
      // In this order: a call that is asked about meanwhile is refused because of the first, or is among the others.
      onAnswer(refused, answer).finally(() => endOthers(refused, answer)),
    ];
    await Promise.allSettled(parts);
    await Promise.all(parts);
  };
  return {
    ...store,
    answer: async (handle, answer) => {
      const { approval, answer: earlier } = (await store.find(handle)) ?? {};
      if (approval === undefined || earlier !== undefined) return false;
      // A yes is on record before the agent's call goes on. A no holds even where it cannot be recorded.
      if (answer.answer === 'yes') await onAnswer(approval, answer);
      if (!(await orSay(store.answer(handle, answer), MAY_COUNT))) return false;
      if (answer.answer === 'no') await orSay(bind(approval, answer), NOT_ALL);
      return true;
    },
  };
}

/** Has a refusal say what it means for an answer that was given. */
const orSay = <T>(done: Promise<T>, message: string): Promise<T> =>
  done.catch((error: unknown) => {
    throw error instanceof RefusedError ? new RefusedError(message, error.rule) : error;
  });

const MAY_COUNT =
  'Redis could not be reached while your answer was kept there, so that it may count or not. Load the page of the call again to see whether it still waits.';
const NOT_ALL =
  'Your no counts, and the call ends with it. But Redis could not be reached for all that follows from it: calls for the same object may wait still. Refuse them as well.';

const aboutOf = ({ caller, tool, shown }: Approval): string => JSON.stringify([caller, declinedOf(tool, shown.id)]);
