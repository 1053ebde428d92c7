import type { Approval, SignedInBy } from '../../call/confirm/approvals.ts';
import type { ShownCall } from '../../call/confirm/preview.ts';
import { type Html, html } from '../html.ts';

/** A name from outside, which cannot change the direction of what stands around it. */
export const toName = (text: string): Html => html`<bdi>${text}</bdi>`;

/** An ID or a value from outside. */
export const toCode = (text: string): Html => html`<code dir="ltr">${text}</code>`;

/** A text of a preview, in which values from outside stand between backticks. */
export const toSpans = (text: string): readonly (Html | string)[] =>
  text.split('`').map((part, index) => (index % 2 === 1 ? toCode(part) : part));

/** The object of a call: its names, then its ID. */
export const drawObject = ({ names, id }: Pick<ShownCall, 'names' | 'id'>): Html =>
  html`<p class="object">${names.map((name) => html`<span>${toSpans(name)}</span> `)}${toCode(id)}</p>`;

/** What a call does, at the beginning of a sentence. */
export const toHeading = (action: string): string => `${action.charAt(0).toUpperCase()}${action.slice(1)}`;

export const toEnvironment = (label: string): Html => html`<p class="env" data-environment="${label}">${label}</p>`;

/** A time on the clock, which is the same for all who read it. The whole date is in the element. */
export function toTime(at: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}" title="${iso}">${iso.slice(11, 16)} UTC</time>`;
}

/** How long ago something was, in whole minutes. */
export function toAgo(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'less than a minute ago';
  return minutes === 1 ? '1 minute ago' : `${minutes} minutes ago`;
}

/** For whom a call was made, where its token says so. */
export function toRequester({ requester }: Pick<Approval, 'requester'>): readonly (Html | string)[] | undefined {
  if (requester === undefined) return undefined;
  if ('owner' in requester) return [toName(requester.owner), ', who owns the agent'];
  return [toCode(requester.sub), ' of issuer ', toName(requester.issuer)];
}

export const toSignIn = (by: SignedInBy): readonly (Html | string)[] =>
  by === 'link' ? ['signed in by a link'] : ['signed in by ', toName(by.issuer)];
