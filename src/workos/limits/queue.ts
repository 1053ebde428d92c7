import type { Slot } from '../layer.ts';
import {
  type CountedRequest,
  changeOf,
  coolDown,
  createLimitWindows,
  createWindow,
  hasRoom,
  isAll,
  type LimitWindows,
  roomIn,
  type SplitPeriod,
  type Window,
} from './windows.ts';

/** Milliseconds after which a restored connection counts as stable. */
const STABLE_MS = 5_000;

/** Limits that WorkOS has to enforce at once before that of all requests is taken to be used up. */
const MIN_SHUT_LIMITS = 3;

/** The minimum wait of a call in milliseconds, and the limit that causes it. */
export type Wait = { readonly ms: number; readonly limit: Slot };

/**
 * Decides which call may be sent when. It uses neither a clock nor promises, only its state and `now` in milliseconds.
 */
export function createQueue() {
  const families = new Map<string, LimitWindows>();
  /** Waiting calls by route and agent, oldest first. */
  const lanes = new Map<string, Map<string, Set<CountedRequest>>>();
  /** For the first call of every lane, at least one window that had no room for it. */
  const blocking = new Set<Window>();
  const split: SplitPeriod = { parts: 1, since: Number.NEGATIVE_INFINITY, until: Number.NEGATIVE_INFINITY };
  let count = 0;

  function toCall(slots: readonly Slot[], agent: string): CountedRequest {
    const windows = slots.map((slot) => {
      const family = families.get(slot.name) ?? createLimitWindows(slot, split);
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
      // A function, as only waiting calls need it, and an object with a getter of its own costs more than the text.
      route: () => JSON.stringify(slots.map(({ name, key }) => [name, key])),
      order: count,
      passed: new Map(),
    };
  }

  /** Takes a place in all windows of the call, or in none. @returns whether there was room */
  function take(call: CountedRequest, now: number): boolean {
    if (blockerOf(call, now) !== undefined) return false;
    // The call passes over the waiting calls, if any.
    for (const window of lanes.size === 0 ? [] : call.windows) {
      for (const rival of rivals(window)) passOver(rival, window.family, now);
    }
    occupy(call);
    return true;
  }

  function occupy(call: CountedRequest): void {
    count += 1;
    for (const window of call.windows) {
      window.inFlight += 1;
      window.turns.set(call.agent, count);
    }
  }

  /** The shared limits granted the place, too. */
  function confirm({ agent, windows }: CountedRequest): void {
    count += 1;
    for (const window of windows) {
      window.turns.set(agent, count);
      window.confirmedTurns.set(agent, count);
    }
  }

  /** The shared limits denied the place: gives back the local places and the turn. */
  function takeBack(call: CountedRequest): void {
    giveBack(call);
    for (const window of call.windows) window.turns.set(call.agent, window.confirmedTurns.get(call.agent) ?? 0);
  }

  /** Adds the call to its lane. @returns when there may be room */
  function wait(call: CountedRequest, now: number): number {
    const byAgent = lanes.get(call.route()) ?? new Map<string, Set<CountedRequest>>();
    const lane = byAgent.get(call.agent) ?? new Set();
    lanes.set(call.route(), byAgent.set(call.agent, lane.add(call)));
    if (lane.size === 1) for (const window of call.windows) window.firsts.add(call);
    return standBy(call, now);
  }

  /** Puts the call back into its lane, before later calls. @returns when there may be room */
  function waitAgain(call: CountedRequest, now: number): number {
    const lane = [...(lanes.get(call.route())?.get(call.agent) ?? [])];
    const place = lane.findIndex(({ order }) => order > call.order);
    const [first] = lane;
    if (first === undefined || place < 0) return wait(call, now);
    lane.splice(place, 0, call);
    lanes.get(call.route())?.set(call.agent, new Set(lane));
    if (place > 0) return standBy(call, now);
    for (const { family, firsts } of call.windows) {
      firsts.delete(first);
      firsts.add(call);
      if (family.claim === first) family.claim = undefined;
    }
    return standBy(call, now);
  }

  function standBy(call: CountedRequest, now: number): number {
    // A call with room everywhere waits only for a free attempt at the shared limits, so any of its windows will do.
    const blocker = blockerOf(call, now) ?? call.windows[0];
    if (blocker === undefined) return now;
    blocking.add(blocker);
    return changeOf(blocker, now);
  }

  function leave(call: CountedRequest): void {
    const byAgent = lanes.get(call.route());
    const lane = byAgent?.get(call.agent);
    lane?.delete(call);
    const [second] = lane ?? [];
    if (second === undefined) byAgent?.delete(call.agent);
    if (byAgent?.size === 0) lanes.delete(call.route());
    for (const { family, firsts } of call.windows) {
      if (firsts.delete(call) && second !== undefined) firsts.add(second);
      if (family.claim === call) family.claim = undefined;
    }
  }

  /** Takes places for waiting calls as far as there is room, for at most `most` calls. */
  function admit(now: number, most = Number.POSITIVE_INFINITY): CountedRequest[] {
    const admitted: CountedRequest[] = [];
    // Windows of single keys come first: calls that count in all windows take their turn there among the others.
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

  /** Of the calls that wait for the window and have room, the oldest one of the least recently served agent. */
  function nextCall(window: Window, now: number): CountedRequest | undefined {
    if (!hasRoom(window, now)) {
      blocking.add(window);
      return undefined;
    }
    let first: CountedRequest | undefined;
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
   * The answer has come or will not come.
   * @param start when the request has certainly ended
   * @returns when a place is free again
   */
  function cool(call: CountedRequest, start: number, now: number): number {
    return Math.min(...call.windows.map((window) => coolDown(window, start, now)));
  }

  /** The request was not sent. */
  function giveBack(call: CountedRequest): void {
    for (const window of call.windows) window.inFlight -= 1;
  }

  /**
   * Closes a window after a 429. The answer does not name the limit, so the most specific one is assumed, and the one of
   * all requests once several others are closed.
   */
  function shut({ windows }: CountedRequest, until: number, now: number): void {
    const close = (window: Window | undefined, at: number) => {
      if (window !== undefined) window.shutUntil = Math.max(window.shutUntil, at);
    };
    close(windows[0], until);
    const widest = windows.at(-1);
    const others = [...families.values()].filter((family) => family !== widest?.family);
    if (others.filter((family) => isShut(family, now)).length >= MIN_SHUT_LIMITS) close(widest, until);
  }

  /** The shared limits have no room before `until` in the window of one slot. */
  function deny(call: CountedRequest, slot: number, until: number, now: number): void {
    const window = call.windows.at(-1 - slot);
    if (window !== undefined) window.deniedUntil = Math.max(window.deniedUntil, until);
    for (const { family } of call.windows) passOver(call, family, now);
  }

  /** The shared limits are unreachable: each server falls back to its share. */
  function splitUp(parts: number, now: number): void {
    // A flapping connection must not make short windows wait forever.
    if (parts > 1 && now >= split.until + STABLE_MS) split.since = now;
    split.parts = parts;
    split.until = Number.POSITIVE_INFINITY;
  }

  /** The shared limits are reachable again, for all servers from `until` on. */
  function reunite(until: number): void {
    split.until = until;
  }

  /** A lower bound of the wait, as if all requests in flight and all calls ahead were answered immediately. */
  function estimate(call: CountedRequest, now: number): Wait {
    const byAgent = lanes.get(call.route());
    const lane = byAgent?.get(call.agent);
    const own = lane?.has(call) ? [...lane].indexOf(call) : (lane?.size ?? 0);
    const [mine = call] = lane ?? [];
    let ahead = own;
    for (const [agent, others] of byAgent ?? []) {
      const [first] = others;
      if (agent === call.agent || first === undefined) continue;
      // Agents take turns: for each call of this agent, the other agent sends one.
      const hasTurn = call.windows.every((window) => isBefore(window, first, mine));
      ahead += Math.min(others.size, own + Number(hasTurn));
    }
    return call.windows
      .map((window) => ({ ms: roomIn(window, ahead, now), limit: window.family.limit }))
      .reduce((longest, wait) => (wait.ms >= longest.ms ? wait : longest));
  }

  const nextChange = (now: number) => Math.min(...[...blocking].map((window) => changeOf(window, now)));
  const own = { toCall, take, wait, leave, admit, cool, giveBack, shut, estimate, nextChange };
  return { ...own, confirm, takeBack, waitAgain, deny, splitUp, reunite };
}

/** The most specific window without room for the call. */
function blockerOf(call: CountedRequest, now: number): Window | undefined {
  return call.windows.find((window) => !hasRoom(window, now, call));
}

/** Whether a 429 keeps any window of the limit closed. */
const isShut = ({ all, byKey }: LimitWindows, now: number): boolean =>
  all.shutUntil > now || [...byKey.values()].some(({ shutUntil }) => shutUntil > now);

/** The first calls of all lanes that could use a place in the window. */
const rivals = (window: Window) =>
  isAll(window) ? [...window.firsts] : [...window.firsts, ...window.family.all.firsts];

/** Whether call `a` comes before `b` in a window: the least recently served agent first, then the older call. */
function isBefore({ turns, family }: Window, a: CountedRequest, b: CountedRequest): boolean {
  const turnOf = ({ agent }: CountedRequest) => Math.max(turns.get(agent) ?? 0, family.all.turns.get(agent) ?? 0);
  return (turnOf(a) - turnOf(b) || a.order - b.order) < 0;
}

/**
 * Notes that another call passes over this one. Calls for one window could pass over a call for several windows
 * forever. So after one span of a limit, a place is reserved for it in each of the limit's windows that it counts in. A
 * limit reserves for one call at a time.
 */
function passOver(call: CountedRequest, family: LimitWindows, now: number): void {
  const since = call.passed.get(family) ?? now;
  call.passed.set(family, since);
  if (now - since >= family.span) family.claim ??= call;
}
