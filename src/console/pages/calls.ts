import { basename } from 'node:path';
import { toPlain } from '../../audit/read/plain-line.ts';
import type { Row } from '../../audit/read/rows.ts';
import { StartError } from '../../errors.ts';
import { EVERY_AGENT } from '../../settings/approvers-config.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { type Html, html } from '../html.ts';
import type { ConsolePage, ConsoleRoute, PageRequest, Viewer } from '../routes.ts';
import { entryPage, entryPath, stateOf } from './call-entry.ts';
import { type CallFields, type CallFilter, callsPath, OUTCOMES, olderPath, toCallFilter } from './call-filter.ts';
import { clockTime } from './clock-time.ts';
import { dataTable } from './data-table.ts';
import { createRecordReader, type RecordReader, within } from './record-reader.ts';
import { createRecordVerifier, headWords, verifyPage } from './verify-page.ts';

export type CallsPageDeps = Pick<ConsoleDeps, 'agents' | 'rules' | 'recordFile' | 'today'> & {
  readonly record: Pick<ConsoleDeps['record'], 'head'>;
  /** Instead of one that reads the file. */
  readonly reader?: RecordReader;
};

/** Rows of a page. */
const PAGE_ROWS = 100;

/** Milliseconds for which the record is read for a page. */
const READING_MS = 20_000;

/** The record, of which each viewer sees the calls of the agents that their entry names. */
export function toCallsRoutes(deps: CallsPageDeps): readonly ConsoleRoute[] {
  const { agents, rules, recordFile: file, record, today } = deps;
  if (file === undefined) return [{ path: '/calls', show: async () => ON_STDERR }];
  const reader = deps.reader ?? createRecordReader(file);
  const verifier = createRecordVerifier({ file, head: record.head, today });

  /** Entries of no agent are for those who see all agents. */
  const seenBy = ({ approver }: Viewer) => {
    const { sees } = rules();
    return (agent: string | undefined) => (agent === undefined ? seesAll(approver) : sees(approver, agent));
  };
  const ofTemplate = (name: string) => agents.list().some((agent) => agent.name === name && agent.kind === 'template');

  const rowsOf = ({ rows, before }: CallFilter, { viewer, signal }: PageRequest) => {
    const isSeen = seenBy(viewer);
    const { agent, ...others } = rows;
    // A template's agents have its name before their first dot.
    const named =
      agent !== undefined && ofTemplate(agent)
        ? { agents: (name: string | undefined) => name?.startsWith(`${agent}.`) === true && isSeen(name) }
        : { agent, agents: isSeen };
    return reader.find({ ...others, ...named }, { limit: PAGE_ROWS + 1, before, signal: within(signal, READING_MS) });
  };

  const knownTo = (viewer: Viewer) => ({
    agent: agents
      .list()
      .map(({ name }) => name)
      .filter(seenBy(viewer)),
    tool: agents.catalog.tools.map(({ name }) => name),
  });

  const list: ConsoleRoute = {
    path: '/calls',
    show: (request) =>
      orUnreadable(async () => {
        const filter = toCallFilter(request.query, new Date(today()));
        const { fields } = filter;
        const found = filter.faults.length === 0 ? await rowsOf(filter, request) : [];
        const faults = found === undefined ? [NO_CURSOR] : filter.faults;
        const isRight = faults.length === 0;
        return {
          title: 'Calls',
          status: isRight ? 200 : 400,
          main: html`<h1>Calls</h1>
<p class="quiet">The record in <code>${basename(file)}</code>, the newest first. <a href="/calls/verify">Verify it</a></p>
${faults.map((fault) => html`<p class="wrong">${fault}</p>`)}
${filterForm(fields, knownTo(request.viewer))}
${isRight && rowTable(found ?? [], filter)}
${headWords(record.head())}`,
        };
      }),
  };

  const verify: ConsoleRoute = {
    path: '/calls/verify',
    show: ({ viewer }) =>
      orUnreadable(async () => ({
        title: 'Verification of the record',
        main: verifyPage(await verifier.verify(), {
          file: basename(file),
          head: record.head(),
          seesAll: seesAll(viewer.approver),
        }),
      })),
  };

  const entry: ConsoleRoute = {
    path: '/calls/:run/:seq',
    show: ({ viewer, params, signal }) =>
      orUnreadable(async () => {
        const { run = '', seq = '' } = params;
        if (!/^\d{1,15}$/.test(seq)) return undefined;
        const row = await reader.findEntry(run, Number(seq), { signal: within(signal, READING_MS) });
        if (row === undefined || !seenBy(viewer)(row.agent)) return undefined;
        return { title: 'Call', main: entryPage(row) };
      }),
  };
  return [list, verify, entry];
}

