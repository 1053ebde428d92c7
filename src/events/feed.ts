import type { CancelSignal } from '../cancel/cancel-signal.ts';
import type { Clock } from '../clock.ts';
import type { JsonObject } from '../json.ts';
import type { EventPlace } from './place.ts';

/** What is asked of WorkOS's list of events. Either `after` or `range_start`: WorkOS takes one of them. */
export type EventQuery = {
  readonly events: readonly string[];
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly after?: string;
  readonly range_start?: string;
};

export type EventPage = {
  readonly items: readonly JsonObject[];
  readonly isLast: boolean;
  /** WorkOS's time as it answered, in milliseconds since 1970. */
  readonly date: number;
};

/** Reads one page, on behalf of an agent or, for all who wait, of the server itself. */
export type ReadEvents = (query: EventQuery, agent: string | undefined, signal: AbortSignal) => Promise<EventPage>;

/** An event for an agent, as it is shown to it, and the place behind it. */
export type FoundEvent = { readonly shown: JsonObject; readonly place: EventPlace };

export type WaitRequest = {
  readonly agent: string;
  /** The types to wait for, and all that the agent may see. */
  readonly types: readonly string[];
  readonly allTypes: readonly string[];
  /** Where the wait begins; `undefined` for now. */
  readonly after: EventPlace | undefined;
  /** The event as the agent is shown it; `undefined` if it does not wait for it. */
  readonly look: (event: JsonObject) => JsonObject | undefined;
  /** Milliseconds. */
  readonly ms: number;
  readonly signal: CancelSignal;
};

export type WaitEnd = {
  readonly events: readonly FoundEvent[];
  readonly after: EventPlace;
  /** Whether the wait ended before all events up to now were looked at. */
  readonly isBehind: boolean;
};

/** Waits for events of one environment. Polls while an agent waits, and never otherwise. */
export type EventFeed = { readonly wait: (request: WaitRequest) => Promise<WaitEnd> };

/** Constant: a pace that followed events would tell agents of those that they may not see. */
export const POLL_MS = 2_000;

const PAGE = 100;

/** Pages of older events that one wait reads, and pages of one poll. */
const MAX_PAGES = 50;

/** Milliseconds by which polls overlap, for clocks of whole seconds and for events that WorkOS lists late. */
const OVERLAP_MS = 5_000;

/** An older event is not a safe place: WorkOS may drop it while agents wait. */
const RECENT_MS = 86_400_000;

type EventWaiter = WaitRequest & {
  readonly ofTypes: ReadonlySet<string>;
  place: EventPlace;
  /** WorkOS's time up to which it has been shown all events; `undefined` while it reads older ones by itself. */
  covered: number | undefined;
  readonly end: (events: readonly FoundEvent[]) => void;
  readonly fail: (error: unknown) => void;
};

