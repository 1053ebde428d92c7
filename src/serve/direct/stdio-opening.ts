import { isUtf8 } from 'node:buffer';
import type { Readable, Writable } from 'node:stream';
import type { RequestId } from '@modelcontextprotocol/server';
import { isObject } from '../../json.ts';
import { isRequestId } from '../message.ts';
import type { Opened } from '../stdio/serve-stdio.ts';

const NEWLINE = 0x0a;

/** The first answers to a client from before 2026-07-28. */
export type Opening = {
  /** The protocol revisions of such clients. The SDK answers a request for another one. */
  readonly revisions: readonly unknown[];
  /** The answer to initialize, without the revision. */
  readonly initializeResult: Readonly<Record<string, unknown>>;
  /** The answers to list requests, by method. */
  readonly lists: Readonly<Record<string, object>>;
  /** Whether the client is answered otherwise, by what it declares. The SDK does that. */
  readonly isAnsweredOtherwise: (capabilities: unknown) => boolean;
};

/** Milliseconds without a message from the client after which the fast path ends. */
const OPENING_IDLE_MS = 250;

/** Characters of the longest line that is parsed: a longer one could nest too deeply. */
const MAX_LINE_CHARS = 2_000;

/**
 * Answers initialize and the list requests after it, up to tools/list. A client waits for these answers before it shows
 * the server, and loading the SDK takes longer than the rest of a start. Any other message, or 250 ms of silence, ends
 * this fast path; everything after it goes to the SDK. The SDK also gets initialize, because it must know its client.
 */
export function answerOpening(
  stdin: Readable,
  stdout: Writable,
  handOn: (chunk: Buffer) => void,
  opening: Opening,
): Promise<Opened> {
  let initializeId: RequestId | undefined;

  /** The answer to a request; `undefined` if the fast path does not answer it. */
  const answerTo = ({ jsonrpc, id, method, params, ...more }: Message): object | undefined => {
    if (Object.keys(more).length > 0) return undefined;
    if (jsonrpc !== '2.0' || !isRequestId(id) || id === initializeId || typeof method !== 'string') return undefined;
    if (initializeId !== undefined) return isNone(params) ? ownValue(opening.lists, method) : undefined;
    if (method !== 'initialize' || !isPlain(params, opening)) return undefined;
    initializeId = id;
    return { protocolVersion: params.protocolVersion, ...opening.initializeResult };
  };

  /** Whether the fast path continues after this line. */
  const take = (line: string): boolean => {
    const message = line.length > MAX_LINE_CHARS ? {} : parseMessage(line);
    const { id, method } = message;
    const result = answerTo(message);
    if (result !== undefined) stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
    if (result === undefined || method === 'initialize') handOn(Buffer.from(`${line}\n`));
    return result === undefined
      ? method === 'notifications/initialized' && initializeId !== undefined
      : method !== 'tools/list';
  };

  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(silence);
      stdin.off('data', hear);
      stdin.on('data', handOn);
      resolve({ initializeId });
    };
    const silence = setTimeout(end, OPENING_IDLE_MS).unref();
    const hear = (chunk: Buffer) => {
      const whole = chunk.lastIndexOf(NEWLINE) + 1;
      if (!isUtf8(chunk.subarray(0, whole))) {
        handOn(chunk);
        end();
        return;
      }
      const lines = chunk.toString('utf8', 0, whole).split('\n').slice(0, -1);
      const last = lines.findIndex((line) => !take(line));
      if (last === -1 && whole === chunk.length) {
        silence.refresh();
        return;
      }
      for (const line of last === -1 ? [] : lines.slice(last + 1)) handOn(Buffer.from(`${line}\n`));
      // The SDK gets a line that is still incomplete.
      if (whole < chunk.length) handOn(chunk.subarray(whole));
      end();
    };
    stdin.on('data', hear);
  });
}

/** One parsed line, not validated. */
type Message = Readonly<Record<string, unknown>>;

/** The JSON object of a line; an empty one if the line is not valid JSON. */
function parseMessage(line: string): Message {
  try {
    return Object(JSON.parse(line));
  } catch {
    return {};
  }
}

const ownValue = <T>(values: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;

const isNone = (params: unknown): boolean => params === undefined || isMap(params, () => false);

/** Whether the params of an initialize are such as the SDK finds nothing wrong with. */
function isPlain(
  params: unknown,
  { revisions, isAnsweredOtherwise }: Opening,
): params is { readonly protocolVersion: string } {
  const { protocolVersion, capabilities, clientInfo, ...rest } = Object(params);
  const { name, version, icons, ...more } = Object(clientInfo);
  return (
    revisions.includes(protocolVersion) &&
    [name, version, ...Object.values(more)].every((text) => typeof text === 'string') &&
    icons === undefined &&
    !isAnsweredOtherwise(capabilities) &&
    isMap(capabilities, ([name, inner]) =>
      OPEN_CAPABILITIES.includes(name) ? isMap(inner, isFree) : isTree([name, inner]),
    ) &&
    Object.keys(rest).length === 0
  );
}

/** The capabilities that are booleans. All others are objects, which may contain capabilities. */
const BOOLEAN_CAPABILITIES: readonly string[] = ['listChanged', 'applyDefaults'];

/** The capabilities whose members may be any objects. */
const OPEN_CAPABILITIES: readonly string[] = ['experimental', 'extensions'];

type NamedValue = readonly [name: string, value: unknown];

const isTree = ([name, value]: NamedValue): boolean =>
  BOOLEAN_CAPABILITIES.includes(name) ? typeof value === 'boolean' : isMap(value, isTree);

const isFree = ([, value]: NamedValue): boolean => isMap(value, () => true);

const isMap = (value: unknown, holds: (member: NamedValue) => boolean): boolean =>
  isObject(value) && Object.entries(value).every(holds);
