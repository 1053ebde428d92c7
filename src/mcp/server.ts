import {
  CLIENT_CAPABILITIES_META_KEY,
  type InputRequiredResult,
  isInputRequiredResult,
  McpServer,
  ProtocolError,
  ProtocolErrorCode,
  SdkError,
  SdkErrorCode,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Call, Caller } from '../call/caller.ts';
import type { ApprovalWait } from '../call/confirm/approvals.ts';
import { PENDING_MS } from '../call/confirm/pending.ts';
import type { Elicitation } from '../call/confirm/person-answer.ts';
import { RefusedError } from '../errors.ts';
import { ANY_RESPONSE } from './any-response.ts';
import { toOpening, waitForApprover } from './approver-wait.ts';
import { openCall } from './call-tools.ts';
import { type ClientFeatures, toFeatures } from './client-features.ts';
import type { CallParams, DirectTool } from './direct-tool.ts';
import { withHeartbeat } from './heartbeat.ts';
import type { Offer } from './offer.ts';
import { toInitializeResult } from './offer.ts';
import { type CallLookup, servePrompts } from './prompts/serve.ts';
import { formWith, type OfferWithViews } from './view/offer.ts';
import { serveView } from './view/serve.ts';

/** A process never changes its tools, but the operator may start the next one with other grants. */
const CACHE = { ttlMs: 60_000, cacheScope: 'private' } as const;

/** What a transport knows of a caller, beside its offer. */
export type CallerParts = Pick<
  Caller,
  'trace' | 'waitedMs' | 'waitOutside' | 'stillAllowed' | 'requester' | 'spendDelete' | 'spendPage'
>;

/**
 * Creates the server of one caller, with only the tools that the caller is offered. No tool or prompt is registered
 * with the SDK: `call` parses arguments and truncates answers itself, so that one place words and records each refusal.
 */
