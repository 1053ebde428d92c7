import { STATUS_CODES } from 'node:http';
import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Arguments } from '../../catalog/declaration.ts';
import type { Tool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import { cleanText } from '../../visible.ts';
import { isFault, ReplyError, TransportError } from '../../workos/errors.ts';
import type { Reply } from '../../workos/layer.ts';
import { askedWait } from '../../workos/retry.ts';
import type { Named } from '../caller.ts';
import { type Confidential, textWithoutValues } from '../confidential.ts';
import { removedNote } from './result.ts';
import { toWorkosFault } from './workos-error.ts';

export type FailedCall = {
  readonly tool: Tool;
  readonly args: Arguments;
  readonly confidential: Confidential;
  /** Whether the request was handed to the layers that send it. */
  readonly sent: boolean;
  readonly named?: Named | undefined;
};

/** WorkOS's ID of a reply, if its header has one: a header is text from outside. */
export function requestIdOf({ headers }: Reply): string | undefined {
  const id = headers['x-request-id'];
  return id !== undefined && /^[\w.:-]{1,100}$/.test(id) ? id : undefined;
}

/** The error of a failed call, as a tool result that tells the agent its next step. */
export function toErrorResult(error: unknown, call: FailedCall): CallToolResult {
  const question = error instanceof RefusedError ? error.question : undefined;
  return {
    content: [{ type: 'text', text: explain(error, call) }],
    isError: true,
    ...(question !== undefined && { structuredContent: { confirmation: { status: question } } }),
  };
}

/**
 * Says what happened, whether it may have taken effect, and what to do next. Invisible characters and confidential
 * values are removed.
 * @param maxChars of WorkOS's own words
 */
export function explain(error: unknown, call: FailedCall, maxChars?: number): string {
  const { text, removed } = cleanText(explainOpenly(error, call, maxChars));
  return sentence(textWithoutValues(text, call.confidential), removedNote(removed));
}

function explainOpenly(error: unknown, call: FailedCall, maxChars?: number): string {
  const { tool, args, sent: began } = call;
  if (error instanceof RefusedError) return `${tool.name} was not sent. ${error.message}`;
  if (error instanceof ReplyError) return explainReply(error, call, maxChars);
  if (error instanceof TransportError) {
    const { message, sent, final, attempts, remedy, ms } = error;
    // An earlier attempt may have arrived: with its key the call can be repeated once the operator has done that.
    const isKeyed = remedy !== undefined && sent && tool.idempotencyKey !== undefined;
    // A sent write that is not safe to repeat gets the other advice: calling again could do it twice.
    const isFutile = final && !isKeyed && (!sent || tool.repeat === 'unknown');
    const again = isFutile ? 'Calling again would fail in the same way.' : retryAdvice(tool, args, sent);
    return sentence(
      `WorkOS gave no usable answer to ${tool.name}${attemptsOf(attempts, ms)}: ${message}.`,
      sent || !tool.changes ? effectOf(call, true) : 'Nothing was changed.',
      remedy === undefined || isFutile || isKeyed ? again : undefined,
      remedy && `Ask the operator of this server to ${remedy}.`,
    );
  }
  return sentence(
    `${tool.name} failed because of an internal error in the MCP server.`,
    effectOf(call, began),
    'The server log has the details.',
  );
}

function explainReply({ reply, fault, advice }: ReplyError, call: FailedCall, maxChars: number | undefined): string {
  const { tool, args, confidential, named = String } = call;
  const { status, attempts = 1 } = reply;
  const problem =
    fault === undefined
      ? toWorkosFault(reply, confidential, maxChars)
      : { code: undefined, text: `, ${fault}.`, removed: 0 };
  const requestId = requestIdOf(reply);
  const unknownOutcome = isUnclear(reply);
  const step = tool.nextSteps?.[problem.code ?? ''] ?? tool.nextSteps?.[status];
  return sentence(
    `WorkOS answered ${tool.name} with ${status} ${STATUS_CODES[status] ?? 'Unknown'}${attemptsOf(attempts)}${problem.text}`,
    effectOf(call, unknownOutcome),
    named(advice ?? step ?? nextStep(reply, { ...problem, isExplained: problem.text.startsWith(': ') }, tool, args)),
    requestId === undefined ? undefined : `Request ID: ${requestId}.`,
    removedNote(problem.removed),
  );
}

/** Whether WorkOS may have acted although its reply is not a success. */
export function isUnclear({ status, uncertain = false }: Reply): boolean {
  return uncertain || status < 400 || isFault(status);
}

/** @param ms milliseconds that they took in all, where that is known */
function attemptsOf(attempts: number, ms?: number): string {
  if (attempts === 1) return '';
  return ` (${attempts} attempts${ms === undefined ? '' : `, ${Math.round(ms / 100) / 10} s in all`})`;
}

/** How long to wait, as a person says it. */
function waitOf(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 120) return `${seconds} second${seconds === 1 ? '' : 's'}`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.ceil(minutes / 60);
  return hours === 1 ? 'an hour' : `${hours} hours`;
}

