import { TOO_MANY_WAITS } from '../outside-waits.ts';

/** The client's part in a confirmation. */
export type Elicitation = {
  /** Whether the client can ask a person. */
  readonly canAsk: boolean;
  /** The ID that the client got with the question. */
  readonly state?: string | undefined;
  /** The client's response to the question, as it came. */
  readonly response?: unknown;
  /** Why there is no response, where the client was asked and waited for. */
  readonly failure?: ElicitationFailure | undefined;
  /** Whether a person can confirm in a view that the client shows. */
  readonly canShow?: boolean;
  /** What the view says that a person answered. */
  readonly viewed?: ViewAnswer | undefined;
};

/** An answer from the view. */
export type ViewAnswer = {
  /** The confirmation ID, which the model has as well. */
  readonly id: string;
  /** What only the view has. */
  readonly secret: string;
  /** `look` for what became of the call, where a conversation is shown again. */
  readonly answer: 'yes' | 'no' | 'look';
  readonly typed: string;
};

export type ElicitationFailure = 'error' | 'timeout' | 'cancelled' | 'full';

/** What the client's response says of the person. Only `declined` and `typed` are a person's own answer. */
export type PersonAnswer =
  | { readonly kind: 'typed'; readonly text: string }
  | { readonly kind: 'declined' }
  | ({ readonly kind: 'none' } & NoAnswer);

type NoAnswer = {
  /** For the agent. */
  readonly message: string;
  /** For the record. */
  readonly rule: string;
};

/** Reads a response to the question. It comes from outside and may be anything. */
export function toPersonAnswer({ response, failure }: Elicitation): PersonAnswer {
  if (failure !== undefined) return { kind: 'none', ...FAILURES[failure] };
  const { action, content } = Object(response);
  if (action === 'decline') return { kind: 'declined' };
  if (action === 'cancel') return { kind: 'none', ...DISMISSED };
  const { confirm } = Object(content);
  if (action === 'accept' && typeof confirm === 'string' && confirm.trim() !== '') {
    return { kind: 'typed', text: confirm.trim() };
  }
  const isEmpty = response === undefined || response === null || (action === 'accept' && isNothing(confirm));
  return { kind: 'none', ...(isEmpty ? NOTHING_PASSED_ON : INVALID) };
}

/** Whether a call comes with a no of the person who was asked about it. */
export const isNo = (elicitation: Elicitation): boolean => {
  const { state, viewed } = elicitation;
  if (viewed !== undefined) return viewed.answer === 'no';
  return state !== undefined && toPersonAnswer(elicitation).kind === 'declined';
};

const isNothing = (value: unknown) =>
  value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

/** What a person can do about a client that does not let them answer. */
const INSTEAD =
  'Calling again with this client is likely to end the same way. The person you work for can make the change in the WorkOS Dashboard, or use an MCP client that shows a text field for the question.';

const NOTHING_PASSED_ON: NoAnswer = {
  message: `The client answered the question without the text that a person has to type. It may not have asked a person at all. ${INSTEAD}`,
  rule: 'the client passed no answer on',
};

const INVALID: NoAnswer = {
  message: `The client's answer to the question is not valid. It may not have asked a person at all. ${INSTEAD}`,
  rule: 'the client gave no valid answer',
};

/**
 * MCP's `cancel` is not a person's no: a person closed the question without a choice. Clients without a window send it
 * too. So the same call may be asked about again.
 */
const DISMISSED: NoAnswer = {
  message:
    'The client reports that the question was closed without an answer. Ask the person you work for what they want, and call again only if they want to be asked again.',
  rule: 'the question was closed without an answer',
};

const FAILURES: Readonly<Record<ElicitationFailure, NoAnswer>> = {
  error: {
    message: `The client answered the question with an error. It may not have asked a person at all. ${INSTEAD}`,
    rule: 'the client failed to ask',
  },
  timeout: {
    message: `The client gave no answer to the question within five minutes. Ask the person you work for whether they saw it. If they did, call again. If they did not: ${INSTEAD}`,
    rule: 'the client gave no answer in time',
  },
  cancelled: { message: 'The client cancelled the call.', rule: 'the client cancelled the call' },
  full: TOO_MANY_WAITS,
};
