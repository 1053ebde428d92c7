import { RecordError } from '../../audit/record.ts';
import { LIFTED } from '../../call/confirm/approvals.ts';
import type { ListedAgent } from '../agents-source.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { type Html, html } from '../html.ts';
import type { ConsolePage, ConsoleRoute, Viewer } from '../routes.ts';
import { accessOfAll, agentPath } from './access-matrix.ts';
import {
  type AgentState,
  agentPage,
  confirmationOf,
  environmentOf,
  expiryOf,
  heldForms,
  lastCallOf,
} from './agent-page.ts';
import { dataTable, outOf } from './data-table.ts';

export type AgentsPageDeps = Pick<ConsoleDeps, 'agents' | 'rules' | 'today'> & {
  readonly approvals: Pick<ConsoleDeps['approvals'], 'heldCallers' | 'isHeld' | 'lift'>;
  readonly record: Pick<ConsoleDeps['record'], 'append'>;
};

/** The pages of agents and templates, of which each viewer sees those that their entry names. */
export function toAgentsRoutes({ agents, approvals, rules, record, today }: AgentsPageDeps): readonly ConsoleRoute[] {
  const { catalog } = agents;
  const seenBy = ({ approver }: Viewer) => {
    const { sees } = rules();
    return (name: string) => sees(approver, name);
  };
  const stateOf = async (agent: ListedAgent, held: readonly string[]): Promise<AgentState> => ({
    agent,
    used: await agents.usedOf(agent),
    lastCall: agents.lastCallOf(agent.name),
    held: held.filter((name) => name === agent.name || name.startsWith(`${agent.name}.`)),
  });

  const list: ConsoleRoute = {
    path: '/agents',
    show: async ({ viewer }) => {
      const isSeen = seenBy(viewer);
      const held = (await approvals.heldCallers()).filter(isSeen);
      const seen = agents.list().filter(({ name }) => isSeen(name));
      const states = await Promise.all(seen.map((agent) => stateOf(agent, held)));
      return {
        title: 'Agents',
        main: html`<h1>Agents</h1>
${heldForms(held, viewer.formToken)}
${states.length === 0 ? html`<p class="empty">Your entry in the settings file names no agent of the file.</p>` : tables(states)}`,
      };
    },
  };

  /** Of the agent, and of each of its tokens that expires. */
  const expiryOfAll = ({ expires, tokens }: ListedAgent): Html =>
    html`${expiryOf(expires, today())}${tokens.map(
      ({ id, expires: end }) => end !== undefined && html`<br>token ${id}: ${expiryOf(end, today())}`,
    )}`;

  const tables = (states: readonly AgentState[]): Html => html`${dataTable({
    caption: 'What agents may use, and have used',
    columns: [
      'Agent',
      'Environment',
      'Confirmation',
      'Tools on',
      'Requests a minute',
      'Deletes an hour',
      'Last call',
      'Expires',
    ],
    rows: states.map(({ agent, used, lastCall }) => {
      const { name, kind, overview, requestsPerMinute, deletesPerHour } = agent;
      const isTemplate = kind === 'template';
      const { on, total } = overview.tools;
      return [
        html`<a href="${agentPath(name)}">${name}</a>${isTemplate && html` <span class="quiet">template</span>`}`,
        environmentOf(agent),
        confirmationOf(agent),
        outOf(on, total),
        isTemplate ? `${requestsPerMinute} each` : outOf(used?.requests, requestsPerMinute),
        isTemplate ? `${deletesPerHour} each` : outOf(used?.deletes, deletesPerHour),
        lastCallOf(lastCall),
        expiryOfAll(agent),
      ];
    }),
  })}
<p class="quiet">Last calls are those since this server started. Each caller of a template has budgets of its own.</p>
${accessOfAll(
  catalog,
  states.map(({ agent }) => agent),
)}`;

  const one: ConsoleRoute = {
    path: '/agents/:name',
    show: async ({ viewer, params, query }) => {
      const isSeen = seenBy(viewer);
      const agent = agents.list().find(({ name }) => name === params.name && isSeen(name));
      if (agent === undefined) return undefined;
      const held = (await approvals.heldCallers()).filter(isSeen);
      const asking = { asked: query, formToken: viewer.formToken, today: today() };
      return { title: agent.name, main: agentPage(catalog, await stateOf(agent, held), asking) };
    },
  };

  const lift: ConsoleRoute = {
    path: '/agents/:name/lift',
    act: async ({ viewer, params }) => {
      const { name = '' } = params;
      if (!seenBy(viewer)(name)) return told(404, 'There is no such agent, or you may not see it.');
      if (!(await approvals.isHeld(name))) return told(409, `Calls of ${name} are not held.`);
      try {
        // Before it holds: after a restart the record alone says that it was lifted.
        const text = `${LIFTED}, lifted by ${viewer.approver.name}`;
        await record.append({ kind: 'note', agent: name, text }, { sync: true, beforehand: true });
      } catch (error) {
        if (!(error instanceof RecordError)) throw error;
        return told(503, `${error.message} What cannot be recorded is not done: calls of ${name} are still held.`);
      }
      await approvals.lift(name);
      const listed = agents.list().find((agent) => agent.name === name.split('.', 1)[0]);
      return { to: listed === undefined ? '/agents' : agentPath(listed.name) };
    },
  };
  return [list, one, lift];
}

const told = (status: number, text: string): ConsolePage => ({
  title: 'Agents',
  status,
  main: html`<h1>Agents</h1>
<p class="wrong">${text}</p>
<p><a href="/agents">Agents</a></p>`,
});
