import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Arguments } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import type { EventFeed, WaitEnd } from '../events/feed.ts';
import type { EventPlace, EventPlaces } from '../events/place.ts';
import type { EventView } from '../events/view.ts';
import { isId } from '../ids.ts';
import { isNested } from '../secrets/withhold.ts';
import type { FieldSelection } from './answer/fields.ts';
import { toResult } from './answer/result.ts';
import { createRoom } from './answer/size.ts';
import type { Caller } from './caller.ts';
import type { Confidential } from './confidential.ts';

/** Waits for events on behalf of agents. */
export type EventWaits = {
  readonly feed: EventFeed;
  readonly places: EventPlaces;
  /** Milliseconds since 1970. */
  readonly date: () => number;
  readonly setTimer: (callback: () => void, ms: number) => () => void;
};

/** The call, as far as a wait needs it. */
type WaitingCall = {
  readonly deps: {
    /** Absent where no tool lists events. */
    readonly waits?: EventWaits | undefined;
    readonly settings: { readonly maxResultBytes: number };
    readonly now: () => number;
  };
  readonly tool: Tool;
  readonly caller: Caller;
};

type WaitArguments = {
  readonly args: Arguments;
  readonly confidential: Confidential;
  readonly selection: FieldSelection;
};

type WaitedCall = { readonly outcome: 'ok' | 'cancelled'; readonly result: CallToolResult };

/** Seconds. Many clients give a call up after 60. */
export const MAX_WAIT_SECONDS = 50;
const DEFAULT_WAIT_SECONDS = 45;

/** Seconds between progress notifications: many clients give up after a silent minute. */
const BEAT_SECONDS = 15;

const KEPT_DAYS = 30;
const DAY_MS = 86_400_000;

/** Ends a call of the tool that waits for events: when one comes that it waits for, or when its time is over. */
export function waitForEvents(call: WaitingCall, state: WaitArguments): undefined | Promise<WaitedCall> {
  return call.tool.waits === undefined ? undefined : waitFor(call, state);
}

async function waitFor(call: WaitingCall, { args, confidential, selection }: WaitArguments): Promise<WaitedCall> {
  const { deps, caller } = call;
  const { view } = confidential;
  const { waits, settings, now } = deps;
  if (view === undefined || waits === undefined) throw new Error('no tool lists events');
  const { agent, signal, waitOutside } = caller;
  const { wait_seconds = DEFAULT_WAIT_SECONDS } = args;
  const request = {
    agent,
    types: [args.events].flat().map(String), // as the view has chosen them
    allTypes: view.types,
    after: args.after === undefined ? undefined : toPlace(waits, agent, String(args.after)),
    look: toLook(view, [args.organization_id, args.about]),
    ms: Number(wait_seconds) * 1_000,
    signal,
  };
  const began = now();
  const stopBeats = beat(waits, (seconds) => caller.onProgress?.(seconds, Number(wait_seconds)));
  let end: WaitEnd;
  try {
    end = await waitOutside(() => waits.feed.wait(request));
  } finally {
    stopBeats();
  }
  await stillAllowed(call, view);
  const room = createRoom(settings.maxResultBytes);
  const shown = end.events.map(({ shown, place }) => ({ item: selection.item(shown), place }));
  const cut = shown.findIndex(({ item }) => !room.take(JSON.stringify(item)));
  const kept = cut === -1 ? shown : shown.slice(0, cut);
  if (shown.length > 0 && kept.length === 0) throw new RefusedError(TOO_LARGE, 'the event is too large');
  const result = {
    events: kept.map(({ item }) => item),
    after: waits.places.seal(agent, cut === -1 ? end.after : (kept.at(-1)?.place ?? end.after)),
    waited_seconds: Math.round((now() - began) / 1_000),
    ...(kept.length === 0 && { notes: [end.isBehind ? BEHIND : NOTHING_YET] }),
  };
  // Without a new event the place is the same, and so is its text.
  const isSame = kept.length === 0 && request.after !== undefined && isEqual(request.after, end.after);
  return {
    outcome: signal.aborted ? 'cancelled' : 'ok',
    result: toResult(isSame ? { ...result, after: args.after } : result),
  };
}

const NOTHING_YET = 'Nothing yet. Call again with after.';
const BEHIND = 'There are older events that were not looked at yet. Call again with after.';
const TOO_LARGE = 'The next event is too large for a result. Name fewer fields.';

const isEqual = (one: EventPlace, other: EventPlace): boolean => one.id === other.id && one.at === other.at;

function toPlace({ places, date }: EventWaits, agent: string, text: string): EventPlace {
  const place = places.open(agent, text);
  if (place === undefined) {
    throw new RefusedError(
      'after: this is not a place that you were given. Pass "after" of an earlier answer of wait_for_events, not the ID of an event, or leave it out to wait from now on.',
      'after is not a place that the agent was given',
    );
  }
  if (place.at < date() - KEPT_DAYS * DAY_MS) {
    throw new RefusedError(
      `after: this place is more than ${KEPT_DAYS} days old, and WorkOS keeps events for ${KEPT_DAYS} days. Leave it out to wait from now on; list_events has what happened before.`,
      'after is too old',
    );
  }
  return place;
}

/** What the agent waits for: events that name each of the IDs where it can see them. */
function toLook(view: EventView, ids: readonly unknown[]) {
  const wanted = ids.filter((id) => id !== undefined);
  const wrong = wanted.find((id) => !isId(id));
  if (wrong !== undefined) throw new RefusedError('about and organization_id: give an ID of WorkOS, such as user_01….');
  return (event: Parameters<EventView['show']>[0]) => {
    const shown = view.show(event);
    return shown !== undefined && wanted.every((id) => holds(shown, id)) ? shown : undefined;
  };
}

const holds = (value: unknown, id: unknown): boolean =>
  isNested(value) ? Object.values(value).some((member) => holds(member, id)) : value === id;

/** Tells the client every 15 seconds that the call is alive. */
function beat({ setTimer }: EventWaits, tell: (seconds: number) => void): () => void {
  let seconds = 0;
  const next = (): (() => void) =>
    setTimer(() => {
      seconds += BEAT_SECONDS;
      tell(seconds);
      stop = next();
    }, BEAT_SECONDS * 1_000);
  let stop = next();
  return () => stop();
}

/** Decides again, after the wait, on all that the agent may have been shown. */
async function stillAllowed({ tool, caller }: WaitingCall, { readers }: EventView): Promise<void> {
  for (const one of [tool, ...readers] satisfies readonly Tool[]) await caller.stillAllowed?.(one);
}
