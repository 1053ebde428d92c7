import type { RefusedError } from '../errors.ts';
import { ReplyError, TransportError } from '../workos/errors.ts';
import { explain } from './answer/failure.ts';
import type { Caller } from './caller.ts';
import { toConfidential } from './confidential.ts';
import type { SideRead } from './confirm/find-object.ts';
import { createTraffic, type Exchange, type Traffic } from './exchange.ts';

/** The call, as far as its reads need it. */
export type ReadingCall = {
  readonly deps: {
    readonly exchange: Exchange;
    readonly environment: { readonly apiKey: string };
    readonly settings: { readonly timeout: number };
  };
  readonly caller: Pick<Caller, 'agent' | 'signal' | 'markerOf' | 'stillAllowed'>;
  readonly start: number;
};

/**
 * Reads from WorkOS that a call needs before it is sent itself, for the preview or to decide on it.
 * @param traffic of the call, to which the reads are added
 * @param refusal the refusal of the call if a read fails, with the reason
 */
export function createSideRead(
  { deps, caller, start }: ReadingCall,
  traffic: Traffic,
  refusal: (reason: string) => RefusedError,
): SideRead {
  const { exchange, environment, settings } = deps;
  const { agent, signal, markerOf } = caller;
  const deadline = start + settings.timeout;
  return async (tool, args) => {
    const confidential = toConfidential(tool, args, markerOf(tool), environment.apiKey);
    // Counted separately: if a read fails, the call itself was still not sent.
    const reads = createTraffic(traffic.traced);
    try {
      const stillAllowed = () => caller.stillAllowed?.(tool);
      return await exchange(tool, args, { agent, signal, deadline, stillAllowed, traffic: reads, confidential });
    } catch (error) {
      if (!(error instanceof ReplyError || error instanceof TransportError)) throw error;
      throw refusal(explain(error, { tool, args, confidential, sent: true }));
    } finally {
      traffic.requests += reads.requests;
      traffic.attempts += reads.attempts;
    }
  };
}
