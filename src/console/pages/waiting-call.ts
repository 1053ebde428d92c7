import { toPlain } from '../../audit/read/plain-line.ts';
import type { Row } from '../../audit/read/rows.ts';
import { type Approval, type ApprovalAnswer, MAX_WORDS_CHARS } from '../../call/confirm/approvals.ts';
import { type Html, html } from '../html.ts';
import type { ConsolePage, Viewer } from '../routes.ts';
import { entryPath } from './call-entry.ts';
import type { ApprovalStage } from './known-calls.ts';
import {
  drawObject,
  toCode,
  toEnvironment,
  toHeading,
  toName,
  toRequester,
  toSignIn,
  toSpans,
  toTime,
} from './shown.ts';

export type CallPageParts = {
  readonly approval: Approval;
  readonly stage: ApprovalStage;
  readonly answer?: ApprovalAnswer | undefined;
  readonly viewer: Viewer;
  /** Why the viewer may not answer it. */
  readonly whyNot: string | undefined;
  /** Whether the viewer is the person for whom it was made. */
  readonly isRequester: boolean;
  /** What was wrong with a form that was sent. */
  readonly wrong?: string | undefined;
  /** What the record has of the call after a yes. */
  readonly entry?: Row | undefined;
};

/** A call with all that its preview has, and below it the words of its agent, and what the viewer can do. */
export function drawCall(parts: CallPageParts): ConsolePage {
  const { approval, stage } = parts;
  const { shown, reason } = approval;
  const action = toHeading(shown.action);
  const main = html`<p class="crumb"><a href="/waiting">All waiting calls</a></p>
<article class="sheet">
${toEnvironment(shown.environment)}
<h1>${stage === 'waiting' ? `${action}?` : action}</h1>
${drawObject(shown)}
${stage !== 'waiting' && drawEnd(parts)}
${drawFacts(approval)}
${drawAsking(approval)}
${
  reason !== undefined &&
  html`<figure class="said"><figcaption>The agent gives this reason, in its own words:</figcaption><blockquote dir="auto">${toName(reason)}</blockquote></figure>`
}
${stage === 'waiting' && drawForms(parts)}
</article>`;
  return { title: toTitle(parts), main };
}

/** Also when the page changes while it is open. */
function toTitle({ approval, stage, answer }: CallPageParts): string {
  const action = toHeading(approval.shown.action);
  if (stage === 'waiting') return `${action}?`;
  return answer === undefined ? action : `${answer.answer === 'yes' ? 'Yes' : 'No'}: ${action}`;
}

function drawFacts({ shown }: Approval): Html {
  const { changes, lines, linked, hidden, warnings, isFinal } = shown;
  const rows = changes.map(
    ({ name, before, after }) =>
      html`<tr><th scope="row">${toName(name)}</th><td>${before === undefined ? html`<span class="quiet">not known</span>` : toCode(before)}</td><td>${toCode(after)}</td></tr>`,
  );
  return html`${
    rows.length > 0 &&
    html`<table class="changes"><caption class="unseen">What it changes</caption><thead><tr><th scope="col">Field</th><th scope="col">Now</th><th scope="col">Then</th></tr></thead><tbody>${rows}</tbody></table>`
  }
${lines.length > 0 && html`<ul>${lines.map((line) => html`<li>${toSpans(line)}</li>`)}</ul>`}
${linked.length > 0 && html`<p>Linked to it: ${linked.map(({ what, count }) => `${what} (${count})`).join(', ')}.</p>`}
${hidden.length > 0 && html`<p class="quiet">Not shown, because it could not be read: ${hidden.join(', ')}.</p>`}
${warnings.map((warning) => html`<p class="warning">${toSpans(warning)}</p>`)}
${isFinal && html`<p class="final">This cannot be undone.</p>`}`;
}

