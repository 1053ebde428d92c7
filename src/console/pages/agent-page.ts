import { explainAccess } from '../../access/explanation.ts';
import { noSuch } from '../../access/overview.ts';
import { MAX_NOES } from '../../call/confirm/noes.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { DEFAULT_ENVIRONMENT } from '../../settings/agents-config.ts';
import type { LastCall, ListedAgent, UsedBudgets } from '../agents-source.ts';
import { type Html, html } from '../html.ts';
import { accessOfArea, accessOfOne, agentPath } from './access-matrix.ts';
import { clockDate, clockTime } from './clock-time.ts';
import { dataTable, factList, outOf } from './data-table.ts';

/** An agent or template, and what it has done. */
export type AgentState = {
  readonly agent: ListedAgent;
  readonly used: UsedBudgets | undefined;
  readonly lastCall: LastCall | undefined;
  /** The names of those whose calls are held: of the agent itself, or of a template's agents. */
  readonly held: readonly string[];
};

export const environmentOf = ({ environment, access }: ListedAgent): Html => {
  const label = access.environment ?? 'unknown';
  return html`<span class="env" data-environment="${label}">${label}</span>${environment !== label && environment !== DEFAULT_ENVIRONMENT && html` ${environment}`}`;
};

export const confirmationOf = ({ access }: ListedAgent): string =>
  `${access.confirm ?? 'unknown'}${access.dryRun === true ? ', dry run' : ''}`;

export const lastCallOf = (call: LastCall | undefined): Html | string =>
  call === undefined ? 'none yet' : html`${clockTime(call.at)}: ${call.tool}, ${call.outcome}`;

export const expiryOf = (expires: number | undefined, today: number): Html | string =>
  expires === undefined ? 'never' : html`${clockDate(expires)}${expires <= today && html` <strong>expired</strong>`}`;

/** A sentence and a form for each whose calls are held. */
export const heldForms = (held: readonly string[], formToken: string): Html =>
  html`${held.map(
    (name) => html`<section class="sheet">
<p><strong>Calls of ${name} that wait for an approver are held</strong>: approvers said no ${MAX_NOES} times within an hour.</p>
<form method="post" action="${agentPath(name)}/lift"><input type="hidden" name="token" value="${formToken}"><button>Ask again<span class="unseen"> about calls of ${name}</span></button></form>
</section>`,
  )}`;

/** The page of one agent. @param asked what the address asks about: a tool, or an area */
export function agentPage(
  catalog: Catalog,
  { agent, used, lastCall, held }: AgentState,
  { asked, formToken, today }: { readonly asked: URLSearchParams; readonly formToken: string; readonly today: number },
): Html {
  const { name, kind, overview, requestsPerMinute, deletesPerHour, expires, tokens } = agent;
  const isTemplate = kind === 'template';
  const { on, total } = overview.tools;
  return html`<p class="crumb"><a href="/agents">Agents</a></p>
<h1>${name}</h1>
${isTemplate && html`<p>A template: each caller has the grants of its own token, and these at most. Each has budgets of its own.</p>`}
${heldForms(held, formToken)}
<section class="sheet">${factList([
    ['Environment', environmentOf(agent)],
    ['Confirmation', confirmationOf(agent)],
    ['Tools that are on', outOf(on, total)],
    [
      'Requests in the last minute',
      isTemplate ? `at most ${requestsPerMinute} for each caller` : outOf(used?.requests, requestsPerMinute),
    ],
    [
      'Deletes in the last hour',
      isTemplate ? `at most ${deletesPerHour} for each caller` : outOf(used?.deletes, deletesPerHour),
    ],
    ['Last call since the start', lastCallOf(lastCall)],
    ['Expires', expiryOf(expires, today)],
  ])}
<p><a href="/calls?agent=${name}">Calls of ${name}</a></p></section>
${
  tokens.length > 0 &&
  html`${dataTable({
    caption: 'Static tokens',
    columns: ['ID of the token', 'Expires'],
    rows: tokens.map((token) => [token.id, expiryOf(token.expires, today)]),
  })}`
}
${accessOfOne(agent)}
${areaAnswer(catalog, agent, asked.get('area') ?? undefined)}
<h2 id="tool">Why a tool is on or off</h2>
${toolForm(catalog, agent, asked.get('tool') ?? undefined)}
${toolAnswer(catalog, agent, asked.get('tool') ?? undefined)}`;
}

function areaAnswer(catalog: Catalog, agent: ListedAgent, area: string | undefined): Html | undefined {
  if (area === undefined) return undefined;
  const isKnown = catalog.areas.some(({ name }) => name === area);
  return html`<div id="area">${isKnown ? accessOfArea(catalog, agent, area) : html`<p class="wrong">${noSuch(catalog, area)}</p>`}</div>`;
}

const toolForm = (catalog: Catalog, { name }: ListedAgent, asked: string | undefined): Html =>
  html`<form class="beside" method="get" action="${agentPath(name)}#tool"><div><label for="tool-name">Tool</label>
<select id="tool-name" name="tool">${catalog.areas.map(
    (area) =>
      html`<optgroup label="${area.name}">${catalog.tools
        .filter((tool) => tool.area === area.name)
        .map(
          (tool) => html`<option value="${tool.name}"${tool.name === asked && html` selected`}>${tool.name}</option>`,
        )}</optgroup>`,
  )}</select></div><button>Show why</button></form>`;

function toolAnswer(catalog: Catalog, { access }: ListedAgent, asked: string | undefined): Html | undefined {
  if (asked === undefined) return undefined;
  const tool = catalog.tools.find(({ name }) => name === asked);
  if (tool === undefined) return html`<p class="wrong">${noSuch(catalog, asked)}</p>`;
  const { description, isOn, rows } = explainAccess(catalog, access, tool);
  return html`<section class="sheet"><h3>${tool.name} is ${isOn ? 'on' : 'off'}</h3>
<p>${description}</p>
${factList(rows)}</section>`;
}