export function createEventFeed(read: ReadEvents, clock: Clock): EventFeed {
  const waiters = new Set<EventWaiter>();
  let stopTimer: (() => void) | undefined;
  let polling: AbortController | undefined;

  /** WorkOS's time before which a read has seen everything: the answer may have been on its way for long. */
  const timed = async (query: EventQuery, agent: string | undefined, signal: AbortSignal) => {
    const began = clock.now();
    const page = await read(query, agent, signal);
    return { ...page, seen: page.date - (clock.now() - began) };
  };

  const schedule = (ms: number) => {
    if (stopTimer === undefined && polling === undefined && waiters.size > 0) stopTimer = clock.setTimer(tick, ms);
  };

  const leave = (waiter: EventWaiter) => {
    waiters.delete(waiter);
    if (waiters.size > 0) return;
    stopTimer?.();
    stopTimer = undefined;
    polling?.abort();
  };

  /** Begins the wait of an agent that waits from now on. */
  const begin = async (waiter: EventWaiter, signal: AbortSignal) => {
    const query = { events: waiter.allTypes, order: 'desc', limit: 1 } as const;
    const { items, date, seen } = await timed(query, waiter.agent, signal);
    const latest = items.map(toPlace).find((place) => place !== undefined && place.at > date - RECENT_MS);
    waiter.place = latest ?? { at: seen - OVERLAP_MS };
    waiter.covered = seen;
    schedule(POLL_MS);
  };

  /** Reads what one waiter has missed, its own types alone. */
  const catchUp = async (waiter: EventWaiter, signal: AbortSignal) => {
    const { types, agent } = waiter;
    for (let pages = 1; waiters.has(waiter); pages += 1) {
      const page = await timed({ events: types, order: 'asc', limit: PAGE, ...fromPlace(waiter.place) }, agent, signal);
      hand(page.items, waiter);
      if (page.isLast) {
        waiter.covered = page.seen;
        return schedule(POLL_MS);
      }
      if (pages === MAX_PAGES) return waiter.end([]);
    }
  };

  const poll = async (current: readonly EventWaiter[], signal: AbortSignal) => {
    const events = [...new Set(current.flatMap(({ types }) => types))].sort();
    const since = Math.min(...current.map(({ covered = 0 }) => covered)) - OVERLAP_MS;
    let from: EventPlace = { at: since };
    const found: JsonObject[] = [];
    for (let pages = 1; current.some((waiter) => waiters.has(waiter)); pages += 1) {
      const page = await timed({ events, order: 'asc', limit: PAGE, ...fromPlace(from) }, undefined, signal);
      found.push(...page.items);
      const last = page.items.at(-1);
      const next = last && toPlace(last);
      if (page.isLast || next === undefined || pages === MAX_PAGES) {
        const covered = page.isLast || next === undefined ? page.seen : next.at;
        for (const waiter of current) waiter.covered = covered;
        // Not page by page: among events of the same time, only the place of a waiter tells which are behind it.
        for (const waiter of current) if (waiters.has(waiter)) hand(found, waiter);
        return;
      }
      from = next;
    }
  };

  const tick = () => {
    stopTimer = undefined;
    const current = [...waiters].filter(({ covered }) => covered !== undefined);
    if (current.length === 0) return;
    const began = clock.now();
    const controller = new AbortController();
    polling = controller;
    poll(current, controller.signal)
      .catch((error) => {
        for (const waiter of current) waiter.fail(error);
      })
      .finally(() => {
        polling = undefined;
        schedule(Math.max(0, POLL_MS - (clock.now() - began)));
      });
  };

  return {
    wait: (request) =>
      new Promise((resolve, reject) => {
        const own = new AbortController();
        const stop = () => {
          stopWaiting();
          request.signal.removeEventListener('abort', cancel);
          own.abort();
          leave(waiter);
        };
        const waiter: EventWaiter = {
          ...request,
          signal: own.signal,
          ofTypes: new Set(request.types),
          place: request.after ?? { at: clock.date() },
          covered: undefined,
          end: (events) => {
            if (!waiters.has(waiter)) return;
            stop();
            resolve({ events, after: waiter.place, isBehind: waiter.covered === undefined });
          },
          fail: (error) => {
            if (!waiters.has(waiter)) return;
            stop();
            reject(error);
          },
        };
        const cancel = () => waiter.end([]);
        const stopWaiting = clock.setTimer(cancel, request.ms);
        request.signal.addEventListener('abort', cancel);
        waiters.add(waiter);
        if (request.signal.aborted) return cancel();
        (request.after === undefined ? begin : catchUp)(waiter, own.signal).catch(waiter.fail);
      }),
  };
}

/** Hands a waiter those events that are behind its place, and ends its wait if it waits for one of them. */
function hand(events: readonly JsonObject[], waiter: EventWaiter): void {
  const found: FoundEvent[] = [];
  // A poll begins before the places of some waiters.
  for (const event of events.slice(events.findIndex(({ id }) => id === waiter.place.id) + 1)) {
    const place = toPlace(event);
    if (place === undefined || place.at < waiter.place.at || !waiter.ofTypes.has(String(event.event))) continue;
    waiter.place = place;
    const shown = waiter.look(event);
    if (shown !== undefined) found.push({ shown, place });
  }
  if (found.length > 0) waiter.end(found);
}

function toPlace({ id, created_at }: JsonObject): EventPlace | undefined {
  const at = Date.parse(String(created_at));
  return typeof id === 'string' && !Number.isNaN(at) ? { id, at } : undefined;
}

const fromPlace = ({ id, at }: EventPlace): Pick<EventQuery, 'after' | 'range_start'> =>
  id === undefined ? { range_start: new Date(at).toISOString() } : { after: id };
