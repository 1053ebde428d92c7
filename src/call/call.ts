import type { Outcome } from '../audit/entry.ts';
import type { CancelSignal } from '../cancel/cancel-signal.ts';
import type { Tool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { TracedCall } from '../tracing/spans.ts';
import { ReplyError, TransportError } from '../workos/errors.ts';
import { isUnclear, requestIdOf, toErrorResult } from './answer/failure.ts';
import { withFirstNotes, withNote } from './answer/result.ts';
import type { Call, CallObserver } from './caller.ts';
import type { Journal } from './journal.ts';
import { beginState } from './state.ts';
import { type CallContext, type CallEnd, STEPS, type StepDeps } from './steps.ts';

/** What calls need from outside; passed in so that tests can replace it. */
export type CallDeps = {
  readonly steps: StepDeps;
  readonly journal: Journal;
  readonly log: Log;
  readonly observer?: CallObserver | undefined;
  /** Learns of each call that has ended, for traces. */
  readonly endCall?: ((call: TracedCall) => void) | undefined;
};

/** Runs each call through its steps, records its outcome, and turns every error into a result. */
export function createCall({ steps, journal, log, observer, endCall }: CallDeps): Call {
  const { now } = steps;
  return async (tool, args, caller) => {
    const start = now() - (caller.waitedMs ?? 0);
    const own = journal.begin(tool, args, caller);
    const context: CallContext = { deps: steps, tool, rawArgs: args, caller, journal: own, start };
    const state = beginState(endCall !== undefined);
    let ended: CallEnd | undefined;
    let fault: unknown;
    try {
      for (const step of STEPS) {
        const ending = step(context, state);
        ended = (ending && (await ending)) || undefined;
        if (ended !== undefined) break;
      }
      if (ended === undefined) throw new Error('no step has ended the call');
    } catch (error) {
      fault = error;
      const { args, confidential, traffic } = state;
      const { sent } = traffic;
      ended = {
        outcome: toOutcome(error, tool, caller.signal, sent),
        result: toErrorResult(error, { tool, args, confidential, sent, named: caller.named }),
      };
    }
    const { outcome } = ended;
    const result = withFirstNotes(ended.result, state.notes);
    const ms = Math.round(now() - start);
    const { requests, attempts, reply } = state.traffic;
    const status = reply?.status;
    const request_id = reply && requestIdOf(reply);
    const { name, route } = tool;
    const line = { tool: name, route, outcome, status, request_id, requests, attempts, ms, trace: caller.trace };
    writeLine(log, line, fault);
    observer?.countCall(tool.name, outcome, ms, caller.agent);
    const { traced = [] } = state.traffic;
    endCall?.({ tool: tool.name, outcome, begun: start, ms, attempts: traced, trace: caller.trace });
    const rule = fault instanceof RefusedError ? fault.rule : 'the server failed';
    const facts = { status, request_id, requests, attempts, ms, answer: state.answer };
    const isRecorded = await own.close(outcome, rule, facts);
    const told = isRecorded ? result : withNote(result, UNRECORDED);
    await state.confirmed?.settle?.(told);
    return told;
  };
}

const UNRECORDED =
  'The outcome could not be recorded, and nothing more is sent until it can be. Ask the operator of this server to check its audit log.';

function toOutcome(error: unknown, { changes }: Tool, signal: CancelSignal, sent: boolean): Outcome {
  if (error instanceof RefusedError) return 'not sent';
  if (error instanceof ReplyError) return changes && isUnclear(error.reply) ? 'unknown' : 'error';
  if (changes && (error instanceof TransportError ? error.sent : sent)) return 'unknown';
  return signal.aborted ? 'cancelled' : 'error';
}

/** Logs the shape of a call, never its content. */
function writeLine(log: Log, fields: Record<string, unknown>, fault: unknown): void {
  if (fault instanceof TransportError) log.warn({ ...fields, reason: fault.message, sent: fault.sent }, 'no answer');
  else if (fault instanceof ReplyError) log.debug({ ...fields, fault: fault.fault }, 'call');
  else if (fault instanceof RefusedError) log.debug({ ...fields, rule: fault.rule }, 'call');
  else if (fault !== undefined) log.error({ ...fields, error: describe(fault) }, 'failed');
  else log.debug(fields, 'call');
}

/** An internal error for the log: its kind and place, without the message, which may contain values. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const places = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
  return [error.name, ...places.slice(0, 5)].join('\n');
}
