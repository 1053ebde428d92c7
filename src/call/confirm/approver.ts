import type { CallToolResult } from '@modelcontextprotocol/server';
import type { ApproverFacts } from '../../audit/entry.ts';
import { MAX_REASON_CHARS } from '../../catalog/server-arguments.ts';
import { cleanText } from '../../visible.ts';
import {
  type Answered,
  APPROVAL_MS,
  type Approval,
  type ApprovalAnswer,
  type Approvals,
  type ApprovalWait,
  MAX_WORDS_CHARS,
} from './approvals.ts';
import { isDeclinedFor, toDeclined } from './declined.ts';
import {
  declinedBefore,
  declinedNow,
  held,
  noApprover,
  noConsole,
  notAnyMore,
  notByClient,
  notValid,
  otherArguments,
  tooManyWait,
} from './faults.ts';
import { identityOf } from './find-object.ts';
import type { ConfirmationOutcome, ConfirmationRequest, GateDeps } from './outcome.ts';
import type { Preview } from './preview.ts';

/**
 * Whether an approver in the console has to confirm. What a client asks or shows counts only where the operator trusts
 * it: an agent may be its own client.
 */
export const asksApprover = ({ mode, clientAsks, elicitation }: ConfirmationRequest): boolean =>
  mode === 'person' && !(clientAsks === 'trusted' && (elicitation.canAsk || elicitation.canShow === true));

/** Confirms calls by approvers in the console. */
export function createApproverGate({
  store,
  approvals,
  environment,
  newId,
  digest,
  digestOf,
  today,
}: ApproverGateDeps) {
  const handleOf = (id: string) => digest(['approval', id]);

  const toWait = ({ store: waiting, url }: Approvals, id: string): ApprovalWait => {
    const handle = handleOf(id);
    return {
      id,
      handle,
      address: `${url}/waiting/${handle}`,
      isOver: async (ms, signal) => {
        await waiting.waitFor(handle, ms, signal);
        const found = await waiting.find(handle);
        return found === undefined || found.answer !== undefined;
      },
    };
  };

  /** The approval of a confirmation ID, if it is that of this call. */
  const find = async (
    { store: waiting, isShared }: Approvals,
    id: string,
    request: ConfirmationRequest,
  ): Promise<Answered> => {
    const { tool, args, caller, requester } = request;
    const found = await waiting.find(handleOf(id));
    const isOurs =
      found !== undefined &&
      found.approval.caller === caller &&
      found.approval.tool === tool.name &&
      found.approval.environment === environment.name &&
      digest(found.approval.requester ?? null) === digest(requester ?? null);
    if (!isOurs) throw notValid(isShared ? 'approver' : 'approver, here alone');
    if (found.approval.args !== digestOf(args)) throw otherArguments();
    return found;
  };

  const decline = async (
    { store: waiting }: Approvals,
    { approval, answer }: Answered & { readonly answer: ApprovalAnswer },
    { tool, args, caller }: ConfirmationRequest,
  ): Promise<ConfirmationOutcome> => {
    await waiting.take(approval.handle);
    await store.decline(caller, toDeclined(tool, args));
    const words = toOneLine(answer.words, MAX_WORDS_CHARS);
    const refusal = declinedNow(words === undefined ? '' : ` The approver says: "${words}".`);
    return { open: false, refusal, by: toApproverFacts(answer) };
  };

  const pass = async (request: ConfirmationRequest): Promise<ConfirmationOutcome> => {
    const { isNeeded, tool, args, caller, elicitation, onWaiting } = request;
    const { state, viewed } = elicitation;
    const given = args.confirm_token ?? (tool.confirmable ? state : undefined);
    if (viewed !== undefined) throw notByClient();
    if (!isNeeded && given === undefined) {
      if (await isDeclinedFor(store, request)) throw declinedBefore();
      return { open: true };
    }
    if (approvals === undefined) throw noConsole();
    const id = given === undefined ? undefined : String(given);
    const found = id === undefined ? undefined : await find(approvals, id, request);
    const { approval, answer } = found ?? {};
    // A no comes first: it reaches the agent with the approver's words, though it binds already.
    if (approval !== undefined && answer?.answer === 'no') return decline(approvals, { approval, answer }, request);
    if (await store.isDeclined(caller, toDeclined(tool, args))) throw declinedBefore();
    if (await approvals.store.isHeld(caller)) throw held();
    if (id === undefined || approval === undefined) return { open: false, seesAll: true };
    if (answer === undefined) {
      const wait = toWait(approvals, id);
      onWaiting?.(wait);
      return { open: false, repeated: toWaiting(wait, approval, request) };
    }
    const requireApprover = () => {
      const now = { ...approval, samePerson: request.samePerson ?? 'allow' };
      if (!approvals.stillApproves(now, answer)) throw notAnyMore();
    };
    // Taken first, so that two calls cannot both go through.
    if ((await approvals.store.take(approval.handle)) === undefined) throw notValid('approver');
    requireApprover();
    return { open: true, confirmation: 'console', shown: approval.basis, by: toApproverFacts(answer), requireApprover };
  };

  const ask = async (request: ConfirmationRequest, preview: Preview): Promise<CallToolResult> => {
    const { tool, args, caller, requester, samePerson = 'allow', takesCredentials, reason, onWaiting } = request;
    if (approvals === undefined) throw noConsole();
    const wait = toWait(approvals, newId());
    const approval: Approval = {
      handle: wait.handle,
      caller,
      requester,
      tool: tool.name,
      environment: environment.name,
      environmentLabel: environment.label,
      takesCredentials,
      args: digestOf(args),
      basis: digest(preview.basis),
      about: preview.about,
      shown: preview.shown,
      reason: toOneLine(reason, MAX_REASON_CHARS),
      samePerson,
      askedAt: today(),
      until: today() + APPROVAL_MS,
    };
    if (!approvals.hasApprover(approval)) throw noApprover();
    if (!(await approvals.store.put(approval))) throw tooManyWait();
    onWaiting?.(wait);
    return toWaiting(wait, approval, request);
  };

  return { pass, ask };
}

