import type { Slot } from './pipeline.ts';

/** One window of a limit. A place in it is first in flight, then cools down, then is free. */
export type Window = {
  readonly family: Family;
  inFlight: number;
  /** When each answered place gets free, ascending. */
  readonly cooling: number[];
  shutUntil: number;
  /** Who waits for a place in it: of the calls of one agent for the same windows, only the oldest. */
  readonly firsts: Set<Call>;
  /** When each agent was last served here, as a number that counts up. */
  readonly turns: Map<string, number>;
};

/** The windows of one limit. */
export type Family = {
  readonly limit: Slot;
  /** Milliseconds. */
  readonly span: number;
  readonly byKey: Map<string, Window>;
  /** What counts in each of them. */
  readonly all: Window;
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

/** Idle windows of a limit are dropped when there are twice as many windows as were left the last time, or so many. */
const MIN_SWEEP = 64;

export function createFamily(limit: Slot): Family {
  const family: Family = {
    limit,
    span: limit.seconds * 1_000,
    byKey: new Map(),
    get all() {
      return all;
    },
    claim: undefined,
    sweepAt: MIN_SWEEP,
  };
  const all = createWindow(family);
  return family;
}

export function createWindow(family: Family): Window {
  return { family, inFlight: 0, cooling: [], shutUntil: 0, firsts: new Set(), turns: new Map() };
}

/** Drops the windows that hold nothing worth remembering. */
function sweep(family: Family, now: number): void {
  for (const [key, window] of family.byKey) {
    if (used(window, now) === 0 && window.firsts.size === 0 && window.shutUntil <= now) family.byKey.delete(key);
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
  if (window.shutUntil > now || near.some(({ shutUntil }) => shutUntil > now)) return false;
  const taken = used(window, now) + Math.max(0, ...near.map((other) => used(other, now)));
  return taken + (call !== undefined && isKept(window, call) ? 1 : 0) < window.family.limit.requests;
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
  const near = [window, ...neighbours(window)];
  const opens = Math.max(...near.map(({ shutUntil }) => shutUntil));
  return opens > now ? opens : Math.min(...near.map(({ cooling: [first] }) => first ?? Number.POSITIVE_INFINITY));
}

/** Milliseconds until the window can have served so many others. */
export function roomIn(window: Window, ahead: number, now: number): number {
  const { limit, span } = window.family;
  // The empty one stands for the keys that are not in use.
  const waits = [createWindow(window.family), ...neighbours(window)].map((other) => {
    const free = limit.requests - used(window, now) - used(other, now);
    const cooling =
      other.cooling.length === 0 ? window.cooling : [...window.cooling, ...other.cooling].sort((a, b) => a - b);
    const place = (ahead % limit.requests) - free;
    const end = place < 0 ? now : (cooling[place] ?? now + span + MARGIN) - MARGIN;
    const start = Math.max(now, window.shutUntil, other.shutUntil);
    return Math.max(start, end) - now + Math.floor(ahead / limit.requests) * span;
  });
  return Math.max(...waits);
}