/** Joins the parts that are not empty. */
function sentence(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(' ');
}

function effectOf({ tool, args, named = String }: FailedCall, unknown: boolean): string | undefined {
  if (!tool.changes) return undefined;
  if (unknown)
    return `The call may have taken effect anyway${tool.toldBy === undefined ? '' : `: check with ${named(tool.toldBy)}`}.`;
  return tool.credentials?.secrets?.includes('code') && args.code !== undefined
    ? 'The code that was sent may have been used up.'
    : 'Nothing was changed.';
}

function retryAdvice(tool: Tool, args: Arguments, sent: boolean): string {
  const key = tool.idempotencyKey;
  if (key !== undefined) return `Calling again with ${key}="${args[key]}" is safe.`;
  if (!sent || tool.repeat === 'unknown') return 'Calling again is safe.';
  return tool.toldBy === undefined ? 'Do not just call again.' : 'Do not call again until you have checked.';
}

function nextStep(
  reply: Reply,
  { code, isExplained }: { readonly code: string | undefined; readonly isExplained: boolean },
  tool: Tool,
  args: Arguments,
): string {
  const { status, headers } = reply;
  if (status >= 200 && status < 300) return retryAdvice(tool, args, true);
  if (status >= 300 && status < 400) {
    return 'The redirect was not followed. Ask the operator of this server to check WORKOS_BASE_URL.';
  }
  switch (status) {
    case 400:
    case 422:
      return 'Correct the arguments and call again.';
    case 401:
      return 'WorkOS rejected the API key. Ask the operator of this server to check WORKOS_API_KEY; calling again will not help.';
    case 403:
      // WorkOS's own reason is the better one.
      if (isExplained) return 'Ask the operator of this server to change that in WorkOS; calling again will not help.';
      return 'The API key or the plan of this environment does not allow this call. Ask the operator of this server to change that in WorkOS.';
    case 404:
      return idHints(tool, args);
    case 501:
      return 'WorkOS does not serve this operation in this environment; calling again will not help.';
    case 409:
      return 'The call conflicts with an object that already exists: look that object up before you decide what to do.';
    case 429: {
      if (code === 'daily_quota_exceeded') return 'The daily quota of this environment is used up: try again tomorrow.';
      const wait = askedWait(headers['retry-after'], Date.now());
      return `Wait ${wait === undefined ? 'a few seconds' : waitOf(wait)}, then call again.`;
    }
    default:
      return isFault(status)
        ? retryAdvice(tool, args, true)
        : 'Calling again will fail until the arguments or the environment change.';
  }
}

/** Where the sent IDs come from, in the words of their argument descriptions. */
function idHints(tool: Tool, args: Arguments): string {
  const properties = Object(tool.jsonSchema().properties) as Record<string, { description?: string }>; // as zod makes it
  const hints = Object.keys(args).flatMap((name) => {
    const description = properties[name]?.description ?? '';
    return /\bfrom (get|list|create|enroll|challenge)_/.test(description) ? [`${name} (${description})`] : [];
  });
  return hints.length === 0 ? 'Check that the objects named in the arguments exist.' : `Check ${hints.join(' and ')}.`;
}
