import { needsConfirmation } from '../access/confirmation.ts';
import type { Tool } from '../catalog/tool.ts';
import type { Caller } from './caller.ts';
import { textWithoutValues } from './confidential.ts';
import type { ConfirmationRequest } from './confirm/outcome.ts';
import { usesCredentials } from './rule.ts';
import type { CallState } from './state.ts';

/** What the gate has to know of a call, as its steps have left it. */
export function toConfirmationRequest(
  { tool, caller }: { readonly tool: Tool; readonly caller: Caller },
  state: CallState,
): ConfirmationRequest {
  const { args, occasion, verdict, confidential } = state;
  const { confirm_reason } = args;
  return {
    isNeeded: occasion !== undefined || needsConfirmation(tool, args),
    tool,
    args,
    caller: caller.agent,
    called: caller.via?.tool ?? tool.name,
    mode: caller.confirm,
    clientAsks: caller.clientAsks,
    samePerson: caller.samePerson,
    requester: caller.requester,
    elicitation: caller.elicitation,
    named: caller.named,
    takesCredentials: verdict?.credentials !== undefined && usesCredentials(tool, state),
    reason: typeof confirm_reason === 'string' ? textWithoutValues(confirm_reason, confidential) : undefined,
    onWaiting: caller.onWaiting,
  };
}
