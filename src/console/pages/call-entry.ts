import type { Entry } from '../../audit/entry.ts';
import { toPlain } from '../../audit/read/plain-line.ts';
import type { Row } from '../../audit/read/rows.ts';
import { type Html, html } from '../html.ts';
import { callsPath } from './call-filter.ts';
import { clockTime } from './clock-time.ts';
import { factList } from './data-table.ts';

/** What the members of entries are called, in the order in which they are shown. Others follow under their own names. */
const NAMES: Readonly<Record<string, string>> = {
  time: 'Time',
  agent: 'Agent',
  tool: 'Tool',
  via: 'Called through',
  area: 'Area',
  access: 'Access',
  environment: 'Environment',
  decision: 'Decision',
  outcome: 'Outcome',
  rule: 'Rule',
  confirmation: 'Confirmation',
  approver: 'Approver',
  approver_by: 'Approver signed in by',
  same_person: 'Approver is the requester',
  ids: 'IDs',
  more_ids: 'IDs that did not fit',
  object: 'Object',
  organization: 'Organization',
  status: 'Status of the answer of WorkOS',
  request_id: 'Request ID of WorkOS',
  requests: 'Requests',
  attempts: 'Attempts',
  ms: 'Milliseconds',
  trace: 'Trace context',
  arguments: 'Digest of the arguments',
  of: 'Outcome of entry',
  run: 'Run',
  seq: 'Number in the run',
  prev: 'Hash of the entry before',
};

/** Shown above, or the same in all entries. */
const LEFT_OUT: ReadonlySet<string> = new Set(['v', 'kind', 'text']);

/** Where an entry of a row is shown. */
export const entryPath = ({ run, entries }: Row): string => `/calls/${encodeURIComponent(run)}/${entries[0]?.seq ?? 0}`;

/** What became of a call, or what else a row is. */
export const stateOf = ({ state }: Row): Html =>
  html`<span class="state" data-state="${toPlain(state)}">${toPlain(state)}</span>`;

/** All that the record holds of a call, or of another entry. */
export const entryPage = (row: Row): Html =>
  html`<p class="crumb"><a href="/calls">Calls</a></p>
<h1>${toPlain(row.text)}</h1>
<p>Outcome: ${stateOf(row)}</p>
${row.entries.map(
  (entry) => html`<section class="sheet"><h2>${TITLES[entry.kind] ?? `Entry: ${toPlain(entry.kind)}`}</h2>
${'text' in entry && html`<p>${toPlain(String(entry.text))}</p>`}
${factList(toFacts(entry))}</section>
`,
)}`;

const TITLES: Readonly<Record<string, string>> = {
  start: 'Start of a server',
  decision: 'Decision',
  outcome: 'Outcome',
  note: 'Note',
  stop: 'Stop of a server',
};

function toFacts(entry: Entry): readonly (readonly [string, Html | undefined])[] {
  const members: Readonly<Record<string, unknown>> = { ...entry };
  const names = [...Object.keys(NAMES), ...Object.keys(members).filter((name) => !Object.hasOwn(NAMES, name))];
  return names
    .filter((name) => Object.hasOwn(members, name) && !LEFT_OUT.has(name))
    .map((name) => [NAMES[name] ?? toPlain(name), toValue(name, members[name])]);
}

/** The record may have been altered: each value is shown as one visible line of text. */
function toValue(name: string, value: unknown): Html {
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([argument, id]) => html`<li>${toPlain(argument)}: ${toLink('object', toText(id))}</li>`,
    );
    return members.length === 0 ? html`none` : html`<ul>${members}</ul>`;
  }
  const text = toText(value);
  if (name === 'time') return clockTime(text);
  if (name === 'agent' || name === 'tool') return toLink(name, text);
  if (name === 'object' || name === 'organization') return toLink('object', text);
  return html`<bdi>${text}</bdi>`;
}

const toText = (value: unknown): string => toPlain(typeof value === 'string' ? value : JSON.stringify(value));

const toLink = (field: 'agent' | 'tool' | 'object', value: string): Html =>
  html`<a href="${callsPath({ [field]: value })}"><bdi>${value}</bdi></a>`;
