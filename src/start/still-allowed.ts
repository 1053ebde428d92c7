import type { ResolvedAgent } from '../agents/identify.ts';
import type { Caller } from '../call/caller.ts';
import { requireAllowed } from '../call/verdict.ts';
import type { Tool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import type { OfferWithViews } from '../mcp/view/offer.ts';
import type { OpenEnvironment } from './environments.ts';

/** One agent, and what it may do where. */
export type RecognizedAgent = {
  readonly agent: ResolvedAgent;
  readonly opened: OpenEnvironment;
  readonly offer: OfferWithViews;
  /** Who makes the call, where the token says so. */
  readonly requester?: Caller['requester'];
};

export type StillAllowedDeps<Agents> = {
  /** The agents of the configuration by which the caller was identified. */
  readonly first: Agents;
  /** The agents of the configuration that holds now. */
  readonly current: () => Agents;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Identifies the caller again, by what it sent with its request. */
  readonly recognizeBy: (agents: Agents) => Promise<Recognition>;
};

type Recognition =
  | { readonly ok: true; readonly caller: RecognizedAgent }
  | { readonly ok: false; readonly message: string };

/** Milliseconds that an identification holds: behind a longer wait, a token may have expired. */
const IDENTIFIED_MS = 5_000;

/**
 * Decides again, after a call has waited, by the configuration that holds now. After a short wait without a reload, the
 * decision stands and nothing is awaited.
 * @param begun the caller as its call began
 */
export function toStillAllowed<Agents>(
  begun: RecognizedAgent,
  { first, current, now, recognizeBy }: StillAllowedDeps<Agents>,
): NonNullable<Caller['stillAllowed']> {
  let generation = first;
  let known = begun;
  let identifiedAt = now();
  const isCurrent = () => current() === generation && now() - identifiedAt < IDENTIFIED_MS;
  const ask = async (tool: Tool): Promise<void> => {
    // Recognition may wait for an issuer's keys, and meanwhile the configuration may be reloaded again.
    while (!isCurrent()) {
      const agents = current();
      identifiedAt = now();
      const recognized = await recognizeBy(agents);
      if (!recognized.ok) {
        throw new RefusedError(
          `The server checked the caller again after the call had waited. ${recognized.message}`,
          'the caller was refused after the call had waited',
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
  return (tool) => (generation === first && isCurrent() ? undefined : ask(tool));
}

/** Whether all that the call has used of its caller's settings is as it was. */
function isSame(before: RecognizedAgent, after: RecognizedAgent, tool: Tool): boolean {
  const [old, now] = [before.offer, after.offer];
  return (
    before.agent.name === after.agent.name &&
    before.opened === after.opened && // the environment, with its key
    old.confirm === now.confirm &&
    old.clientAsks === now.clientAsks &&
    old.samePerson === now.samePerson &&
    JSON.stringify(before.requester) === JSON.stringify(after.requester) &&
    old.dryRun === now.dryRun &&
    old.markerOf(tool) === now.markerOf(tool)
  );
}
