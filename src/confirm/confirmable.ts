import * as z from 'zod';
import { type Arguments, type Tool, withInput } from '../tool.ts';

/** The argument by which a model repeats a confirmation where no client asks a person. */
const CONFIRM_TOKEN = { confirm_token: z.string().min(1).describe('From the preview').optional() };

/** The tool as clients have it that may be unable to ask a person. */
export function withConfirmToken(tool: Tool): Tool {
  return tool.confirmable ? withInput(tool, { ...tool.input, ...CONFIRM_TOKEN }, 'confirmed') : tool;
}

/** Whether this call waits for a confirmation: a delete, or an update that decides who somebody is. */
export function needsConfirmation(tool: Tool, args: Arguments): boolean {
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  return tool.confirmable && (tool.access === 'delete' || [...secrets, ...identity].some((name) => name in args));
}
