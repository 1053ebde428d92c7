import type { ApprovalStore } from '../../call/confirm/approvals.ts';
import type { Clock } from '../../clock.ts';
import type { Html } from '../html.ts';

/** Milliseconds after which a page is drawn again without a change of the store: a call may have expired, or a rule changed. */
const REDRAW_MS = 15_000;
/** Milliseconds between two drawings, in which changes are taken together. */
const PAUSE_MS = 250;

export type LiveParts = {
  readonly onChange: ApprovalStore['onChange'];
  readonly clock: Pick<Clock, 'setTimer'>;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
};

/**
 * A page whenever it differs from what was last sent.
 * @param draw resolves to `undefined` where the viewer may see it no longer, which ends the stream
 */
export async function* toLive(draw: () => Promise<Html | undefined>, parts: LiveParts): AsyncGenerator<Html> {
  const { onChange, clock, signal } = parts;
  let isStale = false;
  let wake = () => {};
  const tell = () => {
    isStale = true;
    wake();
  };
  const untilTold = () =>
    new Promise<void>((resolve) => {
      const cancel = clock.setTimer(resolve, REDRAW_MS);
      wake = () => {
        cancel();
        resolve();
      };
    });
  const unlisten = onChange(tell);
  signal.addEventListener('abort', tell);
  try {
    let last: string | undefined;
    while (!signal.aborted) {
      isStale = false;
      const page = await draw();
      if (page === undefined || signal.aborted) return;
      if (page.html !== last) yield page;
      last = page.html;
      await new Promise<void>((resolve) => clock.setTimer(resolve, PAUSE_MS));
      if (!isStale) await untilTold();
    }
  } finally {
    unlisten();
    signal.removeEventListener('abort', tell);
  }
}
