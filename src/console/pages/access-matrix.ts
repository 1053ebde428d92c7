import { remedyWords } from '../../access/explanation.ts';
import { ACCESSES, type AreaAccess, type Count, type Credentials } from '../../access/overview.ts';
import { toToolAccess } from '../../access/tool-access.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { ListedAgent } from '../agents-source.ts';
import { type Html, html } from '../html.ts';
import { dataTable, outOf, type TableCell } from './data-table.ts';

export const agentPath = (name: string): string => `/agents/${encodeURIComponent(name)}`;

/** What all of these agents may do, a row each. */
export function accessOfAll(catalog: Catalog, agents: readonly ListedAgent[]): Html {
  const rows = agents.map(
    ({ name, overview }) => [html`<a href="${agentPath(name)}">${name}</a>`, ...overview.areas.map(toLetters)] as const,
  );
  return html`${dataTable({ caption: 'Access by area', columns: ['Agent', ...catalog.areas.map(({ name }) => name)], rows, isMatrix: true })}
<p class="quiet">R, W and D: all tools of the area that read, write and delete. r, w and d: some of them. −: none. ·: the area has none. +: the agent sees the area's credentials.</p>`;
}

function toLetters(area: AreaAccess): string {
  const letters = ACCESSES.map((access) => {
    const { on, total } = area[access];
    const letter = access.charAt(0);
    return total === 0 ? '·' : on === 0 ? '−' : on < total ? letter : letter.toUpperCase();
  });
  return `${letters.join('')}${area.credentials.state === 'shown' ? '+' : ''}`;
}

/** What one agent may do, a row for each area. */
export function accessOfOne({ name, overview }: ListedAgent): Html {
  const rows = overview.areas.map(
    (area) =>
      [
        html`<a href="${agentPath(name)}?area=${area.name}#area">${area.name}</a>`,
        ...ACCESSES.map((one) => toCount(area[one])),
        toWords(area.credentials),
      ] as const,
  );
  const all = ['all areas', ...ACCESSES.map((one) => toCount(overview[one])), ''] as const;
  return dataTable({
    caption: 'Tools that are on, by area',
    columns: ['Area', 'Read', 'Write', 'Delete', 'Credentials'],
    rows: [...rows, all],
  });
}

const toCount = ({ on, total }: Count): TableCell => (total === 0 ? 'none' : outOf(on, total));

const toWords = (credentials: Credentials): string =>
  credentials.state === 'withheld' ? `withheld: ${credentials.reason}` : credentials.state;

/** The tools of an area, each with why the agent has it or not. */
export function accessOfArea(catalog: Catalog, { name, access }: ListedAgent, area: string): Html {
  const rows = catalog.tools
    .filter((tool) => tool.area === area)
    .map((tool) => {
      const { rule, grant, way } = toToolAccess(catalog, access, tool);
      return [
        html`<a href="${agentPath(name)}?tool=${tool.name}#tool">${tool.name}</a>`,
        tool.needsCredentials ? `${tool.access} + credentials` : tool.access,
        rule === undefined ? 'on' : 'off',
        rule ?? `by the grant ${grant ?? ''}`,
        rule === undefined ? '' : remedyWords(way),
      ] as const;
    });
  return dataTable({
    caption: `Tools of ${area}`,
    columns: ['Tool', 'Access', 'State', 'Why', 'To switch on'],
    rows,
  });
}
