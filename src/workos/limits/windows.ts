import type { Slot } from '../layer.ts';

/** One window of a limit. A place in it is in flight, then cools down, then is free. */
export type Window = {
  readonly family: LimitWindows;
  inFlight: number;
  /** Times at which answered places become free, ascending. */
  readonly cooling: number[];
  shutUntil: number;
  /** Until when the shared limits deny places in this window. */
  deniedUntil: number;
  /** Calls that wait for a place, only the oldest one for each agent and route. */
  readonly firsts: Set<CountedRequest>;
  /** The last turn of each agent, as a number that counts up. */
  readonly turns: Map<string, number>;
  /** Those that the limits which are shared with other servers confirmed. Empty if none are. */
  readonly confirmedTurns: Map<string, number>;
};

/**
 * While the shared limits are unreachable, each server keeps to its share of every limit. This lasts from `since` until
 * one window after `until`, when every request that the shared limits do not know has cooled down.
 */
export type SplitPeriod = { parts: number; since: number; until: number };

/** The windows of one limit. */
export type LimitWindows = {
  readonly limit: Slot;
  /** Milliseconds. */
  readonly span: number;
  readonly byKey: Map<string, Window>;
  /** The window of requests that count in every key's window. */
  readonly all: Window;
  readonly split: SplitPeriod;
  /** The call for which a place is reserved because it was passed over for too long. */
  claim: CountedRequest | undefined;
  sweepAt: number;
};

/** A request that takes a place in all its windows at once, or waits. */
export type CountedRequest = {
  readonly agent: string;
  /** The most specific one first. */
  readonly windows: readonly Window[];
  /** Identifies its windows. Calls of one agent with the same route never overtake each other. */
  readonly route: () => string;
  /** Arrival order, counting up. */
  readonly order: number;
  /** Since when other calls take places that this call could not use because another of its windows was full. */
  readonly passed: Map<LimitWindows, number>;
};

/** Milliseconds that a place is held longer than its window, as either side may count in whole milliseconds. */
const MARGIN_MS = 2;

/**
 * Milliseconds. When servers fall back to their shares, windows up to this length are waited out, since any server may
 * have used all of one. Longer windows are not: they are unlikely to be used up, and the pause would be long.
 */
const MAX_PAUSE_MS = 2_000;

/** Idle windows of a limit are dropped when there are this many windows, or twice as many as the last sweep left. */
const MIN_SWEEP_WINDOWS = 64;

/**
 * Windows of one limit, whose keys are arguments. A window that holds places is never dropped, because its limit would
 * no longer be kept: where there are more, further calls are refused.
 */
const MAX_WINDOWS = 20_000;

/** Agents whose last turn a window remembers. Of more, the half that was served last stays. */
const MAX_TURNS = 1_000;

export function createLimitWindows(limit: Slot, split: SplitPeriod): LimitWindows {
  const family: LimitWindows = {
    limit,
    span: limit.seconds * 1_000,
    byKey: new Map(),
    get all() {
      return all;
    },
    split,
    claim: undefined,
    sweepAt: MIN_SWEEP_WINDOWS,
  };
  const all = createWindow(family);
  return family;
}

export function createWindow(family: LimitWindows): Window {
  const never = Number.NEGATIVE_INFINITY;
  return {
    family,
    inFlight: 0,
    cooling: [],
    shutUntil: 0,
    deniedUntil: never,
    firsts: new Set(),
    turns: new Map(),
    confirmedTurns: new Map(),
  };
}

/** The number of places in a window of the limit. */
function capacity({ limit: { requests }, span, split: { parts, until } }: LimitWindows, now: number): number {
  return now >= until + span ? requests : Math.max(1, Math.floor(requests / parts));
}

/** Until when all windows of the limit are paused. */
function pausedUntil({ span, split: { since } }: LimitWindows): number {
  return span <= MAX_PAUSE_MS ? since + span : Number.NEGATIVE_INFINITY;
}

/** Until when the window is closed, regardless of its places. */
function closedUntil(window: Window, near: readonly Window[]): number {
  let until = Math.max(window.shutUntil, window.deniedUntil, pausedUntil(window.family));
  for (const { shutUntil } of near) until = Math.max(until, shutUntil);
  return until;
}

/** Drops idle windows. */
function sweep(family: LimitWindows, now: number): void {
  for (const [key, window] of family.byKey) {
    const opens = Math.max(window.shutUntil, window.deniedUntil);
    if (used(window, now) === 0 && window.firsts.size === 0 && opens <= now) family.byKey.delete(key);
  }
  family.sweepAt = Math.min(MAX_WINDOWS, Math.max(MIN_SWEEP_WINDOWS, 2 * family.byKey.size));
}

