import type { Approval } from '../../call/confirm/approvals.ts';
import { type Html, html } from '../html.ts';
import type { ConsolePage } from '../routes.ts';
import { heldForms } from './agent-page.ts';
import { drawObject, toAgo, toCode, toEnvironment, toHeading, toName } from './shown.ts';

export type WaitingEntry = {
  readonly approval: Approval;
  /** Why the viewer may not answer it. */
  readonly whyNot: string | undefined;
};

export type WaitingPageParts = {
  readonly entries: readonly WaitingEntry[];
  /** The agents whose calls are held, by the names that calls have. */
  readonly held: readonly string[];
  readonly formToken: string;
  /** Milliseconds since 1970. */
  readonly now: number;
};

/** Calls, and agents that are held, that one page shows. */
const MAX_SHOWN = 100;

/** The calls that wait, those first that have waited longest. */
export function drawWaiting({ entries, held, formToken, now }: WaitingPageParts): ConsolePage {
  const count = entries.length;
  const title = count === 0 ? 'Waiting' : `(${count}) Waiting`;
  const sentence =
    count === 0 ? 'No call waits.' : count === 1 ? '1 call waits for a yes.' : `${count} calls wait for a yes.`;
  const more = held.length - MAX_SHOWN;
  const main = html`<h1>Waiting</h1>
<p class="quiet" data-title="${title}">${sentence}</p>
${heldForms(held.slice(0, MAX_SHOWN), formToken)}
${more > 0 && html`<p>Calls of ${more} more agents are held.</p>`}
${
  count === 0
    ? html`<p class="sheet empty">Calls that need a yes appear here as soon as agents make them.</p>`
    : html`<ul class="entries">${entries.slice(0, MAX_SHOWN).map((entry) => drawEntry(entry, now))}</ul>`
}
${count > MAX_SHOWN && html`<p>${count - MAX_SHOWN} more calls wait. They appear once these are answered.</p>`}`;
  return { title, main };
}

function drawEntry({ approval, whyNot }: WaitingEntry, now: number): Html {
  const { handle, caller, tool, askedAt, shown } = approval;
  return html`<li class="sheet">${toEnvironment(shown.environment)}
<h2><a id="call-${handle}" href="/waiting/${encodeURIComponent(handle)}">${toHeading(shown.action)}</a></h2>
${drawObject(shown)}
<p class="quiet">Agent ${toName(caller)} asked for ${toCode(tool)} ${toAgo(now - askedAt)}.</p>
${whyNot !== undefined && html`<p class="quiet">You may not answer it: ${whyNot}.</p>`}</li>`;
}
