import * as z from 'zod';
import { type CallKind, callToolOf } from '../access/call-kind.ts';
import { ANSWER_TOOL } from '../access/overview.ts';
import { parseArguments } from '../call/arguments.ts';
import type { Via } from '../call/caller.ts';
import type { ViewAnswer } from '../call/confirm/person-answer.ts';
import { tool } from '../catalog/declaration.ts';
import { type Tool, toTool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import { isObject } from '../json.ts';
import { type CallTools, isServerTool } from './server-tools.ts';

const TAKES: Readonly<Record<CallKind, string>> = {
  read: 'Call a tool that only reads',
  write: 'Call a tool that creates or updates',
  delete: 'Call a tool that deletes',
  credential: 'Call a tool that shows or takes secrets, or decides who someone is',
};

/** How the clients of people who allow a tool for good have to understand it: the worst that a call of the kind does. */
const HINTS: Readonly<Record<CallKind, Omit<Tool['annotations'], 'title'>>> = {
  read: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  write: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  delete: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  credential: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
};

/**
 * The tools that call the tools which are not listed. Each is an envelope: a call is opened before anything else sees
 * it, so that grants, confirmation, limits and the record are about the inner tool.
 */
export const createCallTools = (): CallTools<Tool> => ({
  read: createCallTool('read'),
  write: createCallTool('write'),
  delete: createCallTool('delete'),
  credential: createCallTool('credential'),
});

function createCallTool(kind: CallKind): Tool {
  const name = callToolOf(kind);
  const declaration = tool({
    name,
    // Never requested: what is not opened is refused.
    route: `POST /${name}`,
    access: kind === 'read' ? 'read' : 'write',
    description: `${TAKES[kind]}, found with find_tools.`,
    input: {
      name: z.string().min(1).describe('Tool'),
      arguments: z.record(z.string(), z.unknown()).describe('Its arguments').optional(),
    },
    check: (args) => [
      isServerTool(args.name) && `name: ${args.name} is a tool of the server itself. Call it by its own name.`,
    ],
    local: () => {
      throw new Error('a call that was not opened has passed its checks');
    },
  });
  const called = toTool({ name: 'server', title: 'Server' }, declaration);
  return { ...called, annotations: { title: called.title, ...HINTS[kind] } };
}

/** What it takes to open a call. */
type Callable = {
  readonly tools: ReadonlyMap<string, Tool>;
  /** The kinds of the call tools that the agent has, by name. */
  readonly calls: ReadonlyMap<string, CallKind>;
};

/** A call with the tool and the arguments that it is about. */
export type OpenedCall = {
  readonly name: unknown;
  /** `undefined` if the agent has no tool of that name. */
  readonly tool: Tool | undefined;
  readonly args: unknown;
  readonly via?: Via;
  /** What a person answered in the view, if the call is one that waited for it. */
  readonly viewed?: ViewAnswer;
};

/**
 * Opens a call: one of a call tool becomes that of the tool it names, and an answer of the view becomes the call that
 * waited for it. One that is malformed stays that of the call tool, or of the tool for answers.
 */
export function openCall(callable: Callable, name: unknown, sent: unknown): OpenedCall {
  const { tools, calls } = callable;
  const tool = typeof name === 'string' ? tools.get(name) : undefined;
  if (tool !== undefined && name === ANSWER_TOOL) return openAnswer(callable, tool, sent);
  const kind = calls.get(String(name));
  if (tool === undefined || kind === undefined) return { name, tool, args: sent };
  try {
    const { args, notes } = parseArguments(tool, withoutNone(sent), { maxItems: 0 });
    const via = { tool: tool.name, kind, kinds: new Set(calls.values()), notes };
    return { name: args.name, tool: tools.get(String(args.name)), args: args.arguments ?? {}, via };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    // The call is refused by the same parser, which tells why, and recorded under the name of the call tool.
    return { name, tool, args: sent };
  }
}

function openAnswer(callable: Callable, tool: Tool, sent: unknown): OpenedCall {
  const unopened = { name: tool.name, tool, args: sent };
  try {
    const { args } = parseArguments(tool, sent, { maxItems: 0 });
    if (args.tool === tool.name) return unopened;
    const opened = openCall(callable, args.tool, args.arguments ?? {});
    // It is refused by the tool for answers.
    if (opened.tool?.confirmable !== true) return unopened;
    const { answer } = args;
    const viewed: ViewAnswer = {
      id: String(args.confirmation_id),
      secret: String(args.secret),
      answer: answer === 'yes' || answer === 'look' ? answer : 'no',
      typed: String(args.typed ?? ''),
    };
    return { ...opened, viewed };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    // The call is refused by the same parser, which tells why.
    return unopened;
  }
}

/** Without `arguments` where they are empty: a tool may take none, and that is not worth a note. */
function withoutNone(sent: unknown): unknown {
  if (!isObject(sent)) return sent;
  const { arguments: inner = null, ...others } = sent;
  const isNone = inner === null || inner === '' || (isObject(inner) && Object.keys(inner).length === 0);
  return isNone ? others : sent;
}
