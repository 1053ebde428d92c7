import { isUtf8 } from 'node:buffer';
import type { Readable, Writable } from 'node:stream';
import type { RequestId } from '@modelcontextprotocol/server';
import { isObject } from '../../json.ts';
import { isRequestId } from '../message.ts';
import type { Opened } from '../stdio/serve-stdio.ts';

/** What a line ends with. */
const NEWLINE = 0x0a;

/** What a client of before 2026-07-28 is told first. */
export type Opening = {
  /** The revisions of such clients. What is to be said of another one is left to the SDK. */
  readonly revisions: readonly unknown[];
  /** The answer to initialize, but for the revision. */
  readonly greeting: Readonly<Record<string, unknown>>;
  /** The answers to requests that list, by their methods. */
  readonly lists: Readonly<Record<string, object>>;
};

/** Milliseconds that a client gets for what it says next. */
const OPENING_IDLE_MS = 250;

/** Characters of a line that is looked into: a longer one could nest deeper than that is safe. */
const MAX_LINE_CHARS = 2_000;

/**
 * Answers initialize and then what lists, as far as tools/list: for these a client waits before it shows the server, and
 * the SDK takes longer to load than all else of a start. Whatever is not just that ends the opening, as silence does. All
 * from there on is handed on, and so is initialize, for the SDK has to know its client.
 */
export function answerOpening(
  stdin: Readable,
  stdout: Writable,
  handOn: (chunk: Buffer) => void,
  opening: Opening,
): Promise<Opened> {
  let greeted: RequestId | undefined;

  /** What to answer a request with; nothing where it is none for the opening. */
  const answerTo = ({ jsonrpc, id, method, params, ...more }: Message): object | undefined => {
    if (Object.keys(more).length > 0) return undefined;
    if (jsonrpc !== '2.0' || !isRequestId(id) || id === greeted || typeof method !== 'string') return undefined;
    if (greeted !== undefined) return isNone(params) ? ownValue(opening.lists, method) : undefined;
    if (method !== 'initialize' || !isPlain(params, opening)) return undefined;
    greeted = id;
    return { protocolVersion: params.protocolVersion, ...opening.greeting };
  };

  /** Whether the opening goes on behind this line. */
  const take = (line: string): boolean => {
    const message = line.length > MAX_LINE_CHARS ? {} : parseMessage(line);
    const { id, method } = message;
    const result = answerTo(message);
    if (result !== undefined) stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
    if (result === undefined || method === 'initialize') handOn(Buffer.from(`${line}\n`));
    return result === undefined
      ? method === 'notifications/initialized' && greeted !== undefined
      : method !== 'tools/list';
  };

  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(silence);
      stdin.off('data', hear);
      stdin.on('data', handOn);
      resolve({ greeted });
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
      // A line that is still to come to its end is none for the opening.
      if (whole < chunk.length) handOn(chunk.subarray(whole));
      end();
    };
    stdin.on('data', hear);
  });
}

/** One line of a client's, whatever is in it. */
type Message = Readonly<Record<string, unknown>>;

/** A line as JSON; one without members where it is none. */
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
function isPlain(params: unknown, { revisions }: Opening): params is { readonly protocolVersion: string } {
  const { protocolVersion, capabilities, clientInfo, ...rest } = Object(params);
  const { name, version, icons, ...more } = Object(clientInfo);
  return (
    revisions.includes(protocolVersion) &&
    [name, version, ...Object.values(more)].every((text) => typeof text === 'string') &&
    icons === undefined &&
    isMap(capabilities, ([name, inner]) =>
      OPEN_CAPABILITIES.includes(name) ? isMap(inner, isFree) : isTree([name, inner]),
    ) &&
    Object.keys(rest).length === 0
  );
}

/** The capabilities that are true or false. All others are objects, which may have capabilities within. */
const BOOLEAN_CAPABILITIES: readonly string[] = ['listChanged', 'applyDefaults'];

/** Those whose members are objects of whatever kind. */
const OPEN_CAPABILITIES: readonly string[] = ['experimental', 'extensions'];

type NamedValue = readonly [name: string, value: unknown];

const isTree = ([name, value]: NamedValue): boolean =>
  BOOLEAN_CAPABILITIES.includes(name) ? typeof value === 'boolean' : isMap(value, isTree);

const isFree = ([, value]: NamedValue): boolean => isMap(value, () => true);

const isMap = (value: unknown, holds: (member: NamedValue) => boolean): boolean =>
  isObject(value) && Object.entries(value).every(holds);
