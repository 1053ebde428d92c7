import type { Outcome } from '../audit/entry.ts';
import type { Arguments } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import { createEventView } from '../events/view.ts';
import { isObject } from '../json.ts';
import type { KeyedEnvironment } from '../workos/environment.ts';
import { resolveConstants, toRequest } from '../workos/request.ts';
import { answerResult } from './answer/answer.ts';
import { collectPages } from './answer/collect.ts';
import { selectFields } from './answer/fields.ts';
import { toResult } from './answer/result.ts';
import { byteLength } from './answer/size.ts';
import { isWalk, toFilter } from './answer/where.ts';
import { parseArguments, withKey } from './arguments.ts';
import type { Caller, CallResult } from './caller.ts';
import { checkKind } from './check-kind.ts';
import { toConfidential } from './confidential.ts';
import { asksApprover } from './confirm/approver.ts';
import { noPreview } from './confirm/find-object.ts';
import type { ConfirmationGate } from './confirm/gate.ts';
import { lookFirst, notRead } from './confirm/look-first.ts';
import { beyondPace, type KeepPace } from './confirm/pace.ts';
import { isNo } from './confirm/person-answer.ts';
import { type Preview, toPreview } from './confirm/preview.ts';
import { toConfirmationRequest } from './confirmation-request.ts';
import { toDryRun } from './dry-run.ts';
import type { Exchange } from './exchange.ts';
import type { CallJournal } from './journal.ts';
import { withCaseNote } from './letter-case.ts';
import { toRule } from './rule.ts';
import { createSideRead } from './side-reads.ts';
import type { CallState } from './state.ts';
import { requireAllowed } from './verdict.ts';
import { type EventWaits, waitForEvents } from './wait.ts';

/**
 * The steps of every call, in order. A step refuses the call by throwing, or ends it by returning its end. Otherwise
 * the next step runs.
 */
export const STEPS: readonly Step[] = [
  conceal, // First: a refusal may quote arguments, so the confidential ones must be known before any refusal.
  allow, // Before the arguments are read: only an agent that may call the tool learns what is wrong with them.
  stillAllowed, // Again, if the call waited in line or for a person. The layer below the rate limits asks before it sends.
  parse, // Before anything uses an argument.
  admit, // After the arguments are parsed, which decide the kind of a call; before anything is done for it.
  answerLocally, // Before the dry run: it sends nothing, so there is nothing to withhold.
  build, // Before a person is asked: a request that cannot be built is refused at once.
  hearNo, // Before anything is read: a no binds also where WorkOS cannot be reached, or has changed meanwhile.
  look, // Before the dry run: what WorkOS has now may refuse the call, or have a person asked.
  dryRun, // Before the confirmation: a person is not asked about a call that is not sent.
  confirm, // Before the decision: the record states how the call was confirmed, or that a person was asked.
  decide, // Before anything that may change data: a call that cannot be recorded is not sent.
  recheck, // After the last wait for a person or the record: the object may have changed since the preview.
  spend, // After every other refusal: a refused delete does not count against the agent's limit.
  waitForEvents, // In the place of what sends: after all that may refuse a call.
  send,
];

// biome-ignore lint/suspicious/noConfusingVoidType: a step may return the journal's own promise
type Ending = CallEnd | undefined | void;

/** A synchronous step returns no promise, so that the call does not wait for it. */
export type Step = (context: CallContext, state: CallState) => undefined | Promise<Ending>;

/** How a call ended, and the result for its client. */
export type CallEnd = { readonly outcome: Outcome; readonly result: CallResult };

/** A call and what it needs to run. */
export type CallContext = {
  readonly deps: StepDeps;
  readonly tool: Tool;
  /** As the client sent them. */
  readonly rawArgs: unknown;
  readonly caller: Caller;
  readonly journal: CallJournal;
  /** When the call came in, in milliseconds of the clock. */
  readonly start: number;
};

export type CallSettings = {
  /** Milliseconds for a whole call, without the wait for a person. */
  readonly timeout: number;
  /** The most items that one call may collect from pages. */
  readonly maxItems: number;
  /** The most bytes of a result's JSON. */
  readonly maxResultBytes: number;
};

/** What all calls to one WorkOS environment share. */
export type StepDeps = {
  readonly environment: KeyedEnvironment;
  readonly settings: CallSettings;
  readonly toolOf: (name: string) => Tool | undefined;
  readonly exchange: Exchange;
  readonly gate: ConfirmationGate;
  readonly keepsPace: KeepPace;
  /** Absent where no tool lists events. */
  readonly waits?: EventWaits | undefined;
  /** Makes Idempotency-Keys. */
  readonly newKey: () => string;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
};

