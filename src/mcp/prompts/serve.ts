import {
  type CompleteResult,
  type GetPromptResult,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
} from '@modelcontextprotocol/server';
import type { Arguments } from '../../catalog/declaration.ts';
import type { Prompt } from '../../catalog/prompt.ts';
import type { Tool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import { complete } from './complete.ts';
import { type Prompts, toPromptList } from './listed.ts';
import { type PromptContext, type PromptValues, parseGiven, toText } from './text.ts';

/** Calls a tool on behalf of the agent. Resolves to its answer, or to `undefined` if the call failed. */
export type CallLookup = (tool: Tool, args: Arguments, signal: AbortSignal) => Promise<unknown>;

/** Milliseconds after which a completion is useless to a person who types. */
const LOOKUP_TIMEOUT_MS = 3_000;

/** Registers the handlers of prompts and of their completion. */
export function servePrompts(server: Server, prompts: Prompts, setting: PromptContext, lookUp: CallLookup): void {
  const find = (name: string): Prompt => prompts.get(name) ?? invalid(`Prompt ${name} not found`);

  server.setRequestHandler('prompts/list', () => toPromptList(prompts));

  server.setRequestHandler('prompts/get', ({ params }): GetPromptResult => {
    const prompt = find(params.name);
    const text = toText(prompt, parse(prompt, params.arguments ?? {}), setting);
    return { description: prompt.description, messages: [{ role: 'user', content: { type: 'text', text } }] };
  });

  server.setRequestHandler('completion/complete', async ({ params }, { mcpReq }): Promise<CompleteResult> => {
    const { ref, argument, context } = params;
    if (ref.type !== 'ref/prompt') return invalid('This server has prompts, but no resources.');
    const { name, arguments: declared } = find(ref.name);
    const known = Object.hasOwn(declared, argument.name) ? declared[argument.name] : undefined;
    if (known === undefined)
      return invalid(`${name} has no such argument. The arguments are ${Object.keys(declared).join(', ')}.`);
    const signal = AbortSignal.any([mcpReq.signal, AbortSignal.timeout(LOOKUP_TIMEOUT_MS)]);
    return complete(known, argument.value, context?.arguments ?? {}, async (toolName, args) => {
      const tool = setting.tools.get(toolName);
      return tool && lookUp(tool, args, signal);
    });
  });
}

function parse(prompt: Prompt, args: PromptValues): PromptValues {
  try {
    return parseGiven(prompt, args);
  } catch (error) {
    if (error instanceof RefusedError) return invalid(error.message);
    throw error;
  }
}

function invalid(message: string): never {
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}
