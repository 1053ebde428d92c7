import type { Slot } from '../layer.ts';
import {
  type Call,
  changeOf,
  coolDown,
  createFamily,
  createWindow,
  type Family,
  hasRoom,
  isAll,
  roomIn,
  type Split,
  type Window,
} from './windows.ts';

/** Milliseconds after which a connection that came back is taken to be stable. */
const SETTLED = 5_000;

/** How long a call has to wait at least, in milliseconds, and for which limit. */
export type Wait = { readonly ms: number; readonly limit: Slot };

/** Who may go when. It knows neither clock nor promises: it decides from what it was told and `now`, in milliseconds. */
export function createQueue() {
  const families = new Map<string, Family>();
  /** Who waits, oldest first, by route and agent. */
  const lanes = new Map<string, Map<string, Set<Call>>>();
  /** Of the windows of every first call at least one that had no room for it. */
  const blocking = new Set<Window>();
  /** Turns that were not only taken here: by window and agent. Empty where the windows are nobody else's. */
  const confirmed = new WeakMap<Window, Map<string, number>>();
  const split: Split = { parts: 1, since: Number.NEGATIVE_INFINITY, until: Number.NEGATIVE_INFINITY };
  let count = 0;

  function toCall(slots: readonly Slot[], agent: string): Call {
    const windows = slots.map((slot) => {
      const family = families.get(slot.name) ?? createFamily(slot, split);
      families.set(slot.name, family);
      if (slot.key === '*') return family.all;
      const window = family.byKey.get(slot.key) ?? createWindow(family);
      family.byKey.set(slot.key, window);
      return window;
    });
    count += 1;
    return {
      agent,
      windows: windows.reverse(),
      // Only who waits is asked for it.
      get route() {
        return JSON.stringify(slots.map(({ name, key }) => [name, key]));
      },
      order: count,
      passed: new Map(),
    };
  }

  /** @returns whether the call had room in all its windows, and took it */
  function take(call: Call, now: number): boolean {
    if (blockerOf(call, now) !== undefined) return false;
    // Where nobody waits, nobody is passed over.
    for (const window of lanes.size === 0 ? [] : call.windows) {
      for (const rival of rivals(window)) passOver(rival, window.family, now);
    }
    occupy(call);
    return true;
  }

  function occupy(call: Call): void {
    count += 1;
    for (const window of call.windows) {
      window.inFlight += 1;
      window.turns.set(call.agent, count);
    }
  }

  /** Those who share the windows have room, too. */
  function confirm({ agent, windows }: Call): void {
    count += 1;
    for (const window of windows) {
      window.turns.set(agent, count);
      const turns = confirmed.get(window) ?? new Map<string, number>();
      confirmed.set(window, turns.set(agent, count));
    }
  }

  /** The opposite: neither the places nor the turn were had. */
  function takeBack(call: Call): void {
    giveBack(call);
    for (const window of call.windows) window.turns.set(call.agent, confirmed.get(window)?.get(call.agent) ?? 0);
  }

  /** @returns when there may be room */
  function wait(call: Call, now: number): number {
    const byAgent = lanes.get(call.route) ?? new Map<string, Set<Call>>();
    const lane = byAgent.get(call.agent) ?? new Set();
    lanes.set(call.route, byAgent.set(call.agent, lane.add(call)));
    if (lane.size === 1) for (const window of call.windows) window.firsts.add(call);
    return standBy(call, now);
  }

  /** Waits again, before those that came later. @returns when there may be room */
  function waitAgain(call: Call, now: number): number {
    const lane = [...(lanes.get(call.route)?.get(call.agent) ?? [])];
    const place = lane.findIndex(({ order }) => order > call.order);
    const [first] = lane;
    if (first === undefined || place < 0) return wait(call, now);
    lane.splice(place, 0, call);
    lanes.get(call.route)?.set(call.agent, new Set(lane));
    if (place > 0) return standBy(call, now);
    for (const { family, firsts } of call.windows) {
      firsts.delete(first);
      firsts.add(call);
      if (family.claim === first) family.claim = undefined;
    }
    return standBy(call, now);
  }

  function standBy(call: Call, now: number): number {
    // With room everywhere it waits for another reason: to be among those who are asked when places are given next.
    const blocker = blockerOf(call, now) ?? call.windows[0];
    if (blocker === undefined) return now;
    blocking.add(blocker);
    return changeOf(blocker, now);
  }

  function leave(call: Call): void {
    const byAgent = lanes.get(call.route);
    const lane = byAgent?.get(call.agent);
    lane?.delete(call);
    const [second] = lane ?? [];
    if (second === undefined) byAgent?.delete(call.agent);
    if (byAgent?.size === 0) lanes.delete(call.route);
    for (const { family, firsts } of call.windows) {
      if (firsts.delete(call) && second !== undefined) firsts.add(second);
      if (family.claim === call) family.claim = undefined;
    }
  }

  /** Takes places for those who wait, as far as there is room, for at most so many calls. */
  function admit(now: number, most = Number.POSITIVE_INFINITY): Call[] {
    const admitted: Call[] = [];
    // The windows of keys first: there the calls that count everywhere have their turn among the others.
    const open = [...blocking].filter((window) => hasRoom(window, now));
    for (const window of open.sort((a, b) => Number(isAll(a)) - Number(isAll(b)))) {
      while (admitted.length < most) {
        blocking.delete(window);
        const call = nextCall(window, now);
        if (call === undefined) break;
        leave(call);
        occupy(call);
        admitted.push(call);
        blocking.add(window);
      }
    }
    return admitted;
  }

  /** Of those who wait for the window and can go: the oldest call of the agent that was served least recently. */
  function nextCall(window: Window, now: number): Call | undefined {
    if (!hasRoom(window, now)) {
      blocking.add(window);
      return undefined;
    }
    let first: Call | undefined;
    for (const call of rivals(window)) {
      if (first !== undefined && !isBefore(window, call, first)) continue;
      const blocker = blockerOf(call, now);
      if (blocker === undefined) {
        first = call;
      } else {
        blocking.add(blocker);
        passOver(call, window.family, now);
      }
    }
    return first;
  }

  /**
   * The answer came, or will not come.
   * @param start when the request cannot be under way any more
   * @returns when a place is free again
   */
  function cool(call: Call, start: number, now: number): number {
    return Math.min(...call.windows.map((window) => coolDown(window, start, now)));
  }

  /** Nothing was sent. */
  function giveBack(call: Call): void {
    for (const window of call.windows) window.inFlight -= 1;
  }

  /** After a 429. It does not say which limit it means: most likely the narrowest. */
  function shut({ windows: [narrowest] }: Call, until: number): void {
    if (narrowest !== undefined) narrowest.shutUntil = Math.max(narrowest.shutUntil, until);
  }

  /** There is no room before that time in the window of one of its slots, as those say who share it. */
  function deny(call: Call, slot: number, until: number, now: number): void {
    const window = call.windows.at(-1 - slot);
    if (window !== undefined) window.deniedUntil = Math.max(window.deniedUntil, until);
    for (const { family } of call.windows) passOver(call, family, now);
  }

  /** Those who share the windows cannot be asked: each keeps to its part. */
  function splitUp(parts: number, now: number): void {
    // A connection that comes and goes must not make short windows wait for ever.
    if (parts > 1 && now >= split.until + SETTLED) split.since = now;
    split.parts = parts;
    split.until = Number.POSITIVE_INFINITY;
  }

  /** They can be asked again, and all of them do from `until` on. */
  function reunite(until: number): void {
    split.until = until;
  }

  /** A lower bound of the wait: as if all that is under way, and all that is ahead, were answered at once. */
  function estimate(call: Call, now: number): Wait {
    const byAgent = lanes.get(call.route);
    const lane = byAgent?.get(call.agent);
    const own = lane?.has(call) ? [...lane].indexOf(call) : (lane?.size ?? 0);
    const [mine = call] = lane ?? [];
    let ahead = own;
    for (const [agent, others] of byAgent ?? []) {
      const [first] = others;
      if (agent === call.agent || first === undefined) continue;
      // Each turn of this agent is one of theirs.
      const hasTurn = call.windows.every((window) => isBefore(window, first, mine));
      ahead += Math.min(others.size, own + Number(hasTurn));
    }
    return call.windows
      .map((window) => ({ ms: roomIn(window, ahead, now), limit: window.family.limit }))
      .reduce((longest, wait) => (wait.ms > longest.ms ? wait : longest));
  }

  const nextChange = (now: number) => Math.min(...[...blocking].map((window) => changeOf(window, now)));
  const own = { toCall, take, wait, leave, admit, cool, giveBack, shut, estimate, nextChange };
  return { ...own, confirm, takeBack, waitAgain, deny, splitUp, reunite };
}

/** The most specific window that keeps the call from going. */
function blockerOf(call: Call, now: number): Window | undefined {
  return call.windows.find((window) => !hasRoom(window, now, call));
}

/** The first calls that a place in the window would do for. */
const rivals = (window: Window) =>
  isAll(window) ? [...window.firsts] : [...window.firsts, ...window.family.all.firsts];

/** Whose turn it is in a window: the agent's that was served least recently; within an agent, the older call's. */
function isBefore({ turns, family }: Window, a: Call, b: Call): boolean {
  const turnOf = ({ agent }: Call) => Math.max(turns.get(agent) ?? 0, family.all.turns.get(agent) ?? 0);
  return (turnOf(a) - turnOf(b) || a.order - b.order) < 0;
}

/**
 * A call for several windows could be passed over for ever by calls for one of them. So after one span of a limit a
 * place is kept for it in each of the limit's windows that it counts in, for one call at a time.
 */
function passOver(call: Call, family: Family, now: number): void {
  const since = call.passed.get(family) ?? now;
  call.passed.set(family, since);
  if (now - since >= family.span) family.claim ??= call;
}