function conceal({ deps, tool, rawArgs, caller }: CallContext, state: CallState): undefined {
  const sent = isObject(rawArgs) ? rawArgs : {};
  const view = tool.events && createEventView(tool.events, { ...caller, toolOf: deps.toolOf });
  state.confidential = toConfidential(tool, sent, caller.markerOf(tool), deps.environment.apiKey, view);
}

function allow({ tool, caller }: CallContext, state: CallState): undefined {
  state.verdict = requireAllowed(caller.verdictOn(tool));
}

function stillAllowed({ tool, caller }: CallContext): undefined | Promise<void> {
  return caller.stillAllowed?.(tool);
}

function parse({ deps, tool, rawArgs, journal, caller }: CallContext, state: CallState): undefined {
  const { args, notes } = parseArguments(tool, rawArgs, deps.settings);
  journal.understand(args);
  state.notes = [...(caller.via?.notes ?? []), ...notes];
  const { view } = state.confidential;
  state.args = view ? { ...args, events: view.choose(args.events) } : withKey(tool, args, deps.newKey);
  state.selection = selectFields(tool, state.args);
  state.filter = toFilter(tool, state.args, state.confidential);
}

function admit({ tool, caller }: CallContext, { args, takesCredentials }: CallState): undefined {
  const { via, markerOf } = caller;
  if (via !== undefined) checkKind(via, tool, args, { isRestricted: markerOf(tool) !== undefined, takesCredentials });
}

function answerLocally(context: CallContext, state: CallState): undefined | Promise<CallEnd> {
  const { deps, tool } = context;
  if (tool.local === undefined) return undefined;
  const { label, baseUrl, clientId } = deps.environment;
  const value = tool.local({ ...state.args, ...resolveConstants(tool, { clientId }) }, { label, baseUrl });
  return Promise.resolve(value).then((answer) => endHere(context, state, 'ok', answer));
}

function dryRun(context: CallContext, state: CallState): undefined | Promise<CallEnd> {
  const { deps, tool, caller } = context;
  if (!caller.dryRun || !tool.changes) return undefined;
  const rehearsal = toDryRun(tool, state.args, deps.environment, tool.before && { because: state.occasion?.because });
  return endHere(context, state, 'dry run', rehearsal);
}

function build({ deps, tool }: CallContext, state: CallState): undefined {
  state.request = toRequest(tool, state.args, deps.environment);
}

function hearNo(context: CallContext, state: CallState): undefined | Promise<void> {
  if (!isNo(context.caller.elicitation)) return undefined;
  const question = toConfirmationRequest(context, state);
  // An approver answers in the console, whose answer is not to be used up here.
  return asksApprover(question) ? undefined : context.deps.gate.pass(question).then(() => undefined);
}

function look(context: CallContext, state: CallState): undefined | Promise<undefined> {
  const { deps, tool, caller } = context;
  const { before } = tool;
  if (before === undefined) return undefined;
  const read = createSideRead(context, state.traffic, notRead);
  const mayRead = (other: Tool) => caller.verdictOn(other).allowed;
  const { toolOf } = deps;
  return lookFirst({ ...tool, before }, state.args, { read, toolOf, verdict: state.verdict, mayRead }).then((end) => {
    state.occasion = end.occasion;
    state.takesCredentials = end.takesCredentials === true;
    return admit(context, state);
  });
}

function confirm(context: CallContext, state: CallState): undefined | Promise<CallEnd | undefined> {
  const { confirmable, confirm } = context.tool;
  // Most calls can need no confirmation, and are not awaited here. The gate refuses one that comes with a token.
  const isPlain = !confirmable && typeof confirm !== 'object' && state.occasion === undefined;
  return isPlain && state.args.confirm_token === undefined ? undefined : passGate(context, state);
}

async function passGate(context: CallContext, state: CallState): Promise<CallEnd | undefined> {
  const { deps, tool, caller, journal } = context;
  const { gate } = deps;
  state.occasion ??= await beyondPace(tool, state.args, caller, deps.keepsPace);
  const question = toConfirmationRequest(context, state);
  const outcome = await gate.pass(question);
  if ('by' in outcome && outcome.by !== undefined) journal.answeredBy(outcome.by);
  if ('refusal' in outcome) throw outcome.refusal;
  if (!outcome.open && outcome.repeated !== undefined) {
    await journal.decide('ask', `${toRule(tool, state)}, repeated with its confirmation ID`);
    return { outcome: 'asked', result: outcome.repeated };
  }
  if (!outcome.open) {
    const because = state.occasion === undefined ? '' : `, because ${state.occasion.because}`;
    await journal.decide('ask', `${toRule(tool, state)}${because}`);
    return { outcome: 'asked', result: await gate.ask(question, await lookUp(context, state, outcome.seesAll)) };
  }
  state.confirmed = outcome;
  return undefined;
}

