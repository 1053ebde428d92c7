import type { Outcome } from '../audit/entry.ts';
import type { Arguments } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import type { KeyedEnvironment } from '../workos/environment.ts';
import { ReplyError, TransportError } from '../workos/errors.ts';
import type { ApiRequest } from '../workos/layer.ts';
import { resolveConstants, toRequest } from '../workos/request.ts';
import { toAnswer } from './answer/answer.ts';
import { gather } from './answer/collect.ts';
import { explain } from './answer/failure.ts';
import { toShape } from './answer/fields.ts';
import { toResult } from './answer/result.ts';
import { parseArguments } from './arguments.ts';
import type { Caller, CallResult } from './caller.ts';
import { type Confidential, toConfidential } from './confidential.ts';
import type { Gate } from './confirm/gate.ts';
import { NO_PREVIEW, type Preview, toPreview } from './confirm/preview.ts';
import { rehearse } from './dry-run.ts';
import { createTraffic, type Exchange, type Traffic } from './exchange.ts';
import type { CallJournal } from './journal.ts';

/** How a call ended, and what its client is told. */
export type Ended = { readonly outcome: Outcome; readonly result: CallResult };

/** What is known of a call while it runs; what it fails with is told from there. */
export type Course = {
  /** Milliseconds of the clock. */
  readonly start: number;
  readonly journal: CallJournal;
  traffic: Traffic;
  args: Arguments;
  confidential: Confidential;
  /** The last answer, without what is confidential. */
  answer?: Record<string, unknown>;
};

/** Takes a call from its arguments to its end. Throws what keeps it from there. */
export type Run = (tool: Tool, args: unknown, caller: Caller, course: Course) => Promise<Ended>;

export type RunSettings = {
  /** Milliseconds for a whole call. Waiting for a person is no part of it. */
  readonly timeout: number;
  /** Items that one call may gather from pages. */
  readonly maxItems: number;
  /** Bytes of a result's JSON. */
  readonly maxResultBytes: number;
  /** Whether writes are answered with what they would send. */
  readonly dryRun: boolean;
};

export type RunDeps = {
  readonly environment: KeyedEnvironment;
  readonly settings: RunSettings;
  readonly toolOf: (name: string) => Tool | undefined;
  readonly exchange: Exchange;
  readonly gate: Gate;
  /** Makes Idempotency-Keys. */
  readonly newKey: () => string;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
};

/**
 * The way of every call: the policy, its arguments, the confirmation, the decision on record, WorkOS, the answer. What
 * cannot be sent is refused before it is recorded as allowed.
 */
