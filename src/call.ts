import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Send } from './api/pipeline.ts';
import { RefusedError, ReplyError, TransportError } from './errors.ts';
import type { Log } from './log.ts';
import { didYouMean } from './nearest.ts';
import { resolveConstants, toRequest } from './request.ts';
import { closed, toErrorResult, toObjectResult, toResult } from './result.ts';
import type { Arguments, Environment, Tool } from './tool.ts';

/** One tool call from arguments as the client sent them to a result. Never throws. */
export type Call = (tool: Tool, args: unknown, signal: AbortSignal) => Promise<CallToolResult>;

/** What calls need from outside; handed in so that tests and other transports can bring their own. */
export type CallDeps = {
  readonly environment: Environment;
  readonly send: Send;
  readonly log: Log;
  /** Makes Idempotency-Keys. */
  readonly newKey: () => string;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
};

export function createCall({ environment, send, log, newKey, now }: CallDeps): Call {
  return async (tool, rawArgs, signal) => {
    const start = now();
    let args: Arguments = {};
    // The shape of a call, never its content.
    const record = (fields: Record<string, unknown>) => ({
      tool: tool.name,
      route: tool.route,
      ...fields,
      ms: Math.round(now() - start),
    });
    try {
      args = parseArguments(tool, rawArgs);
      if (tool.local !== undefined) {
        const result = toObjectResult(tool.local({ ...args, ...resolveConstants(tool, environment) }, environment));
        log.info(record({}), 'answered here');
        return result;
      }
      const reply = await send(toRequest(tool, args, environment, newKey), signal);
      log.info(record({ status: reply.status, requestId: reply.headers['x-request-id'] }), 'answered');
      return toResult(reply);
    } catch (error) {
      if (error instanceof RefusedError) log.info(record({}), 'refused');
      else if (error instanceof TransportError)
        log.warn(record({ reason: error.message, sent: error.sent }), 'no answer');
      else if (!(error instanceof ReplyError)) log.error(record({ error: describe(error) }), 'failed');
      return toErrorResult(error, tool, args);
    }
  };
}

/** The arguments as the tool's schema reads them. Throws RefusedError with a line for each fault, naming its field. */
function parseArguments(tool: Tool, args: unknown): Arguments {
  const parsed = tool.schema.safeParse(args ?? {});
  if (!parsed.success) {
    const known = Object.keys(tool.input);
    const faults = parsed.error.issues.flatMap((issue) => {
      const where = issue.path.join('.');
      if (issue.code === 'invalid_type' && where !== '' && valueAt(args, issue.path) === undefined) {
        return [`${where} is required.`];
      }
      if (issue.code !== 'unrecognized_keys')
        return [`${where === '' ? 'arguments' : where}: ${closed(issue.message)}`];
      return issue.keys.map((key) => {
        const field = where === '' ? key : `${where}.${key}`;
        return `${field}: there is no such argument.${where === '' ? didYouMean(key, known) : ''}`;
      });
    });
    throw new RefusedError(faults.join(' '));
  }
  const broken = tool.check?.(parsed.data).filter((fault) => fault !== false) ?? [];
  if (broken.length > 0) throw new RefusedError(broken.join(' '));
  return parsed.data;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => Object(inner)[key], value);
}

/** A fault of this server's own, for its log: the kind and place, without values that a message may hold. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return [
    error.name,
    ...(error.stack ?? '')
      .split('\n')
      .filter((line) => line.trimStart().startsWith('at '))
      .slice(0, 5),
  ].join('\n');
}
