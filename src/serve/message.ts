import { isUtf8 } from 'node:buffer';
import type { JSONRPCMessage, JSONRPCRequest, RequestId } from '@modelcontextprotocol/server';
import { isObject, type JsonObject, MAX_VALUES, parseJson, SMALL_CHARS } from '../json.ts';

/** A JSON-RPC error. The ID is null if it could not be read. */
export type ErrorAnswer = {
  readonly jsonrpc: '2.0';
  readonly id: RequestId | null;
  readonly error: { readonly code: number; readonly message: string };
};

/** A message in the form that the SDK accepts, or the error to answer with. A malformed notification gets no answer. */
export type Read =
  | { readonly message: JSONRPCMessage }
  | { readonly refusal: ErrorAnswer; readonly isNotification: boolean };

const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const INVALID_PARAMS = -32602;
const INTERNAL_ERROR = -32603;

export const isRequestId = (id: unknown): id is RequestId => typeof id === 'string' || Number.isSafeInteger(id);

/**
 * Reads the bytes of one message. A byte order mark before it is skipped.
 * @param bytes `undefined` for a message over the size limit
 * @param isDeepTaken whether a message may nest deeper than a call's arguments may; the call then refuses the arguments
 */
export function readBytes(bytes: Buffer | undefined, isDeepTaken = false): Read {
  if (bytes === undefined) return refuse(INVALID_REQUEST, 'The message is too long.');
  const text = isUtf8(bytes) ? bytes.toString().replace(/^\uFEFF/, '') : undefined;
  if (text === undefined) return refuse(PARSE_ERROR, 'The message is not valid UTF-8.');
  const parsed = parseJson(text);
  if (parsed === 'too many values') return refuse(INVALID_REQUEST, TOO_MANY_VALUES);
  if (parsed === undefined) return refuse(PARSE_ERROR, 'The message is not valid JSON.');
  if (parsed === 'too deep') {
    const deep: unknown = text.length <= SMALL_CHARS ? JSON.parse(text) : undefined;
    if (deep !== undefined && isDeepTaken) return readMessage(deep);
    const { id } = Object(deep);
    return refuse(INVALID_REQUEST, 'The message is nested too deeply.', isRequestId(id) ? id : null);
  }
  return readMessage(parsed.value);
}

/**
 * Brings a parsed message into the form that the SDK accepts: the SDK drops every other message without an answer.
 * Serializers write null for a member that was not set, and clients add members of their own. Neither changes the
 * meaning of the message.
 */
export function readMessage(value: unknown): Read {
  if (Array.isArray(value)) return refuse(INVALID_REQUEST, 'Batches are not supported. Send each message on its own.');
  if (!isObject(value)) return refuse(INVALID_REQUEST, 'The message is not a JSON object.');
  const { jsonrpc, method = null } = value;
  const id = isRequestId(value.id) ? value.id : undefined;
  if (method === null && ('result' in value || 'error' in value) && id !== undefined) {
    return { message: toResponse(id, value) };
  }
  const isNotification =
    typeof method === 'string' && (value.id ?? null) === null && (!('id' in value) || method.startsWith(NOTIFICATIONS));
  const wrong = (what: string): Read => refuse(INVALID_REQUEST, what, id, isNotification);
  if (jsonrpc !== '2.0') return wrong('The message lacks "jsonrpc": "2.0".');
  if (id === undefined && !isNotification) return wrong('"id" is not a string or an integer.');
  if (typeof method !== 'string')
    return wrong(method === null ? 'The message has no "method".' : '"method" is not a string.');
  const given = value.params ?? undefined;
  if (given !== undefined && !isObject(given)) return wrong('"params" is not an object. MCP takes params by name.');
  const params = given && toParams(given);
  const fault = whyWrongMeta(params?._meta);
  if (fault !== undefined) return refuse(INVALID_PARAMS, fault, id, isNotification);
  return { message: { jsonrpc, ...(id !== undefined && { id }), method, ...(params && { params }) } };
}

const TOO_MANY_VALUES = `The message has too many values: at most ${MAX_VALUES.toLocaleString('en-US')} are read.`;

const NOTIFICATIONS = 'notifications/';

function refuse(code: number, message: string, id: RequestId | null = null, isNotification = false): Read {
  return { refusal: { jsonrpc: '2.0', id, error: { code, message } }, isNotification };
}

/** Params without members that are null, and `_meta` without a progress token that is null. */
function toParams(params: JsonObject): JsonObject {
  const { _meta } = params;
  if (isObject(_meta) && _meta.progressToken === null) {
    const { progressToken: _, ...meta } = _meta;
    return toParams({ ...params, _meta: meta });
  }
  if (!Object.values(params).includes(null)) return params;
  return Object.fromEntries(Object.entries(params).filter(([, member]) => member !== null));
}

/** Why a `_meta` is not valid. The SDK drops a message with such a `_meta`. */
function whyWrongMeta(meta: unknown): string | undefined {
  if (meta === undefined) return undefined;
  if (!isObject(meta)) return '"_meta" is not an object.';
  const { progressToken = 0, [RELATED_TASK]: task } = meta;
  if (!isRequestId(progressToken)) return '"progressToken" is not a string or an integer.';
  if (task !== undefined && typeof Object(task).taskId !== 'string') return `"${RELATED_TASK}" does not name a task.`;
  return undefined;
}

const RELATED_TASK = 'io.modelcontextprotocol/related-task';

/** A client's response. One that is malformed or has no result becomes an error, so that the waiting call goes on. */
function toResponse(id: RequestId, { jsonrpc, result, error }: JsonObject): JSONRPCMessage {
  if (jsonrpc === '2.0' && (error ?? null) === null && isObject(result)) {
    const { _meta, ...content } = result;
    return { jsonrpc, id, result: isObject(_meta) ? result : content };
  }
  const { code, message, data } = Object(error);
  return {
    jsonrpc: '2.0',
    id,
    error: {
      code: Number.isSafeInteger(code) ? code : INTERNAL_ERROR,
      message: typeof message === 'string' ? message : 'The client answered without a result.',
      ...(data !== undefined && { data }),
    },
  };
}

/**
 * An answer of the SDK with the schema issues of the request as a sentence. The SDK writes them as JSON, and reports
 * most of them as internal errors.
 */
export function withIssuesInWords(answer: JSONRPCMessage): JSONRPCMessage {
  if (!('error' in answer)) return answer;
  const { code, message } = answer.error;
  const start = message.indexOf('[');
  if ((code !== INTERNAL_ERROR && code !== INVALID_PARAMS) || start === -1 || !message.endsWith(']')) return answer;
  const issues = parseJson(message.slice(start));
  if (typeof issues !== 'object' || !Array.isArray(issues.value) || !issues.value.every(isIssue)) return answer;
  const sentences = issues.value.slice(0, MAX_ISSUES).map(({ path, message }) => `${path.join('.')}: ${message}`);
  return { ...answer, error: { code: INVALID_PARAMS, message: `The request is not valid. ${sentences.join('; ')}.` } };
}

const MAX_ISSUES = 3;

const isIssue = (issue: unknown): issue is { readonly path: readonly (string | number)[]; readonly message: string } =>
  isObject(issue) && Array.isArray(issue.path) && typeof issue.message === 'string';

export const isRequest = (message: JSONRPCMessage): message is JSONRPCRequest => 'method' in message && 'id' in message;
