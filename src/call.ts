import type { CallToolResult } from '@modelcontextprotocol/server';
import { gather, toAnswer } from './answer.ts';
import type { Context, Reply, Send } from './api/pipeline.ts';
import { RefusedError, ReplyError, TransportError } from './errors.ts';
import { createOwners, type LimitSettings, toSlots } from './limits.ts';
import type { Log } from './log.ts';
import { didYouMean } from './nearest.ts';
import { closed } from './problem.ts';
import { resolveConstants, toRequest } from './request.ts';
import { type Success, toErrorResult, toResult, toSuccess } from './result.ts';
import { type Confidential, NOTHING, toConfidential, withoutSecrets, withoutValues } from './secrets.ts';
import { toShape } from './shape.ts';
import type { Arguments, Environment, Limit, Tool } from './tool.ts';

/** Who calls, and how to reach them while the call goes on. */
export type Caller = {
  readonly agent: string;
  /** What stands in the place of secrets, where the caller may not see them. */
  readonly marker?: string | undefined;
  readonly signal: AbortSignal;
  /** Tells the client how far a walk has come, where it asked to be told. */
  readonly onProgress?: (progress: number, total: number) => void;
};

/** One tool call from arguments as the client sent them to a result. Never throws. */
export type Call = (tool: Tool, args: unknown, caller: Caller) => Promise<CallToolResult>;

export type CallSettings = {
  /** Milliseconds for a whole call. */
  readonly timeout: number;
  /** Items that one call may gather from pages. */
  readonly maxItems: number;
  /** Bytes of a result's JSON. */
  readonly maxResultBytes: number;
  readonly limits: LimitSettings;
};

/** What calls need from outside; handed in so that tests and other transports can bring their own. */
export type CallDeps = {
  readonly environment: Environment;
  readonly settings: CallSettings;
  /** The limit on all requests of a key. */
  readonly general: Limit;
  readonly send: Send;
  readonly log: Log;
  /** Makes Idempotency-Keys. */
  readonly newKey: () => string;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
};

export function createCall({ environment, settings, general, send, log, newKey, now }: CallDeps): Call {
  const owners = createOwners();

  return async (tool, rawArgs, caller) => {
    const start = now();
    const exchange: { sent: boolean; requests: number; attempts: number; reply?: Reply } = {
      sent: false,
      requests: 0,
      attempts: 0,
    };
    let args: Arguments = {};
    let confidential: Confidential = NOTHING;
    // The shape of a call, never its content.
    const record = (fields: Record<string, unknown>) => {
      const { requests, attempts } = exchange;
      const { status, headers } = exchange.reply ?? {};
      const requestId = headers?.['x-request-id'];
      return {
        tool: tool.name,
        route: tool.route,
        status,
        requestId,
        requests,
        attempts,
        ...fields,
        ms: Math.round(now() - start),
      };
    };

    const fetch = async (sent: Arguments): Promise<Success> => {
      const context: Context = {
        signal: caller.signal,
        agent: caller.agent,
        deadline: start + settings.timeout,
        repeat: tool.repeat,
        slots: toSlots(tool, sent, general, settings.limits, owners),
      };
      const request = toRequest(tool, sent, environment);
      exchange.sent = true;
      const reply = await send(request, context);
      exchange.reply = reply;
      exchange.requests += 1;
      exchange.attempts += reply.attempts ?? 1;
      const success = toSuccess(reply, tool);
      owners.learn(tool.allLimits, success.value);
      const open = withoutSecrets(success.value, confidential);
      // Of a plain answer the key was taken out already; it is the only value that every call has.
      const value = success.plain && confidential.values.length < 2 ? open : withoutValues(open, confidential);
      return { ...success, value: Object(value) };
    };

    try {
      confidential = toConfidential(tool, Object(rawArgs), caller.marker, environment.apiKey);
      args = withKey(tool, parseArguments(tool, rawArgs, settings), newKey);
      const options = {
        tool,
        args,
        confidential,
        sent: exchange.sent,
        shape: toShape(tool, args.fields),
        maxBytes: settings.maxResultBytes,
        // So that nobody takes a change in production for one in staging.
        extra: tool.access === 'read' ? {} : { environment: environment.label },
      };
      const { max_items: maxItems } = args;
      let result: CallToolResult;
      if (tool.local !== undefined) {
        result = toResult(tool.local({ ...args, ...resolveConstants(tool, environment) }, environment));
      } else if (maxItems === undefined) {
        result = toAnswer(await fetch(args), options);
      } else {
        result = await gather(fetch, options, {
          isCancelled: () => caller.signal.aborted,
          // What is left of the time has to do for one more page.
          isOutOfTime: () => now() - start > settings.timeout * 0.8,
          onProgress: (count) => caller.onProgress?.(count, Number(maxItems)),
        });
      }
      log.info(record({}), 'answered');
      return result;
    } catch (error) {
      if (error instanceof RefusedError) log.info(record({}), 'refused');
      else if (error instanceof ReplyError) log.info(record({ fault: error.fault }), 'answered');
      else if (error instanceof TransportError) {
        log.warn(
          record({ reason: error.message, sent: error.sent, attempts: exchange.attempts + error.attempts }),
          'no answer',
        );
      } else log.error(record({ error: describe(error) }), 'failed');
      return toErrorResult(error, { tool, args, confidential, sent: exchange.sent });
    }
  };
}