export function createServer(
  own: OfferWithViews,
  call: Call,
  version: string,
  caller: CallerParts,
  /** What the client's session says of it. Over stdio the SDK knows it from the client's initialize. */
  session?: ClientFeatures,
): McpServer {
  const { forViews } = own;
  const { serverInfo, capabilities, ...others } = toInitializeResult(own, version);
  const mcp = new McpServer(serverInfo, {
    ...others,
    capabilities: { ...capabilities, ...(forViews && { resources: { listChanged: false } }) },
    cacheHints: { 'tools/list': CACHE, 'prompts/list': CACHE },
  });
  const { server } = mcp;
  const featuresOf = (request?: McpRequest): ClientFeatures | undefined => {
    const declared = Object(request?.envelope)[CLIENT_CAPABILITIES_META_KEY] ?? server.getClientCapabilities();
    return declared === undefined ? session : toFeatures(declared);
  };
  const offerTo = (request: McpRequest): Offer => (featuresOf(request)?.canShow && forViews?.()) || own;
  if (forViews !== undefined) serveView(mcp, featuresOf);
  server.setRequestHandler('tools/list', (_, { mcpReq }) => offerTo(mcpReq).list);
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
    const offer = offerTo(mcpReq);
    const { name, tool, args, via, viewed } = openCall(offer, params.name, params.arguments);
    if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Tool ${name} not found`);
    const { signal } = mcpReq;
    const onProgress = toProgress(mcpReq);
    const by = toCaller(offer, caller);
    const elicitation = { ...toElicitation(mcpReq, featuresOf(mcpReq)), viewed };
    let waiting: ApprovalWait | undefined;
    const start = (elicitation: Elicitation, waitedMs = caller.waitedMs, sent = args) => {
      const onWaiting = (wait: ApprovalWait) => {
        waiting = wait;
      };
      return call(tool, sent, by({ via, waitedMs, elicitation, signal, onProgress, onWaiting }));
    };
    const result = await start(elicitation);
    if (waiting !== undefined) {
      const wait: ApprovalWait = waiting;
      const isFirst = elicitation.state === undefined && Object(args).confirm_token === undefined;
      const opens = isFirst && featuresOf(mcpReq)?.canOpen === true;
      if (opens && isModern(mcpReq)) return toOpening(wait);
      const { send, notify } = mcpReq;
      const { waitOutside } = caller;
      const goesOn = await waitForApprover(wait, { send, notify, signal, onProgress, waitOutside, opens });
      // It passes all checks from the start. The timeout begins again, since the approver's time does not count.
      return goesOn ? start({ canAsk: false }, 0, { ...Object(args), confirm_token: wait.id }) : result;
    }
    // Clients of 2026-07-28 ask the person on this result and call again. Others are elicited while the call waits.
    if (!isInputRequiredResult(result) || isModern(mcpReq)) return result;
    const answer = await elicit(result, mcpReq, { onProgress, waitOutside: caller.waitOutside });
    // The timeout begins again: a person's time does not count towards it.
    return start({ canAsk: true, state: result.requestState, ...answer }, 0);
  });
  const lookUp: CallLookup = async (tool, args, signal) => {
    const result = await call(tool, args, toCaller(own, caller)({ elicitation: { canAsk: false }, signal }));
    return isInputRequiredResult(result) || result.isError ? undefined : result.structuredContent;
  };
  if (own.prompts.size > 0) servePrompts(server, own.prompts, own, lookUp);
  return mcp;
}

/**
 * One tool of an offer without a server, for clients from before 2026-07-28. `undefined` if the offer has no tool of
 * that name, if the tool may have to elicit an answer and the client supports that, or if an approver has to confirm.
 */
export function toDirectTool(
  own: OfferWithViews,
  params: CallParams,
  call: Call,
  { canAsk, canShow, ...caller }: CallerParts & ClientFeatures,
): DirectTool | undefined {
  const offer = (canShow && own.forViews?.()) || own;
  const { tool, args, via, viewed } = openCall(offer, params.name, params.arguments);
  if (tool === undefined || ((canAsk || offer.confirm === 'person') && tool.confirmable)) return undefined;
  const by = toCaller(offer, caller);
  return ({ _meta }, { signal, notify }) =>
    call(
      tool,
      args,
      by({ via, elicitation: { canAsk: false, canShow, viewed }, signal, onProgress: toProgress({ _meta, notify }) }),
    );
}

/** Whether a call may ask a person: of a call tool, whether the tool that it names may. */
export function mayAsk(offer: OfferWithViews, { name, arguments: sent }: CallParams): boolean {
  return offer.confirm !== 'off' && openCall(offer, name, sent).tool?.confirmable === true;
}

/** What the record has of a call that the protocol itself refuses. */
export function toRefusal(own: OfferWithViews, called: unknown, sent: unknown) {
  const offer = formWith(own, called);
  const { name, args, via } = openCall(offer, called, sent);
  return { ...offer.whyRefused(name), args, via };
}

type OwnParts = Pick<Caller, 'via' | 'elicitation' | 'signal' | 'onProgress' | 'onWaiting' | 'waitedMs'>;

/** Each member by its name: for every call, copies by spread would be the larger part of its work here. */
const toCaller =
  ({ agent, confirm, clientAsks, samePerson, dryRun, verdictOn, markerOf, named }: Offer, parts: CallerParts) =>
  ({ via, elicitation, signal, onProgress, onWaiting, waitedMs = parts.waitedMs }: OwnParts): Caller => ({
    agent,
    verdictOn,
    stillAllowed: parts.stillAllowed,
    markerOf,
    confirm,
    clientAsks,
    samePerson,
    requester: parts.requester,
    onWaiting,
    via,
    named,
    elicitation,
    dryRun,
    signal,
    waitedMs,
    waitOutside: parts.waitOutside,
    trace: parts.trace,
    spendDelete: parts.spendDelete,
    spendPage: parts.spendPage,
    onProgress,
  });

type McpRequest = ServerContext['mcpReq'];

const isModern = ({ envelope }: McpRequest): boolean => Object(envelope)[CLIENT_CAPABILITIES_META_KEY] !== undefined;

/** Reports the progress of a call to the client, if the client asked for progress. */
function toProgress({ _meta, notify }: Pick<McpRequest, 'notify'> & { readonly _meta?: object | undefined }) {
  const { progressToken } = Object(_meta);
  if (typeof progressToken !== 'string' && typeof progressToken !== 'number') return undefined;
  return (progress: number, total?: number) => {
    const params = { progressToken, progress, ...(total !== undefined && { total }) };
    // Progress is best effort: the transport handles a client that has disconnected.
    notify({ method: 'notifications/progress', params }).catch(() => {});
  };
}

/** The client's response to an elicitation, or why there is none. */
async function elicit(
  { inputRequests }: InputRequiredResult,
  { send, signal }: McpRequest,
  { onProgress, waitOutside }: Pick<Caller, 'onProgress' | 'waitOutside'>,
): Promise<Pick<Elicitation, 'response' | 'failure'>> {
  const { params } = Object(inputRequests?.confirm);
  try {
    const request = { method: 'elicitation/create', params: { mode: 'form', ...params } };
    const ask = () => waitOutside(() => send(request, ANY_RESPONSE, { timeout: PENDING_MS, signal }));
    return { response: await withHeartbeat(onProgress, ask) };
  } catch (error) {
    if (signal.aborted) return { failure: 'cancelled' };
    if (error instanceof RefusedError) return { failure: 'full' };
    return { failure: SdkError.isInstance(error) && error.code === SdkErrorCode.RequestTimeout ? 'timeout' : 'error' };
  }
}

function toElicitation(
  { requestState, inputResponses }: McpRequest,
  features: ClientFeatures | undefined,
): Elicitation {
  return {
    ...(features ?? { canAsk: false }),
    state: requestState(),
    response: Object(inputResponses).confirm,
  };
}
