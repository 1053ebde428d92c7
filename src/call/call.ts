import type { Outcome } from '../audit/entry.ts';
import type { Tool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import type { Log } from '../log.ts';
import { ReplyError, TransportError } from '../workos/errors.ts';
import { isUnclear, toErrorResult } from './answer/failure.ts';
import { withNote } from './answer/result.ts';
import type { Call, CallObserver } from './caller.ts';
import { NOTHING } from './confidential.ts';
import { createTraffic } from './exchange.ts';
import type { Journal } from './journal.ts';
import type { Course, Ended, Run } from './steps.ts';

/** What calls need from outside; handed in so that tests and other transports can bring their own. */
export type CallDeps = {
  readonly run: Run;
  readonly journal: Journal;
  readonly log: Log;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly observer?: CallObserver | undefined;
};

/** Runs each call between its decision and its outcome on record, and turns whatever goes wrong into a result. */
export function createCall({ run, journal, log, now, observer }: CallDeps): Call {
  return async (tool, args, caller) => {
    const start = now();
    const course: Course = {
      start,
      args: {},
      confidential: NOTHING,
      traffic: createTraffic(),
      journal: journal.begin(tool, caller.agent, args, caller.trace),
    };
    let ended: Ended;
    let fault: unknown;
    try {
      ended = await run(tool, args, caller, course);
    } catch (error) {
      fault = error;
      const { sent } = course.traffic;
      ended = {
        outcome: toOutcome(error, tool, caller.signal, sent),
        result: toErrorResult(error, { tool, ...course, sent }),
      };
    }
    const { outcome, result } = ended;
    const ms = Math.round(now() - start);
    const { requests, attempts, reply } = course.traffic;
    const facts = { status: reply?.status, request_id: reply?.headers['x-request-id'], requests, attempts, ms };
    writeLine(log, { tool: tool.name, route: tool.route, outcome, ...facts, trace: caller.trace }, fault);
    observer?.countCall(tool.name, outcome, ms);
    const rule = fault instanceof RefusedError ? fault.rule : 'the server failed';
    const isRecorded = await course.journal.close(outcome, rule, { ...facts, answer: course.answer });
    return isRecorded ? result : withNote(result, UNRECORDED);
  };
}

const UNRECORDED =
  'The outcome could not be recorded, and nothing more is done until it can be. The person who runs this server has to look at its audit log.';

function toOutcome(error: unknown, { method }: Tool, signal: AbortSignal, sent: boolean): Outcome {
  if (error instanceof RefusedError) return 'not sent';
  const changes = method !== 'GET';
  if (error instanceof ReplyError) return changes && isUnclear(error.reply) ? 'unknown' : 'error';
  if (changes && (error instanceof TransportError ? error.sent : sent)) return 'unknown';
  return signal.aborted ? 'cancelled' : 'error';
}

/** The shape of a call, never its content. */
function writeLine(log: Log, fields: Record<string, unknown>, fault: unknown): void {
  if (fault instanceof TransportError) log.warn({ ...fields, reason: fault.message, sent: fault.sent }, 'no answer');
  else if (fault instanceof ReplyError) log.debug({ ...fields, fault: fault.fault }, 'call');
  else if (fault instanceof RefusedError) log.debug({ ...fields, rule: fault.rule }, 'call');
  else if (fault !== undefined) log.error({ ...fields, error: describe(fault) }, 'failed');
  else log.debug(fields, 'call');
}

/** A fault of this server's own, for its log: the kind and place, without values that a message may hold. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const places = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
  return [error.name, ...places.slice(0, 5)].join('\n');
}
