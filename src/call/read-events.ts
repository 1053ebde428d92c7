import type { Tool } from '../catalog/tool.ts';
import type { Clock } from '../clock.ts';
import type { ReadEvents } from '../events/feed.ts';
import { itemsOf } from './answer/answer.ts';
import { nextOf } from './answer/cursor.ts';
import { createTraffic, type Exchange, SERVER_ITSELF } from './exchange.ts';

type Timing = {
  readonly clock: Pick<Clock, 'now' | 'date'>;
  /** Milliseconds for one read. */
  readonly timeout: number;
  readonly apiKey: string;
};

/** Reads events for those who wait, whole: what each agent may see of them is decided when it is told of them. */
export function readEventsWith(exchange: Exchange, lister: Tool, { clock, timeout, apiKey }: Timing): ReadEvents {
  return async (query, agent = SERVER_ITSELF, signal) => {
    const deadline = clock.now() + timeout;
    const call = { agent, signal, deadline, traffic: createTraffic(), confidential: { values: [apiKey] } };
    const answer = await exchange(lister, query, call);
    const items = itemsOf(answer);
    const next = nextOf(answer.value, 'after');
    const date = Date.parse(answer.reply.headers.date ?? '');
    return {
      items,
      isLast: items.length === 0 || next === null || (next === undefined && items.length < query.limit),
      date: Number.isNaN(date) ? clock.date() : date,
    };
  };
}