const seesAll = ({ agents }: Viewer['approver']): boolean => agents.includes(EVERY_AGENT);

const ON_STDERR: ConsolePage = {
  title: 'Calls',
  main: html`<h1>Calls</h1>
<p class="empty">The record of this server goes to stderr, where this page cannot read it. Start the server with --audit-log FILE to see calls here.</p>`,
};

const TOO_LONG = `Reading the record took more than ${READING_MS / 1_000} seconds. Set Since or Until to read less of it.`;

const NO_CURSOR = 'The record no longer has the last entry of the previous page. Show the newest calls again.';

/** A file that cannot be read is told with its name. */
async function orUnreadable<Page extends ConsolePage | undefined>(
  show: () => Promise<Page>,
): Promise<Page | ConsolePage> {
  try {
    return await show();
  } catch (error) {
    const isTooLong = error instanceof DOMException && error.name === 'TimeoutError';
    if (!(error instanceof StartError) && !isTooLong) throw error;
    return {
      title: 'Calls',
      status: 503,
      main: html`<h1>Calls</h1>
<p class="wrong">${isTooLong ? TOO_LONG : error.message}</p>
<p><a href="/calls">Calls</a></p>`,
    };
  }
}

/** @param known names that the viewer may choose from; others can be typed */
function filterForm(
  fields: CallFields,
  known: { readonly agent: readonly string[]; readonly tool: readonly string[] },
): Html {
  const lists = Object.entries(known).map(
    ([name, choices]) =>
      html`<datalist id="known-${name}">${choices.map((choice) => html`<option value="${choice}"></option>`)}</datalist>`,
  );
  const input = (name: keyof CallFields, label: string, hint?: string) =>
    html`<div><label for="by-${name}">${label}</label><input id="by-${name}" name="${name}" value="${fields[name] ?? ''}" autocomplete="off" spellcheck="false"${name in known && html` list="known-${name}"`}${hint !== undefined && html` placeholder="${hint}"`}></div>`;
  return html`<form class="filters" method="get" action="/calls">
${input('agent', 'Agent')}
${input('tool', 'Tool')}
<div><label for="by-outcome">Outcome</label><select id="by-outcome" name="outcome"><option value="">any</option>${OUTCOMES.map(
    (outcome) => html`<option value="${outcome}"${outcome === fields.outcome && html` selected`}>${outcome}</option>`,
  )}</select></div>
${input('object', 'ID of an object')}
${input('since', 'Since', '2h or 2026-11-22')}
${input('until', 'Until', '2h or 2026-11-22')}
<div class="do"><button>Show</button> <a href="/calls">Show all</a></div>
${lists}</form>`;
}

function rowTable(found: readonly Row[], filter: CallFilter): Html {
  const { fields, before } = filter;
  const shown = found.slice(0, PAGE_ROWS);
  const last = found.length > PAGE_ROWS ? shown.at(-1) : undefined;
  if (shown.length === 0) return html`<p class="empty">The record has no such call that you may see.</p>`;
  const rows = shown.map(
    (row) =>
      [
        html`<a href="${entryPath(row)}">${clockTime(row.time)}</a>`,
        stateOf(row),
        html`<div class="what"><bdi>${toSentence(row)}</bdi></div>`,
        toPlain(row.details.join(', ')),
      ] as const,
  );
  const links = [
    (fields.until !== undefined || before !== undefined) &&
      html`<li><a href="${callsPath({ ...fields, until: undefined })}">Newest</a></li>`,
    last !== undefined && html`<li><a rel="next" href="${olderPath(filter, last)}">Older</a></li>`,
  ].filter((link) => link !== false);
  return html`${dataTable({ caption: 'Entries', columns: ['Time', 'Outcome', 'What', 'Details'], rows })}
${links.length > 0 && html`<ul class="pager">${links}</ul>`}`;
}

/** Sentences of calls begin with their agent. */
const toSentence = ({ agent, text }: Row): string =>
  toPlain(agent === undefined || text.startsWith(`${agent} `) ? text : `${agent}: ${text}`);