export function createRun(deps: RunDeps): Run {
  const { environment, settings, exchange, gate, newKey, now } = deps;

  return async (tool, rawArgs, caller, course) => {
    const { journal, start } = course;
    course.confidential = toConfidential(tool, Object(rawArgs), caller.markerOf(tool), environment.apiKey);
    const verdict = caller.verdictOn(tool);
    if (!verdict.allowed) throw new RefusedError(`It is off for you: ${verdict.rule}.`, verdict.rule);
    const args = withKey(tool, parseArguments(tool, rawArgs, settings), newKey);
    course.args = args;
    const { credentials } = verdict;
    const rule =
      credentials !== undefined && usesCredentials(tool, args) ? `${verdict.rule} + ${credentials}` : verdict.rule;
    const shape = toShape(tool, args.fields);

    if (tool.local !== undefined) {
      const { label, baseUrl, clientId } = environment;
      const value = tool.local({ ...args, ...resolveConstants(tool, { clientId }) }, { label, baseUrl });
      await journal.decide('allowed', rule);
      return { outcome: 'ok', result: toResult(value) };
    }
    // A read that spends a code would be missed as much as a write.
    if (settings.dryRun && tool.method !== 'GET') {
      const rehearsal = rehearse(tool, args, environment);
      await journal.decide('allowed', rule);
      return { outcome: 'dry run', result: toResult(rehearsal) };
    }
    // Before anybody is asked: what cannot be sent is refused at once.
    const request = toRequest(tool, args, environment);

    const question = { tool, args, caller: caller.agent, mode: caller.confirm, answer: caller.answer };
    const passage = await gate.pass(question);
    if (!passage.open) {
      await journal.decide('ask', rule);
      return { outcome: 'asked', result: await gate.ask(question, await look(deps, tool, caller, course)) };
    }
    await journal.decide('allowed', rule, passage.confirmation);
    if (passage.shown !== undefined && !gate.isSame(await look(deps, tool, caller, course), passage.shown)) {
      throw new RefusedError(
        'The object, or what hangs on it, has changed since that was shown. Call again without the confirmation.',
        'the object has changed since it was shown',
      );
    }

    if (tool.access === 'delete') await caller.spendDelete?.();

    const { traffic, confidential } = course;
    const { agent, signal } = caller;
    const errand = { agent, signal, deadline: start + settings.timeout, traffic, confidential };
    const fetch = async (sent: Arguments, built?: ApiRequest) => {
      const success = await exchange(tool, sent, errand, built);
      course.answer = success.value;
      return success;
    };
    const options = {
      tool,
      args,
      confidential,
      sent: false,
      shape,
      maxBytes: settings.maxResultBytes,
      // So that nobody takes a change in production for one in staging.
      extra: tool.access === 'read' ? {} : { environment: environment.label },
    };
    if (args.max_items === undefined) {
      const success = await fetch(args, request);
      // A delete whose second attempt finds nothing: its first did it, or there was nothing.
      const isClear = success.reply.status !== 404;
      return { outcome: isClear ? 'ok' : 'unknown', result: toAnswer(success, options) };
    }
    const result = await gather(fetch, options, {
      isCancelled: () => signal.aborted,
      // What is left of the time has to do for one more page.
      isOutOfTime: () => now() - start > settings.timeout * 0.8,
      onProgress: (count) => caller.onProgress?.(count, Number(args.max_items)),
    });
    return { outcome: 'ok', result };
  };
}

/** What a person would be shown of the call. Throws RefusedError where it cannot be looked up. */
function look(deps: RunDeps, tool: Tool, caller: Caller, { args, start, traffic }: Course): Promise<Preview> {
  const { environment, settings, exchange, toolOf } = deps;
  const { agent, signal, verdictOn, markerOf } = caller;
  const deadline = start + settings.timeout;
  return toPreview(tool, args, {
    toolOf,
    environment: environment.label,
    mayRead: (other) => verdictOn(other).allowed,
    read: async (other, otherArgs) => {
      const confidential = toConfidential(other, otherArgs, markerOf(other), environment.apiKey);
      // An account of its own: whatever fails here, nothing of the call itself was sent.
      const reads = createTraffic();
      try {
        return await exchange(other, otherArgs, { agent, signal, deadline, traffic: reads, confidential });
      } catch (error) {
        if (!(error instanceof ReplyError || error instanceof TransportError)) throw error;
        const reason = explain(error, { tool: other, args: otherArgs, confidential, sent: true });
        throw new RefusedError(`What it would do could not be looked up. ${reason}`, NO_PREVIEW);
      } finally {
        traffic.requests += reads.requests;
        traffic.attempts += reads.attempts;
      }
    },
  });
}

/** Whether the call could not be made, or its answer not be shown whole, without the grant of its area's credentials. */
function usesCredentials({ needsCredentials, credentials = {}, declared }: Tool, args: Arguments): boolean {
  const { secrets = [], identity = [] } = credentials;
  return needsCredentials || [...secrets, ...identity].some((name) => name in args) || declared().secrets.size > 0;
}

/** The arguments with an Idempotency-Key where the tool sends one: fixed for all attempts, and told when they all fail. */
function withKey({ idempotencyKey }: Tool, args: Arguments, newKey: () => string): Arguments {
  if (idempotencyKey === undefined || args[idempotencyKey] !== undefined) return args;
  return { ...args, [idempotencyKey]: newKey() };
}
