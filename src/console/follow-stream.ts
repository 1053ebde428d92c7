import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { progress } from '../serve/http/send.ts';
import type { Html } from './html.ts';

/** Streams of one session, and of all together. A page that is shown has one. */
const MAX_PER_SESSION = 4;
const MAX_STREAMS = 50;
/** Milliseconds between two heartbeats. The session is looked up at each. */
const BEAT_MS = 15_000;
/** Milliseconds that a client may go without reading. */
const STALL_MS = 30_000;

export type StreamParts = {
  readonly response: ServerResponse;
  /** The ID of the session. */
  readonly id: string;
  readonly pages: AsyncIterable<Html>;
  /** Whether the session still has the approver that it had. */
  readonly stillHolds: () => Promise<boolean>;
  /** Ends what makes the pages. */
  readonly abort: () => void;
};

/** An event whose data is a text: a line of it is a line of data. */
const toEvent = ({ html }: Html): string => `${html.replace(/^/gm, 'data: ')}\n\n`;

/** Counts and sends the streams by which pages follow what changes. */
export function createStreams({ setTimer }: Pick<Clock, 'setTimer'>) {
  const open = new Map<string, number>();
  let all = 0;

  /** Sends one until it ends, its client leaves or its session does not hold any more. */
  const send = async ({ response, pages, stillHolds, abort }: StreamParts): Promise<void> => {
    response.setHeader('content-type', 'text/event-stream');
    response.flushHeaders();
    const write = async (text: string) => {
      if (!response.write(text)) await progress(response, 'drain', STALL_MS);
    };
    let stopBeat = () => {};
    const beat = () => {
      stopBeat = setTimer(async () => {
        if (!(await stillHolds().catch(() => false))) return abort();
        await write(': still here\n\n');
        if (!response.closed) beat();
        return undefined;
      }, BEAT_MS);
    };
    beat();
    try {
      for await (const page of pages) {
        if (response.closed || !(await stillHolds())) break;
        await write(toEvent(page));
      }
    } finally {
      stopBeat();
      abort();
      response.end();
    }
  };

  return {
    /** Resolves to false, with nothing sent, where there are too many. */
    follow: async (parts: StreamParts): Promise<boolean> => {
      const own = open.get(parts.id) ?? 0;
      if (own >= MAX_PER_SESSION || all >= MAX_STREAMS) return false;
      open.set(parts.id, own + 1);
      all += 1;
      try {
        await send(parts);
      } finally {
        all -= 1;
        const left = (open.get(parts.id) ?? 1) - 1;
        if (left === 0) open.delete(parts.id);
        else open.set(parts.id, left);
      }
      return true;
    },
  };
}
