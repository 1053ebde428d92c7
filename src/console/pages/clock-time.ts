import { toPlain } from '../../audit/read/plain-line.ts';
import { type Html, html } from '../html.ts';

/** A time in UTC, as the record has it. @param at milliseconds since 1970, or as ISO 8601 */
export function clockTime(at: number | string): Html {
  const date = new Date(at);
  // A record may have been altered. What is not a time is shown as the text that it is.
  if (Number.isNaN(date.getTime())) return html`${toPlain(`${at}`)}`;
  const iso = date.toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC</time>`;
}

/** The same for the end of what is valid, which mostly is the beginning of a day. */
export function clockDate(at: number): Html {
  const iso = new Date(at).toISOString();
  return iso.endsWith('T00:00:00.000Z') ? html`<time datetime="${iso}">${iso.slice(0, 10)}</time>` : clockTime(at);
}
