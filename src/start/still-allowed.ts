import type { ResolvedAgent } from '../agents/identify.ts';
import type { Caller } from '../call/caller.ts';
import { requireAllowed } from '../call/verdict.ts';
import type { Tool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import type { Offer } from '../mcp/offer.ts';
import type { OpenEnvironment } from './environments.ts';

/** One agent, and what it may do where. */
export type RecognizedAgent = {
  readonly agent: ResolvedAgent;
  readonly opened: OpenEnvironment;
  readonly offer: Offer;
};

export type StillAllowedDeps<Agents> = {
  /** The agents of the configuration by which the caller was identified. */
  readonly first: Agents;
  /** The agents of the configuration that holds now. */
  readonly current: () => Agents;
  /** Identifies the caller again, by what it sent with its request. */
  readonly recognizeBy: (agents: Agents) => Promise<Recognition>;
};

type Recognition =
  | { readonly ok: true; readonly caller: RecognizedAgent }
  | { readonly ok: false; readonly message: string };

/**
 * Decides again, after a call has waited, by the configuration that holds now. Without a reload meanwhile, the decision
 * stands and nothing is awaited.
 * @param begun the caller as its call began
 */
export function toStillAllowed<Agents>(
  begun: RecognizedAgent,
  { first, current, recognizeBy }: StillAllowedDeps<Agents>,
): NonNullable<Caller['stillAllowed']> {
  let generation = first;
  let known = begun;
  const ask = async (tool: Tool): Promise<void> => {
    // Recognition may wait for an issuer's keys, and meanwhile the configuration may be reloaded again.
    for (let agents = current(); agents !== generation; agents = current()) {
      const recognized = await recognizeBy(agents);
      if (!recognized.ok) {
        throw new RefusedError(
          `The configuration of this server was reloaded while the call waited. ${recognized.message}`,
          'the caller was not recognized again after a reload',
        );
      }
      known = recognized.caller;
      generation = agents;
    }
    requireAllowed(known.offer.verdictOn(tool));
    if (isSame(begun, known, tool)) return;
    throw new RefusedError(
      'The operator of this server changed your settings while the call waited. Call again.',
      'the settings changed while the call waited',
    );
  };
  return (tool) => (current() === first ? undefined : ask(tool));
}

/** Whether all that the call has used of its caller's settings is as it was. */
function isSame(before: RecognizedAgent, after: RecognizedAgent, tool: Tool): boolean {
  const [old, now] = [before.offer, after.offer];
  return (
    before.agent.name === after.agent.name &&
    before.opened === after.opened && // the environment, with its key
    old.confirm === now.confirm &&
    old.dryRun === now.dryRun &&
    old.markerOf(tool) === now.markerOf(tool)
  );
}
