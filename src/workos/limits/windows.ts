import type { Slot } from '../layer.ts';

/** One window of a limit. A place in it is first in flight, then cools down, then is free. */
export type Window = {
  readonly family: Family;
  inFlight: number;
  /** When each answered place gets free, ascending. */
  readonly cooling: number[];
  shutUntil: number;
  /** Until when there is no room for its own calls, as those with whom it is shared have said. */
  deniedUntil: number;
  /** Who waits for a place in it: of the calls of one agent for the same windows, only the oldest. */
  readonly firsts: Set<Call>;
  /** When each agent was last served here, as a number that counts up. */
  readonly turns: Map<string, number>;
};

/**
 * While servers that share their windows cannot ask each other, each keeps to its part of every limit: from `since` on,
 * and until one window after `until`, when all that was sent unknown to the others has cooled down.
 */
export type Split = { parts: number; since: number; until: number };

/** The windows of one limit. */
export type Family = {
  readonly limit: Slot;
  /** Milliseconds. */
  readonly span: number;
  readonly byKey: Map<string, Window>;
  /** What counts in each of them. */
  readonly all: Window;
  readonly split: Split;
  /** The call for which a place is kept, because it was passed over for too long. */
  claim: Call | undefined;
  sweepAt: number;
};

/** A request that takes a place in each of its windows at once, or waits. */
export type Call = {
  readonly agent: string;
  /** The most specific one first. */
  readonly windows: readonly Window[];
  /** Names its windows: calls of one agent with the same route never overtake each other. */
  readonly route: string;
  /** Counts up with each arrival. */
  readonly order: number;
  /** Since when others take places that this call has to leave, for want of a place in another window. */
  readonly passed: Map<Family, number>;
};

/** Milliseconds that a place is held longer than its window: either end may count in whole milliseconds. */
const MARGIN = 2;

/**
 * Windows of at most so many milliseconds are waited out when the limits are split, since any server may have used all
 * of them. Longer ones are not: that they are used up is unlikely, and the pause would be long.
 */
const MAX_PAUSE = 2_000;

/** Idle windows of a limit are dropped when there are twice as many windows as were left the last time, or so many. */
const MIN_SWEEP = 64;

export function createFamily(limit: Slot, split: Split): Family {
  const family: Family = {
    limit,
    span: limit.seconds * 1_000,
    byKey: new Map(),
    get all() {
      return all;
    },
    split,
    claim: undefined,
    sweepAt: MIN_SWEEP,
  };
  const all = createWindow(family);
  return family;
}

export function createWindow(family: Family): Window {
  const never = Number.NEGATIVE_INFINITY;
  return { family, inFlight: 0, cooling: [], shutUntil: 0, deniedUntil: never, firsts: new Set(), turns: new Map() };
}

/** How many places a window of the limit has. */
function capacity({ limit: { requests }, span, split: { parts, until } }: Family, now: number): number {
  return now >= until + span ? requests : Math.max(1, Math.floor(requests / parts));
}

/** Until when all windows of the limit are waited out. */
function pausedUntil({ span, split: { since } }: Family): number {
  return span <= MAX_PAUSE ? since + span : Number.NEGATIVE_INFINITY;
}

/** Until when there is no room in the window, whatever cools down. */
function closedUntil(window: Window, near: readonly Window[]): number {
  let until = Math.max(window.shutUntil, window.deniedUntil, pausedUntil(window.family));
  for (const { shutUntil } of near) until = Math.max(until, shutUntil);
  return until;
}

/** Drops the windows that hold nothing worth remembering. */
function sweep(family: Family, now: number): void {
  for (const [key, window] of family.byKey) {
    const opens = Math.max(window.shutUntil, window.deniedUntil);
    if (used(window, now) === 0 && window.firsts.size === 0 && opens <= now) family.byKey.delete(key);
  }
  family.sweepAt = Math.max(MIN_SWEEP, 2 * family.byKey.size);
}

export const isAll = (window: Window) => window === window.family.all;

/** The windows that share places with this one: that of every key with what counts everywhere, and the reverse. */
const neighbours = (window: Window) => (isAll(window) ? [...window.family.byKey.values()] : [window.family.all]);

/** The places taken, after letting go of those that have cooled down. */
function used({ inFlight, cooling }: Window, now: number): number {
  let free = 0;
  while ((cooling[free] ?? Number.POSITIVE_INFINITY) <= now) free += 1;
  if (free > 0) cooling.splice(0, free);
  return inFlight + cooling.length;
}

/** Turns a place in flight into one that cools down from `start` on. @returns when it is free */
export function coolDown(window: Window, start: number, now: number): number {
  const { family, cooling } = window;
  window.inFlight -= 1;
  const end = start + family.span + MARGIN;
  let at = cooling.length;
  while ((cooling[at - 1] ?? 0) > end) at -= 1;
  cooling.splice(at, 0, end);
  if (family.byKey.size >= family.sweepAt) sweep(family, now);
  return end;
}

/** @param call whom the room is for: a place that is kept for another call is none */
export function hasRoom(window: Window, now: number, call?: Call): boolean {
  const near = neighbours(window);
  if (closedUntil(window, near) > now) return false;
  const { family, deniedUntil } = window;
  const taken = used(window, now) + near.reduce((most, other) => Math.max(most, used(other, now)), 0);
  const isKeptHere = call !== undefined && isKept(window, call);
  // Where others want places, too, one that is kept is the next one to be had.
  if (isKeptHere && now < deniedUntil + family.span) return false;
  return taken + (isKeptHere ? 1 : 0) < capacity(family, now);
}

/** Is a place in the window kept for another call? */
function isKept(window: Window, { agent, order, windows }: Call): boolean {
  const { claim, all } = window.family;
  if (claim === undefined || claim.order === order) return false;
  const isHere = isAll(window) || claim.windows.includes(window) || claim.windows.includes(all);
  const hasClaim = windows.some(({ family }) => family.claim?.order === order);
  // An agent's calls keep their order, and of two calls with a claim the older one goes: they never wait for each other.
  return isHere && !(order < claim.order && (agent === claim.agent || hasClaim));
}

/** The next time at which there may be room in a window that has none. */
export function changeOf(window: Window, now: number): number {
  const near = neighbours(window);
  const opens = closedUntil(window, near);
  if (opens > now) return opens;
  const { span, split } = window.family;
  // When the limit is whole again, and when a place that is kept is not the next one to be had any more.
  const grows = [split.until + span, window.deniedUntil + span].filter((at) => at > now);
  const cools = [window, ...near].map(({ cooling: [first] }) => first ?? Number.POSITIVE_INFINITY);
  return Math.min(...grows, ...cools);
}

/** Milliseconds until the window can have served so many others. */
export function roomIn(window: Window, ahead: number, now: number): number {
  const { family } = window;
  const { span } = family;
  const requests = capacity(family, now);
  // The empty one stands for the keys that are not in use.
  const waits = [createWindow(family), ...neighbours(window)].map((other) => {
    const free = requests - used(window, now) - used(other, now);
    const cooling =
      other.cooling.length === 0 ? window.cooling : [...window.cooling, ...other.cooling].sort((a, b) => a - b);
    const place = (ahead % requests) - free;
    const end = place < 0 ? now : (cooling[place] ?? now + span + MARGIN) - MARGIN;
    const start = Math.max(now, closedUntil(window, [other]));
    return Math.max(start, end) - now + Math.floor(ahead / requests) * span;
  });
  return Math.max(...waits);
}