/** The arguments with an Idempotency-Key where the tool sends one: fixed for all attempts, and told when they all fail. */
function withKey({ idempotencyKey }: Tool, args: Arguments, newKey: () => string): Arguments {
  if (idempotencyKey === undefined || args[idempotencyKey] !== undefined) return args;
  return { ...args, [idempotencyKey]: newKey() };
}

/** The arguments as the tool's schema reads them. Throws RefusedError with a line for each fault, naming its field. */
function parseArguments(tool: Tool, args: unknown, { maxItems }: CallSettings): Arguments {
  // zod drops members of this name without a word.
  if (hasProto(args)) throw new RefusedError('__proto__ is no name that an argument or its members may have.');
  const parsed = tool.schema.safeParse(args ?? {});
  if (!parsed.success) {
    const known = Object.keys(tool.input);
    const faults = parsed.error.issues.flatMap((issue) => {
      const where = issue.path.join('.');
      if (issue.code !== 'unrecognized_keys' && where !== '' && valueAt(args, issue.path) === undefined) {
        return [`${where} is required.`];
      }
      if (issue.code !== 'unrecognized_keys')
        return [`${where === '' ? 'arguments' : where}: ${closed(issue.message)}${moreWith(tool, issue.path[0])}`];
      return issue.keys.map((key) => {
        const field = where === '' ? key : `${where}.${key}`;
        if (tool.lacking.includes(field))
          return `${field}: takes the grant ${tool.area}:credentials, which you were not given.`;
        return `${field}: there is no such argument.${where === '' ? didYouMean(key, known) : ''}`;
      });
    });
    throw new RefusedError(faults.join(' '));
  }
  const own = parsed.data;
  const broken = [
    own.max_items !== undefined && own.limit !== undefined && 'Give either limit or max_items, not both.',
    own.max_items !== undefined &&
      own.before !== undefined &&
      own.after !== undefined &&
      'Give max_items with before or after, not both.',
    Number(own.max_items) > maxItems && `max_items: Too big: at most ${maxItems}.`,
    ...(tool.check?.(own) ?? []),
  ].filter((fault) => fault !== false);
  if (broken.length > 0) throw new RefusedError(broken.join(' '));
  return own;
}

/** What to say of a value that another grant would have allowed. */
function moreWith({ narrowed, area }: Tool, argument: PropertyKey | undefined): string {
  if (!narrowed.includes(String(argument))) return '';
  return ` Other values take the grant ${area}:credentials, which you were not given.`;
}

function hasProto(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasProto);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => Object(inner)[key], value);
}

/** A fault of this server's own, for its log: the kind and place, without values that a message may hold. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const places = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
  return [error.name, ...places.slice(0, 5)].join('\n');
}
