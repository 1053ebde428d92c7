import type { CallToolResult } from '@modelcontextprotocol/server';
import type { ApproverFacts } from '../../audit/entry.ts';
import { MAX_REASON_CHARS } from '../../catalog/server-arguments.ts';
import { cleanText, withoutStacks } from '../../visible.ts';
import {
  type Answered,
  APPROVAL_MS,
  type Approval,
  type ApprovalAnswer,
  type ApprovalStore,
  type Approvals,
  type ApprovalWait,
  MAX_WORDS_CHARS,
} from './approvals.ts';
import { isDeclinedFor, toDeclined, unlessRefused } from './declined.ts';
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
import { beginningOf } from './shown-text.ts';

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
  // A digest under a key: who knows the handle, as the console and its addresses do, cannot confirm with it.
  const toConfirmationId = (handle: string) => `${handle}${digest(['confirmation', handle]).slice(0, PROOF_CHARS)}`;
  const handleOf = (id: string): string | undefined => {
    const handle = id.slice(0, -PROOF_CHARS);
    // Digests are compared, so that the time that it takes tells nothing of the ID.
    return digest(toConfirmationId(handle)) === digest(id) ? handle : undefined;
  };

  const toWait = ({ store: waiting, url }: Approvals, handle: string): ApprovalWait => ({
    id: toConfirmationId(handle),
    handle,
    address: `${url}/waiting/${handle}`,
    isOver: async (ms, signal) => {
      await waiting.waitFor(handle, ms, signal);
      const found = await waiting.find(handle);
      return found === undefined || found.answer !== undefined;
    },
  });

  /** The approval of a confirmation ID, if it is that of this call. */
  const find = async (
    { store: waiting, isShared }: Approvals,
    id: string,
    request: ConfirmationRequest,
  ): Promise<Answered> => {
    const { tool, args, caller, requester } = request;
    const handle = handleOf(id);
    const found = handle === undefined ? undefined : await waiting.find(handle);
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
    await store.decline(caller, toDeclined(tool, args)).catch(unlessRefused); // the words reach the agent all the same
    const words = toOneLine(answer.words, MAX_WORDS_CHARS);
    const refusal = declinedNow(words === undefined ? '' : ` The approver says: "${words}".`);
    return { open: false, refusal, by: toApproverFacts(answer) };
  };

  /** Asked after each wait: meanwhile there may have been a no to the same call, or the third one of an hour. */
  const requireOpen = async (
    { store: waiting }: Approvals,
    { tool, args, caller }: Pick<ConfirmationRequest, 'tool' | 'args' | 'caller'>,
  ): Promise<void> => {
    if (await store.isDeclined(caller, toDeclined(tool, args))) throw declinedBefore();
    if (await waiting.isHeld(caller)) throw held();
  };

  const pass = async (request: ConfirmationRequest): Promise<ConfirmationOutcome> => {
    const { isNeeded, tool, args, elicitation, onWaiting } = request;
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
    await requireOpen(approvals, request);
    if (approval === undefined) return { open: false, seesAll: true };
    if (answer === undefined) {
      const wait = toWait(approvals, approval.handle);
      onWaiting?.(wait);
      return { open: false, repeated: toWaiting(wait, approval, request) };
    }
    const stillApproves = () =>
      approvals.stillApproves({ ...approval, samePerson: request.samePerson ?? 'allow' }, answer);
    // Taken first, so that two calls cannot both go through.
    if ((await approvals.store.take(approval.handle)) === undefined) throw notValid('approver');
    const by = toApproverFacts(answer);
    if (!stillApproves()) return { open: false, refusal: notAnyMore(), by };
    const requireStill = async () => {
      await requireOpen(approvals, request);
      if (!stillApproves()) throw notAnyMore();
    };
    return { open: true, confirmation: 'console', shown: approval.basis, by, requireStill };
  };

  /**
   * The call that waits for an answer already and that an approver could not tell from this one. A client that lost the
   * confirmation ID comes back to it in this way, and approvers are asked once. A yes is not found like this: it counts
   * for calls that wait, and with its ID.
   */
  const findEqual = async (store: ApprovalStore, { caller, args, basis }: Approval, content: string) =>
    (await store.list())
      .filter((other) => other.caller === caller && other.args === args && other.basis === basis) // there may be many
      .find((other) => digest(toContent(other)) === content);

  /** What is being put, by its content: equal calls at the same time are asked about once. */
  const putting = new Map<string, Promise<Approval>>();
  const putOnce = (store: ApprovalStore, approval: Approval): Promise<Approval> => {
    const content = digest(toContent(approval));
    const put = async (): Promise<Approval> => {
      const waiting = await findEqual(store, approval, content);
      if (waiting === undefined && !(await store.put(approval))) throw tooManyWait();
      return waiting ?? approval;
    };
    const asked = putting.get(content) ?? put().finally(() => putting.delete(content));
    putting.set(content, asked);
    return asked;
  };

  const ask = async (request: ConfirmationRequest, preview: Preview): Promise<CallToolResult> => {
    const { tool, args, caller, requester, samePerson = 'allow', takesCredentials, reason, onWaiting } = request;
    if (approvals === undefined) throw noConsole();
    const approval: Approval = {
      handle: newId(),
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
    await requireOpen(approvals, request); // the preview took its time
    if (!approvals.hasApprover(approval)) throw noApprover();
    const asked = await putOnce(approvals.store, approval);
    const wait = toWait(approvals, asked.handle);
    onWaiting?.(wait);
    return toWaiting(wait, asked, request);
  };

  return { pass, ask };
}

/** Characters of a confirmation ID that prove that the server made it. */
const PROOF_CHARS = 22;

/** What an approver decides about: not when it was asked, nor what the agent says its reason is. */
const toContent = ({ handle: _, askedAt: _asked, until: _until, reason: _reason, ...content }: Approval) => content;

type ApproverGateDeps = GateDeps & { readonly digestOf: (args: ConfirmationRequest['args']) => string };

/** What the record has of an answer. */
export const toApproverFacts = ({ approver, by, isSamePerson }: ApprovalAnswer): ApproverFacts => ({
  approver,
  approver_by: by === 'link' ? 'link' : 'issuer',
  ...(isSamePerson && { same_person: true }),
});

/** A text as one visible line. @returns `undefined` where nothing is left of it */
function toOneLine(text: string | undefined, maxChars: number): string | undefined {
  const line = withoutStacks(cleanText((text ?? '').replace(/\s+/gu, ' ')).text).trim();
  return line === '' ? undefined : beginningOf(line, maxChars);
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
