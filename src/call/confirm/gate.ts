import { type CallToolResult, type InputRequiredResult, inputRequired } from '@modelcontextprotocol/server';
import { type ConfirmMode, needsConfirmation } from '../../access/confirmation.ts';
import type { Confirmation } from '../../audit/entry.ts';
import type { Arguments } from '../../catalog/declaration.ts';
import type { Tool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import type { Pending, PendingStore } from './pending.ts';
import type { Preview } from './preview.ts';

/** The client's part in a confirmation. */
export type Elicitation = {
  /** Whether the client can ask a person. */
  readonly canAsk: boolean;
  /** The ID that the client got with the question, and the response to it. */
  readonly state?: string | undefined;
  readonly response?: { readonly action?: unknown; readonly content?: unknown } | undefined;
};

export type ConfirmationRequest = {
  readonly tool: Tool;
  readonly args: Arguments;
  readonly caller: string;
  readonly mode: ConfirmMode;
  readonly elicitation: Elicitation;
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

  /** Checks a person's answer to the question with the ID `state`. */
  const checkAnswer = async (state: string, request: ConfirmationRequest): Promise<ConfirmationOutcome> => {
    const { caller, elicitation, args, tool } = request;
    const pending = await take(state, 'prompt', request);
    const { action, content } = elicitation.response ?? {};
    if (action !== 'accept') {
      await store.decline(caller, callOf(tool, digestOf(args)));
      throw new RefusedError(
        'A person was asked and did not confirm this call. Do not try again; ask them what to do instead.',
        action === 'decline' ? 'a person declined' : 'a person did not answer',
      );
    }
    const { confirm } = Object(content);
    if (typeof confirm !== 'string' || !pending.expected.includes(digest(confirm.trim()))) {
      throw new RefusedError(
        'The person typed neither the name nor the ID of the object. Call again, and they will be asked again.',
        'a person typed something else',
      );
    }
    return { open: true, confirmation: 'client prompt', shown: pending.shown };
  };

  return {
    pass: async (request) => {
      const { tool, args, caller, mode, elicitation } = request;
      if (!needsConfirmation(tool, args)) {
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

    ask: async ({ tool, args, caller, elicitation }, preview) => {
      const id = newId();
      const kept = await store.put(id, {
        caller,
        tool: tool.name,
        args: digestOf(args),
        shown: digest(preview.basis),
        expected: preview.expected.map(digest),
        by: elicitation.canAsk ? 'prompt' : 'token',
      });
      if (!kept) {
        throw new RefusedError(
          'Too many confirmations are pending. Have them answered, or wait five minutes.',
          'too many confirmations are pending',
        );
      }
      if (!elicitation.canAsk) {
        const text = `${tool.name} was not sent yet: it has to be confirmed.\n\n${preview.text}\n\nShow this to the person you work for. If they agree, and only then, call ${tool.name} again within five minutes with the same arguments and confirm_token="${id}".`;
        return { content: [{ type: 'text', text }], isError: true };
      }
      const [, ...name] = preview.expected;
      const what = name.length === 0 ? 'its ID' : 'its name or ID';
      return inputRequired({
        inputRequests: {
          confirm: inputRequired.elicit({
            message: `${preview.text}\nType ${what} to confirm.`,
            requestedSchema: {
              type: 'object',
              properties: { confirm: { type: 'string', title: `Type ${what}` } },
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
