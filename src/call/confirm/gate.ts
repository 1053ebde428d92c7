import { type CallToolResult, type InputRequiredResult, inputRequired } from '@modelcontextprotocol/server';
import type { ConfirmMode } from '../../access/confirmation.ts';
import type { Confirmation } from '../../audit/entry.ts';
import type { Arguments } from '../../catalog/declaration.ts';
import type { Tool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import type { Named } from '../caller.ts';
import { PENDING_MS, type Pending, type PendingStore } from './pending.ts';
import { type Elicitation, toPersonAnswer } from './person-answer.ts';
import type { Preview } from './preview.ts';

export type ConfirmationRequest = {
  /** Whether this call has to be confirmed. */
  readonly isNeeded: boolean;
  readonly tool: Tool;
  readonly args: Arguments;
  readonly caller: string;
  readonly mode: ConfirmMode;
  readonly elicitation: Elicitation;
  readonly named?: Named | undefined;
};

/** Either the call may be sent, if the object is unchanged since the preview, or it has to be confirmed first. */
export type ConfirmationOutcome =
  | { readonly open: true; readonly confirmation?: Confirmation; readonly shown?: string }
  | { readonly open: false };

export type ConfirmationGate = {
  /** Throws RefusedError if a confirmation was declined or is not valid. */
  readonly pass: (request: ConfirmationRequest) => Promise<ConfirmationOutcome>;
  /** The question: for a person, or for the model to pass on to one. */
  readonly ask: (request: ConfirmationRequest, preview: Preview) => Promise<CallToolResult | InputRequiredResult>;
  /** Whether a new preview equals the one that was shown. */
  readonly isSame: (preview: Preview, shown: string) => boolean;
};

export type GateDeps = {
  readonly store: PendingStore;
  /** 128 random bits. */
  readonly newId: () => string;
  /** A keyed digest, equal in all processes that share the store. */
  readonly digest: (value: unknown) => string;
};

/** Some calls need a confirmation: by a person or, if the client cannot ask one and the mode allows it, by the model. */
export function createGate({ store, newId, digest }: GateDeps): ConfirmationGate {
  const digestOf = (args: Arguments) => digest({ ...args, confirm_token: undefined });

  const take = async (id: string, by: Pending['by'], { tool, args, caller }: ConfirmationRequest): Promise<Pending> => {
    const pending = await store.take(id);
    const isOurs =
      pending !== undefined && pending.by === by && pending.caller === caller && pending.tool === tool.name;
    if (!isOurs) {
      throw new RefusedError(
        'This confirmation is not valid: it was already used, is more than five minutes old, or belongs to another call. Call again without it.',
        'the confirmation is not valid',
      );
    }
    if (pending.args !== digestOf(args)) {
      throw new RefusedError(
        'The arguments differ from those that the confirmation is for. Call again without the confirmation.',
        'the confirmation is for other arguments',
      );
    }
    return pending;
  };

  /** Checks what came back for the question with the ID `state`. */
  const checkAnswer = async (state: string, request: ConfirmationRequest): Promise<ConfirmationOutcome> => {
    const { caller, elicitation, args, tool } = request;
    const answer = toPersonAnswer(elicitation);
    if (answer.kind === 'none') {
      // Not held against a person, who may never have seen the question. The question itself is over.
      await store.take(state);
      throw new RefusedError(answer.message, answer.rule);
    }
    const pending = await take(state, 'prompt', request);
    if (answer.kind === 'declined') {
      await store.decline(caller, callOf(tool, digestOf(args)));
      throw new RefusedError(
        'A person was asked and did not confirm this call. Do not try again; ask them what to do instead.',
        'a person declined',
      );
    }
    if (!pending.expected.includes(digest(toTyped(answer.text)))) {
      throw new RefusedError(
        'The person typed something else than the last six characters of the ID. Call again, and they will be asked again.',
        'a person typed something else',
      );
    }
    return { open: true, confirmation: 'client prompt', shown: pending.shown };
  };

  return {
    pass: async (request) => {
      const { isNeeded, tool, args, caller, mode, elicitation } = request;
      // A person's answer counts even if what they were asked for is no longer so.
      if (!isNeeded && !(tool.confirmable && elicitation.state !== undefined)) {
        if (args.confirm_token === undefined) return { open: true };
        throw new RefusedError('confirm_token: this call needs no confirmation. Leave confirm_token out.');
      }
      if (mode === 'off') return { open: true, confirmation: 'off' };
      if (await store.isDeclined(caller, callOf(tool, digestOf(args)))) {
        throw new RefusedError(
          'A person was asked less than ten minutes ago and did not confirm this call. Ask them what to do instead.',
          'a person declined the same call',
        );
      }
      if (elicitation.state !== undefined) return checkAnswer(elicitation.state, request);
      if (args.confirm_token !== undefined) {
        if (mode !== 'auto' || elicitation.canAsk) {
          throw new RefusedError(
            'confirm_token: a person has to confirm this call. Leave confirm_token out, and the client asks them.',
          );
        }
        const { shown } = await take(String(args.confirm_token), 'token', request);
        return { open: true, confirmation: 'repeated by the model', shown };
      }
      if (!elicitation.canAsk && mode === 'strict') {
        throw new RefusedError(
          'A person has to confirm this call, and this client cannot ask one. The operator of this server can use a client that supports elicitation, or start the server with --confirm auto; you cannot.',
          '--confirm strict, and the client cannot ask a person',
        );
      }
      return { open: false };
    },

    ask: async ({ tool, args, caller, elicitation, named }, preview) => {
      const id = newId();
      const kept = await store.put(id, {
        caller,
        tool: tool.name,
        args: digestOf(args),
        shown: digest(preview.basis),
        expected: preview.expected.map((text) => digest(toTyped(text))),
        by: elicitation.canAsk ? 'prompt' : 'token',
      });
      if (!kept) {
        throw new RefusedError(
          'Too many confirmations are pending. Have them answered, or wait five minutes.',
          'too many confirmations are pending',
        );
      }
      if (!elicitation.canAsk) return toQuestion(tool, id, preview, named);
      return inputRequired({
        inputRequests: {
          confirm: inputRequired.elicit({
            message: `${preview.text}\n${preview.task}`,
            requestedSchema: {
              type: 'object',
              properties: { confirm: { type: 'string', title: `Type ${preview.expected[0]}` } },
              required: ['confirm'],
            },
          }),
        },
        requestState: id,
      });
    },

    isSame: (preview, shown) => digest(preview.basis) === shown,
  };
}

const callOf = (tool: Tool, args: string): string => `${tool.name} ${args}`;

/** The case of letters is left open: IDs have capitals, and people type small letters. */
const toTyped = (text: string): string => text.toUpperCase();

/**
 * The question for a model to pass on. It is a result, not an error: the call did what it has to do first. Clients show
 * either the text or the structured content, so that each holds all of it.
 */
function toQuestion({ name }: Tool, token: string, { text: question }: Preview, named: Named = String): CallToolResult {
  const next = `Show this to the person you work for. If they agree, and only then, call ${named(name)} again within five minutes with the same arguments and confirm_token="${token}".`;
  const text = `${name} was not sent yet: it has to be confirmed.\n\n${question}\n\n${next}`;
  const confirmation = {
    status: 'asked',
    question,
    confirm_token: token,
    expires_in_seconds: PENDING_MS / 1_000,
    next_step: next,
  };
  return { content: [{ type: 'text', text }], structuredContent: { confirmation } };
}