/** Drops idle windows of the limits that the call counted in, if there are many. To be called once the call is over. */
export function tidy({ windows }: CountedRequest, now: number): void {
  for (const { family, turns, confirmedTurns } of windows) {
    if (family.byKey.size >= family.sweepAt) sweep(family, now);
    forgetOldest(turns);
    forgetOldest(confirmedTurns);
  }
}

function forgetOldest(turns: Map<string, number>): void {
  if (turns.size <= MAX_TURNS) return;
  const oldest = [...turns].sort(([, a], [, b]) => a - b).slice(0, MAX_TURNS / 2);
  for (const [agent] of oldest) turns.delete(agent);
}

/** The limit of the call that has too many windows in use, if there is one. */
export const crowded = ({ windows }: CountedRequest): Slot | undefined =>
  windows.find(({ family }) => family.byKey.size > MAX_WINDOWS)?.family.limit;

export const isAll = (window: Window) => window === window.family.all;

/** The windows that share places with this one: for a key's window that of all keys, and the reverse. */
const neighbours = (window: Window) => (isAll(window) ? [...window.family.byKey.values()] : [window.family.all]);

/** The number of taken places, after dropping those that have cooled down. */
function used({ inFlight, cooling }: Window, now: number): number {
  let free = 0;
  while ((cooling[free] ?? Number.POSITIVE_INFINITY) <= now) free += 1;
  if (free > 0) cooling.splice(0, free);
  return inFlight + cooling.length;
}

/** Lets a place in flight cool down from `start` on. @returns when it is free */
export function coolDown(window: Window, start: number, now: number): number {
  const { family, cooling } = window;
  window.inFlight -= 1;
  const end = start + family.span + MARGIN_MS;
  let at = cooling.length;
  while ((cooling[at - 1] ?? 0) > end) at -= 1;
  cooling.splice(at, 0, end);
  if (family.byKey.size >= family.sweepAt) sweep(family, now);
  return end;
}

/**
 * Whether the window has room. @param call the call that needs it; places reserved for other calls do not count as room
 */
export function hasRoom(window: Window, now: number, call?: CountedRequest): boolean {
  const near = neighbours(window);
  if (closedUntil(window, near) > now) return false;
  const { family, deniedUntil } = window;
  const taken = used(window, now) + near.reduce((most, other) => Math.max(most, used(other, now)), 0);
  const isReservedHere = call !== undefined && isReserved(window, call);
  // If other servers compete for places, the next free place is the reserved one.
  if (isReservedHere && now < deniedUntil + family.span) return false;
  return taken + (isReservedHere ? 1 : 0) < capacity(family, now);
}

/** Whether a place in the window is reserved for another call. */
function isReserved(window: Window, { agent, order, windows }: CountedRequest): boolean {
  const { claim, all } = window.family;
  if (claim === undefined || claim.order === order) return false;
  const isHere = isAll(window) || claim.windows.includes(window) || claim.windows.includes(all);
  const hasClaim = windows.some(({ family }) => family.claim?.order === order);
  // An agent's calls keep their order. Of two calls with a claim the older one goes, so they never wait for each other.
  return isHere && !(order < claim.order && (agent === claim.agent || hasClaim));
}

/** The next time at which a full window may have room. */
export function changeOf(window: Window, now: number): number {
  const near = neighbours(window);
  const opens = closedUntil(window, near);
  if (opens > now) return opens;
  const { span, split } = window.family;
  // When the full limit applies again, and when the next free place need not be the reserved one.
  const grows = [split.until + span, window.deniedUntil + span].filter((at) => at > now);
  const cools = [window, ...near].map(({ cooling: [first] }) => first ?? Number.POSITIVE_INFINITY);
  return Math.min(...grows, ...cools);
}

/** Milliseconds until the window can have served `ahead` other calls. */
export function roomIn(window: Window, ahead: number, now: number): number {
  const { family } = window;
  const { span } = family;
  const requests = capacity(family, now);
  // The empty window stands for keys that are not in use.
  const waits = [createWindow(family), ...neighbours(window)].map((other) => {
    const free = requests - used(window, now) - used(other, now);
    const cooling =
      other.cooling.length === 0 ? window.cooling : [...window.cooling, ...other.cooling].sort((a, b) => a - b);
    const place = (ahead % requests) - free;
    const end = place < 0 ? now : (cooling[place] ?? now + span + MARGIN_MS) - MARGIN_MS;
    const start = Math.max(now, closedUntil(window, [other]));
    return Math.max(start, end) - now + Math.floor(ahead / requests) * span;
  });
  return Math.max(...waits);
}
