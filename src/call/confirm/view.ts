import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Tool } from '../../catalog/tool.ts';
import type { Named } from '../caller.ts';
import { VIEW_MS } from './pending.ts';
import type { Preview } from './preview.ts';

/** The member of a result's `_meta` with what only the view has. */
export const VIEW_META = 'workos-mcp/confirmation';

type AskedInView = {
  readonly tool: Tool;
  readonly id: string;
  readonly named?: Named | undefined;
};

/** What is told of a call that waits for a person in the view. The model has all of it. */
function toWaiting({ tool: { name }, id, named = String }: AskedInView): string {
  return `A person is asked in the conversation. Do not call ${named(name)} again until they have answered. To get the outcome then, call it with the same arguments and confirm_token="${id}".`;
}

/**
 * The result of a call that waits for a person in the view. Its text and its structured content are made from what the
 * agent may read, since a client may give both to the model. The secret is in `_meta`, which is for the view.
 * @param now milliseconds since 1970
 * @param called the name by which the client called the tool
 */
export function toViewQuestion(
  waiting: AskedInView,
  { text, shown }: Preview,
  { secret, called, now }: { readonly secret: string; readonly called: string; readonly now: number },
): CallToolResult {
  const next = toWaiting(waiting);
  const confirmation = {
    status: 'waiting',
    confirmation_id: waiting.id,
    tool: waiting.tool.name,
    preview: shown,
    asked_at: new Date(now).toISOString(),
    expires_in_seconds: VIEW_MS / 1_000,
    next_step: next,
  };
  return {
    content: [{ type: 'text', text: `${waiting.tool.name} was not sent yet. ${next}\n\n${text}` }],
    structuredContent: { confirmation },
    _meta: { [VIEW_META]: { secret, called } },
  };
}

/** The result for a model that asks again before the person has answered. It has no secret, so no view can answer it. */
export function stillWaiting(waiting: AskedInView): CallToolResult {
  const next = toWaiting(waiting);
  const confirmation = { status: 'waiting', confirmation_id: waiting.id, tool: waiting.tool.name, next_step: next };
  return {
    content: [{ type: 'text', text: `${waiting.tool.name} was not sent yet. ${next}` }],
    structuredContent: { confirmation },
  };
}