type ApproverGateDeps = GateDeps & { readonly digestOf: (args: ConfirmationRequest['args']) => string };

/** What the record has of an answer. */
export const toApproverFacts = ({ approver, by, isSamePerson }: ApprovalAnswer): ApproverFacts => ({
  approver,
  approver_by: by === 'link' ? 'link' : 'issuer',
  ...(isSamePerson && { same_person: true }),
});

/** A text as one visible line. @returns `undefined` where nothing is left of it */
function toOneLine(text: string | undefined, maxChars: number): string | undefined {
  const line = cleanText((text ?? '').replace(/\s+/gu, ' ')).text.trim();
  return line === '' ? undefined : line.slice(0, maxChars);
}

/**
 * The result of a call that waits. It has nothing that was read for the preview: what an approver sees may be more than
 * the agent may read.
 */
function toWaiting(
  { id, address }: ApprovalWait,
  { until }: Pick<Approval, 'until'>,
  { tool, args, named = String }: ConfirmationRequest,
): CallToolResult {
  const { name } = tool;
  const next = `Tell the people you work for that an approver can confirm it at ${address}. To go on, call ${named(name)} again with the same arguments and confirm_token="${id}": that call waits for the answer, and sends this one after a yes.`;
  const confirmation = {
    status: 'waiting',
    confirmation_id: id,
    tool: name,
    object: String(args[identityOf(tool).argument]),
    console: address,
    expires_at: new Date(until).toISOString(),
    next_step: next,
  };
  return {
    content: [{ type: 'text', text: `${name} was not sent yet: it waits for an approver. ${next}` }],
    structuredContent: { confirmation },
  };
}
