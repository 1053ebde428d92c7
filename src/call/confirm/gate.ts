import { type CallToolResult, type InputRequiredResult, inputRequired } from '@modelcontextprotocol/server';
import { DECLINED } from '../../audit/entry.ts';
import type { Arguments } from '../../catalog/declaration.ts';
import type { Tool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import type { Named } from '../caller.ts';
import { asksApprover, createApproverGate } from './approver.ts';
import { isDeclinedFor, toDeclined, toTyped, unlessRefused } from './declined.ts';
import { notValid, otherArguments } from './faults.ts';
import type { ConfirmationOutcome, ConfirmationRequest, GateDeps } from './outcome.ts';
import { PENDING_MS, type Pending } from './pending.ts';
import { type Elicitation, isNo, toPersonAnswer, type ViewAnswer } from './person-answer.ts';
import type { Preview } from './preview.ts';
import { stillWaiting, toViewQuestion } from './view.ts';

type Passing = (request: ConfirmationRequest) => Promise<ConfirmationOutcome>;

export type ConfirmationGate = {
  /** Throws RefusedError if a confirmation was declined or is not valid. */
  readonly pass: Passing;
  /** The question: for a person, or for the model to pass on to one. */
  readonly ask: (request: ConfirmationRequest, preview: Preview) => Promise<CallToolResult | InputRequiredResult>;
  /** Whether a new preview equals the one that was shown. */
  readonly isSame: (preview: Preview, shown: string) => boolean;
};

/** Some calls need a confirmation: by a person or, if the client cannot ask one and the mode allows it, by the model. */
export function createGate(deps: GateDeps): ConfirmationGate {
  const { store, newId, digest, today } = deps;
  const digestOf = (args: Arguments) => digest({ ...args, confirm_token: undefined, confirm_reason: undefined });
  const approver = createApproverGate({ ...deps, digestOf });

  const toOurs = (pending: Pending | undefined, by: Pending['by'], { tool, caller }: ConfirmationRequest): Pending => {
    const isOurs =
      pending !== undefined && pending.by === by && pending.caller === caller && pending.tool === tool.name;
    if (!isOurs) throw notValid(by);
    return pending;
  };
  const takeOurs = async (id: string, by: Pending['by'], request: ConfirmationRequest): Promise<Pending> =>
    toOurs(await store.take(id), by, request);
  /** The same for a no; `undefined` where the store cannot tell. */
  const takeForNo = async (id: string, by: Pending['by'], request: ConfirmationRequest) => {
    const taken = await store.take(id).then((pending) => ({ pending }), unlessRefused);
    return taken && toOurs(taken.pending, by, request);
  };
  const take = async (id: string, by: Pending['by'], request: ConfirmationRequest): Promise<Pending> => {
    const pending = await takeOurs(id, by, request);
    if (pending.args !== digestOf(request.args)) throw otherArguments();
    return pending;
  };

  const decline = async ({ tool, args, caller, elicitation }: ConfirmationRequest): Promise<never> => {
    await store.decline(caller, toDeclined(tool, args)).catch(unlessRefused);
    throw new RefusedError(
      'A person was asked and did not confirm this call. Do not try again; ask them what to do instead.',
      DECLINED.client,
      forView(elicitation, 'declined'),
    );
  };
  /** Asked after each wait: meanwhile a person may have declined the same call. */
  const requireOpen = async ({ tool, args, caller, elicitation }: ConfirmationRequest): Promise<void> => {
    const asked = store.isDeclined(caller, toDeclined(tool, args));
    if (await (isNo(elicitation) ? asked.catch(unlessRefused) : asked)) throw declinedBefore(elicitation);
  };
  const isTyped = ({ expected }: Pending, typed: string): boolean =>
    expected.length === 0 || expected.includes(digest(toTyped(typed)));

  /** Where a call is kept that a view asks about: only with its secret can it be found. */
  const placeOf = ({ id, secret }: Pick<ViewAnswer, 'id' | 'secret'>) => digest(['view', id, secret]);

  /** Checks the answer of a view. */
  const checkViewed = async (viewed: ViewAnswer, request: ConfirmationRequest): Promise<ConfirmationOutcome> => {
    const { caller, args, tool } = request;
    const takeFor = viewed.answer === 'no' ? takeForNo : takeOurs;
    const pending = await takeFor(placeOf(viewed), 'view', request);
    if (pending === undefined) return decline(request);
    const call = { caller, tool: tool.name, args: pending.args };
    // If it cannot be kept, the view still has the result. A model that asks again is told that the call still waits.
    const settle = (result: object) =>
      store.keep(viewed.id, { ...call, result: JSON.stringify(result) }).catch(() => {});
    const refuse = async (error: RefusedError): Promise<never> => {
      await settle({ isError: true, content: [{ type: 'text', text: error.message }] });
      throw error;
    };
    if (pending.args !== digestOf(args)) return refuse(otherArguments());
    if (viewed.answer === 'no') return decline(request);
    if (!isTyped(pending, viewed.typed.trim())) return refuse(new RefusedError(OTHER_TEXT.message, OTHER_TEXT.rule));
    return {
      open: true,
      confirmation: 'client view',
      shown: pending.shown,
      requireStill: () => requireOpen(request),
      settle,
    };
  };

  /** What became of a call that a person was asked about in a view. */
  const findViewed = async (id: string, request: ConfirmationRequest): Promise<ConfirmationOutcome> => {
    const { tool, args, caller, named } = request;
    const call = await store.find(id);
    if (call === undefined || call.caller !== caller || call.tool !== tool.name) throw notValid('view');
    if (call.args !== digestOf(args)) throw otherArguments();
    const repeated = call.result === undefined ? stillWaiting({ tool, id, named }) : JSON.parse(call.result);
    return { open: false, repeated };
  };

  /** Checks what came back for the question with the ID `state`. */
  const checkAnswer = async (state: string, request: ConfirmationRequest): Promise<ConfirmationOutcome> => {
    const answer = toPersonAnswer(request.elicitation);
    if (answer.kind === 'none') {
      // Not held against a person, who may never have seen the question. The question itself is over.
      await store.take(state);
      throw new RefusedError(answer.message, answer.rule);
    }
    if (answer.kind === 'declined') {
      const asked = await takeForNo(state, 'prompt', request);
      if (asked !== undefined && asked.args !== digestOf(request.args)) throw otherArguments();
      return decline(request);
    }
    const pending = await take(state, 'prompt', request);
    if (!isTyped(pending, answer.text)) throw new RefusedError(OTHER_TEXT.message, OTHER_TEXT.rule);
    return {
      open: true,
      confirmation: 'client prompt',
      shown: pending.shown,
      requireStill: () => requireOpen(request),
    };
  };

  return {
    pass: async (request) => {
      if (asksApprover(request)) return approver.pass(request);
      const { isNeeded, tool, args, mode, elicitation } = request;
      const { canAsk, canShow = false, state, viewed } = elicitation;
      // A person's answer counts even if there is no longer a reason to ask.
      if (!isNeeded && viewed === undefined && !(tool.confirmable && state !== undefined)) {
        if (args.confirm_token === undefined) {
          if (await isDeclinedFor(store, request)) throw declinedBefore(elicitation);
          return { open: true };
        }
        // What became of a call may be asked for after it has changed what it waited for.
        if (canShow && mode !== 'off') return findViewed(String(args.confirm_token), request);
        throw new RefusedError('confirm_token: this call needs no confirmation. Leave confirm_token out.');
      }
      if (mode === 'off' && viewed === undefined) return { open: true, confirmation: 'off' };
      await requireOpen(request);
      if (viewed?.answer === 'look') return findViewed(viewed.id, request);
      if (viewed !== undefined) return checkViewed(viewed, request);
      if (state !== undefined) return checkAnswer(state, request);
      if (args.confirm_token !== undefined) {
        if (canShow) return findViewed(String(args.confirm_token), request);
        if (mode !== 'auto' || canAsk) {
          throw new RefusedError(
            'confirm_token: a person has to confirm this call. Leave confirm_token out, and the client asks them.',
          );
        }
        const { shown } = await take(String(args.confirm_token), 'token', request);
        return { open: true, confirmation: 'repeated by the model', shown, requireStill: () => requireOpen(request) };
      }
      if (!canAsk && !canShow && mode === 'strict') {
        throw new RefusedError(
          'A person has to confirm this call, and this client cannot ask one. The operator of this server can use a client that supports elicitation or MCP Apps, or start the server with --confirm auto; you cannot.',
          '--confirm strict, and the client cannot ask',
        );
      }
      return { open: false };
    },

    ask: async (request, preview) => {
      if (asksApprover(request)) return approver.ask(request, preview);
      await requireOpen(request); // the preview took its time
      const { tool, args, caller, called, elicitation, named } = request;
      const { canAsk, canShow = false } = elicitation;
      const [id, secret] = [newId(), newId()];
      const isViewed = canShow && !canAsk;
      const call = { caller, tool: tool.name, args: digestOf(args) };
      const typed = isViewed && preview.shown.typed === undefined ? [] : preview.expected;
      const kept = await store.put(isViewed ? placeOf({ id, secret }) : id, {
        ...call,
        shown: digest(preview.basis),
        expected: typed.map((text) => digest(toTyped(text))),
        by: canAsk ? 'prompt' : isViewed ? 'view' : 'token',
      });
      if (!kept) {
        throw new RefusedError(
          'Too many confirmations are pending. Have them answered, or wait ten minutes: by then they have expired.',
          'too many confirmations are pending',
        );
      }
      if (isViewed) {
        await store.keep(id, call);
        return toViewQuestion({ tool, id, named }, preview, { secret, called, now: today() });
      }
      if (!canAsk) return toQuestion(tool, id, preview, named);
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

/** What a view is told beside the text, which is for the model. */
const forView = <Question>({ viewed }: Elicitation, question: Question): Question | undefined =>
  viewed === undefined ? undefined : question;

const declinedBefore = (elicitation: Elicitation) =>
  new RefusedError(
    'A person was asked less than ten minutes ago and did not confirm this call. Ask them what to do instead.',
    'the client passed on a no to the same call',
    forView(elicitation, 'declined'),
  );

const OTHER_TEXT = {
  message:
    'The person typed something other than the last six characters of the ID. Call again, and they will be asked again.',
  rule: 'the client passed on another text',
};

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