function drawAsking(approval: Approval): Html {
  const { caller, tool, environmentLabel, askedAt, until, shown } = approval;
  const requester = toRequester(approval);
  return html`<dl class="facts">
<dt>Agent</dt><dd>${toName(caller)}</dd>
${requester !== undefined && html`<dt>Works for</dt><dd>${requester}</dd>`}
<dt>Tool</dt><dd>${toCode(tool)}${environmentLabel !== shown.environment && html` in ${toName(environmentLabel)}`}</dd>
<dt>Asked</dt><dd>${toTime(askedAt)}, waits until ${toTime(until)}</dd>
</dl>`;
}

function drawForms(parts: CallPageParts): Html {
  const { approval, viewer, whyNot, isRequester, wrong } = parts;
  const { handle, shown } = approval;
  if (whyNot !== undefined)
    return html`<div class="asking"><p class="warning" data-title="${toTitle(parts)}">You may not answer this call: ${whyNot}.</p></div>`;
  const begin = (answer: ApprovalAnswer['answer']) =>
    html`<form method="post" action="/waiting/${encodeURIComponent(handle)}"><input type="hidden" name="token" value="${viewer.formToken}"><input type="hidden" name="answer" value="${answer}">`;
  const isWrong = wrong !== undefined;
  return html`<section class="asking" aria-label="Your answer">
${isWrong && html`<p class="wrong" id="wrong" role="alert">${wrong}</p>`}
${isRequester && html`<p class="quiet">You asked for this call yourself. The record says so if you answer it.</p>`}
${begin('yes')}
${
  shown.typed !== undefined &&
  html`<label for="typed">To confirm, type ${toCode(shown.typed)}, ${shown.typed === shown.id ? 'its ID' : 'the end of its ID'}:</label>
<input id="typed" name="typed" required autocomplete="off" autocapitalize="off" spellcheck="false"${isWrong && html` aria-invalid="true" aria-describedby="wrong"`}>`
}
<button class="yes" data-inert>Yes, ${shown.action}</button></form>
<details><summary>No, refuse it</summary>
${begin('no')}
<label for="words">A message for the agent (optional):</label>
<textarea id="words" name="words" rows="2" maxlength="${MAX_WORDS_CHARS}"></textarea>
<button>No, do not ${shown.action}</button></form></details>
</section>`;
}

function drawEnd(parts: CallPageParts): Html {
  const { approval, wrong, entry } = parts;
  const calls = `/calls?${new URLSearchParams({ agent: approval.caller, object: approval.shown.id })}`;
  return html`${wrong !== undefined && html`<p class="wrong" role="alert">${wrong}</p>`}
<div class="outcome"><p data-title="${toTitle(parts)}">${toOutcome(parts)}</p>
<p>${entry === undefined ? html`<a href="${calls}">Find it in the record</a>` : html`On record: <a href="${entryPath(entry)}">${toPlain(entry.state)}</a>, ${toPlain(entry.text)}`}</p></div>`;
}

function toOutcome({ approval, stage, answer, entry }: CallPageParts): Html {
  const { until } = approval;
  if (answer === undefined) {
    return stage === 'late'
      ? html`Too late: it waited until ${toTime(until)}. Nothing was sent, unless it was answered on another server. The agent can call again, and approvers are asked again.`
      : html`It no longer waits: it was answered on another server or with another call for the same object, or the server was restarted.`;
  }
  const who = html`${toName(answer.approver)} (${toSignIn(answer.by)}) at ${toTime(answer.at)}`;
  if (answer.answer === 'no')
    return html`<strong>No</strong>, said by ${who}. Nothing was sent, and the agent is told.`;
  const yes = html`<strong>Yes</strong>, said by ${who}.`;
  if (stage === 'answered') return html`${yes} The call continues once its agent repeats it.`;
  if (entry !== undefined) return yes;
  return stage === 'taken'
    ? html`${yes} The agent's call continues.`
    : html`${yes} The confirmation has expired. If the agent did not use it, the agent has to ask again.`;
}
