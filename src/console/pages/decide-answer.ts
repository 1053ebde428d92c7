import type { ApproverRules } from '../../agents/approvers.ts';
import { type Approval, type ApprovalAnswer, MAX_WORDS_CHARS } from '../../call/confirm/approvals.ts';
import { toTyped } from '../../call/confirm/declined.ts';
import { cleanText } from '../../visible.ts';
import { closed } from '../../wording.ts';
import type { Viewer } from '../routes.ts';

/** What a form answers, or why it answers nothing. */
export type AnswerDecision =
  | ({ readonly isAnswer: true } & Pick<ApprovalAnswer, 'answer' | 'words' | 'isSamePerson'>)
  | { readonly isAnswer: false; readonly status: 400 | 403; readonly message: string };

/**
 * Decides what a form with an approver's answer stands for. A no needs the same right as a yes: it ends the call for
 * those who could say yes to it, and an approver could hold up their own removal.
 */
export function decideAnswer(
  form: URLSearchParams,
  approval: Approval,
  { approver }: Pick<Viewer, 'approver'>,
  rules: Pick<ApproverRules, 'whyNot' | 'isRequester'>,
): AnswerDecision {
  const reason = rules.whyNot(approver, approval);
  if (reason !== undefined) return refused(403, `You may not answer this call: ${closed(reason)}`);
  const fieldsOf = (name: string) => form.getAll(name);
  const [answer, ...more] = fieldsOf('answer');
  if ((answer !== 'yes' && answer !== 'no') || more.length > 0)
    return refused(400, 'The form has to say yes or no, once.');
  if (fieldsOf('typed').length > 1 || fieldsOf('words').length > 1)
    return refused(400, 'The form has a field more than once.');

  const isSamePerson = rules.isRequester(approver, approval);
  const words = wordsIn(form);
  if (answer === 'no') {
    if (words.length > MAX_WORDS_CHARS)
      return refused(
        400,
        `The text for the agent has ${words.length} characters, and may have ${MAX_WORDS_CHARS} at most.`,
      );
    return { isAnswer: true, answer, isSamePerson, ...(words !== '' && { words }) };
  }
  if (words !== '') return refused(400, 'Only a no comes with a text for the agent.');
  const { typed: end, id } = approval.shown;
  const typed = toTyped((form.get('typed') ?? '').trim());
  if (end !== undefined && ![end, id].some((text) => toTyped(text) === typed))
    return refused(400, `You typed something other than ${end}, the end of its ID.`);
  return { isAnswer: true, answer, isSamePerson };
}

/** The text for the agent, as the browser counts it for the field, and as the approver sees it. */
export const wordsIn = (form: URLSearchParams): string =>
  cleanText((form.get('words') ?? '').replace(/\r\n?/g, '\n')).text.trim();

const refused = (status: 400 | 403, message: string): AnswerDecision => ({
  isAnswer: false,
  status,
  message: `${message} Nothing was answered.`,
});
