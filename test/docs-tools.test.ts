import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { allowOnly } from '../src/access/grants.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import { createStatusTool } from '../src/mcp/status-tool.ts';
import { declarations } from '../tools/index.ts';
import { runExamples, type Steps } from './support/docs-calls.ts';
import { EXAMPLES } from './support/docs-examples.ts';
import { between } from './support/docs-markdown.ts';
import { areaPage, areaTable, toolSection } from './support/docs-page.ts';
import { CEDARWICK } from './support/seeded.ts';

const catalog = createCatalog(declarations);
const statusTool = createStatusTool(catalog, { name: 'stdio', grants: allowOnly(['*:read']) });
const folder = `${import.meta.dirname}/../docs/tools`;

let steps: Steps;

beforeAll(async () => {
  steps = await runExamples([...catalog.tools, statusTool]);
}, 60_000);

// `vitest run -u` rewrites the pages.
describe('the pages of the tools', () => {
  it.each(catalog.areas)('are current: $name', async (area) => {
    await expect(areaPage(catalog, area, steps)).toMatchFileSnapshot(`${folder}/${area.name}.md`);
  });

  it('are current: the index, with get_access_status', async () => {
    const page = await readFile(`${folder}/README.md`, 'utf8');
    const own = toolSection(catalog, statusTool, steps);
    const expected = between(between(page, 'areas', areaTable(catalog)), 'get_access_status', own);
    await expect(expected).toMatchFileSnapshot(`${folder}/README.md`);
  });

  it('have an example call of every tool, and none of what is no tool', () => {
    const names = [...catalog.tools, statusTool].map((tool) => tool.name);
    expect(Object.keys(EXAMPLES).toSorted()).toEqual(names.toSorted());
  });

  it('show a success of every tool', () => {
    const failing = Object.entries(steps).filter(([, own]) => own.every(({ answer }) => typeof answer === 'string'));
    expect(failing).toEqual([]);
  });

  it('show what a person is asked, and what an error says to do next', () => {
    expect(steps.delete_organization?.[0]?.asked).toMatchObject({ typed: CEDARWICK.slice(-6) });
    expect(steps.get_user?.[1]?.answer).toMatch(/Check user_id \(user_…, from list_users\)/);
    expect(steps.list_users?.[2]?.answer).toMatchObject({ notes: [expect.stringMatching(/^Stopped at max_items/)] });
  });
});
