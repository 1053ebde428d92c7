import type { Tool } from '../catalog/tool.ts';
import type { RefusedError } from '../errors.ts';
import { ReplyError, TransportError } from '../workos/errors.ts';
import { explain } from './answer/failure.ts';
import type { Caller } from './caller.ts';
import { toConfidential } from './confidential.ts';
import type { SideRead } from './confirm/find-object.ts';
import { createTraffic, type Exchange, type Traffic } from './exchange.ts';

/** The call, as far as its reads need it. */
export type ReadingCall = {
  readonly tool: Tool;
  readonly deps: {
    readonly exchange: Exchange;
    readonly environment: { readonly apiKey: string };
    readonly settings: { readonly timeout: number };
  };
  readonly caller: Pick<Caller, 'agent' | 'signal' | 'markerOf' | 'stillAllowed' | 'verdictOn'>;
  readonly start: number;
};

/**
 * Reads from WorkOS that a call needs before it is sent itself, for the preview or to decide on it.
 * @param traffic of the call, to which the reads are added
 * @param refusal the refusal of the call if a read fails, with the reason
 * @param seesAll whether what is read is for an approver, who may see more than the agent
 */
export function createSideRead(
  { deps, tool: called, caller, start }: ReadingCall,
  traffic: Traffic,
  refusal: (reason: string) => RefusedError,
  seesAll = false,
): SideRead {
  const { exchange, environment, settings } = deps;
  const { agent, signal, markerOf } = caller;
  const deadline = start + settings.timeout;
  return async (tool, args) => {
    const confidential = toConfidential(tool, args, markerOf(tool), environment.apiKey);
    const mayRead = caller.verdictOn(tool).allowed;
    // Counted separately: if a read fails, the call itself was still not sent.
    const reads = createTraffic(traffic.traced);
    try {
      // A read beyond the agent's grants is allowed as long as the call is that needs it.
      const ruled = mayRead ? tool : called;
      const stillAllowed = () => caller.stillAllowed?.(ruled);
      return await exchange(tool, args, { agent, signal, deadline, stillAllowed, traffic: reads, confidential });
    } catch (error) {
      if (!(error instanceof ReplyError || error instanceof TransportError)) throw error;
      if (seesAll && !mayRead) throw refusal(`${tool.name} failed.`); // WorkOS may name what the agent may not read
      throw refusal(explain(error, { tool, args, confidential, sent: true }));
    } finally {
      traffic.requests += reads.requests;
      traffic.attempts += reads.attempts;
    }
  };
}
