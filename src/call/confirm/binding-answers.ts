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
  return {
    ...store,
    answer: async (handle, answer) => {
      const { approval, answer: earlier } = (await store.find(handle)) ?? {};
      if (approval === undefined || earlier !== undefined) return false;
      // A yes is on record before the agent's call goes on. A no holds even where it cannot be recorded.
      if (answer.answer === 'yes') await onAnswer(approval, answer);
      if (!(await store.answer(handle, answer))) return false;
      if (answer.answer === 'no')
        await Promise.all([store.countNo(approval.caller), onAnswer(approval, answer), endOthers(approval, answer)]);
      return true;
    },
  };
}

const aboutOf = ({ caller, tool, shown }: Approval): string => JSON.stringify([caller, declinedOf(tool, shown.id)]);