function decide({ tool, journal }: CallContext, state: CallState): Promise<void> {
  return journal.decide('allowed', toRule(tool, state), state.confirmed?.confirmation);
}

function recheck(context: CallContext, state: CallState): undefined | Promise<undefined> {
  const { shown, confirmation } = state.confirmed ?? {};
  if (shown === undefined) return undefined;
  return lookUp(context, state, confirmation === 'console').then((preview) => {
    if (context.deps.gate.isSame(preview, shown)) return undefined;
    throw new RefusedError(
      'The object, or an object linked to it, has changed since the preview. Call again without the confirmation.',
      'the object has changed since the preview',
    );
  });
}

function spend({ tool, caller }: CallContext): undefined | Promise<void> {
  return tool.access === 'delete' ? caller.spendDelete?.() : undefined;
}

/** Asks right before a request is sent. A confirmation is asked about last: an issuer's keys may have to be waited for. */
function stillToBeSent(context: CallContext, { confirmed }: CallState): undefined | Promise<void> {
  const allowed = stillAllowed(context);
  return confirmed?.requireStill ? Promise.resolve(allowed).then(confirmed.requireStill) : allowed;
}

async function send(context: CallContext, state: CallState): Promise<CallEnd> {
  const { deps, tool, caller, start } = context;
  const { environment, settings, exchange, now } = deps;
  const { args, notes, request, selection, filter, traffic, confidential } = state;
  const { agent, signal, named } = caller;
  const still = () => stillToBeSent(context, state);
  const onBehalf = { agent, signal, deadline: start + settings.timeout, stillAllowed: still, traffic, confidential };
  const options = {
    tool,
    args,
    confidential,
    sent: false,
    named,
    selection,
    filter,
    // The notes are added to the result.
    maxBytes: settings.maxResultBytes - (notes.length === 0 ? 0 : byteLength(JSON.stringify({ notes }))),
    // So that a change in production is not mistaken for one in staging.
    extra: tool.access === 'read' ? {} : { environment: environment.label },
  };
  if (!isWalk(args)) {
    const answer = await exchange(tool, args, onBehalf, request);
    state.answer = answer.value;
    // 404 on a retried delete: either the first attempt deleted the object, or it never existed.
    const isClear = answer.reply.status !== 404;
    return { outcome: isClear ? 'ok' : 'unknown', result: withCaseNote(answerResult(answer, options), tool, args) };
  }
  let pages = 0;
  const fetch = async (page: Arguments) => {
    pages += 1;
    if (pages > 1) await caller.spendPage?.();
    const answer = await exchange(tool, page, onBehalf);
    state.answer = answer.value;
    return answer;
  };
  const result = await collectPages(fetch, options, {
    maxItems: settings.maxItems,
    isCancelled: () => signal.aborted,
    // The remaining time must be enough for one more page.
    isOutOfTime: () => now() - start > settings.timeout * 0.8,
    onProgress: (progress, total) => caller.onProgress?.(progress, total),
  });
  return { outcome: 'ok', result: withCaseNote(result, tool, args) };
}

/** Ends a call that sends nothing, after it is recorded as allowed. */
async function endHere(
  { tool, journal }: CallContext,
  state: CallState,
  outcome: Outcome,
  value: Record<string, unknown>,
): Promise<CallEnd> {
  await journal.decide('allowed', toRule(tool, state));
  return { outcome, result: toResult(value) };
}

/**
 * Makes the preview of a call for a person. Throws RefusedError if it cannot.
 * @param seesAll whether it shows what the agent may not read, too
 */
function lookUp(context: CallContext, state: CallState, seesAll = false): Promise<Preview> {
  const { deps, tool, caller } = context;
  const { occasion } = state;
  const read = createSideRead(context, state.traffic, noPreview, seesAll);
  const mayRead = (other: Tool) => seesAll || caller.verdictOn(other).allowed;
  const preview = { read, toolOf: deps.toolOf, mayRead, environment: deps.environment.label };
  return toPreview(tool, state.args, preview, occasion && seesAll ? { ...occasion, isReadable: true } : occasion);
}
