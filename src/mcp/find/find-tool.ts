import * as z from 'zod';
import type { IsListed } from '../../access/listed.ts';
import { type Agent, FIND_TOOL, isOn, noSuch, STATUS_TOOL, toPolicy } from '../../access/overview.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { type Environment, tool } from '../../catalog/declaration.ts';
import { type Tool, toTool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';
import { ONLY_THE_OPERATOR, whyOff } from '../status-tool.ts';
import { type FoundTool, marksIn, toLines, waitOf, wayOf } from './lines.ts';
import type { Search } from './search.ts';

export type FindDeps = {
  readonly catalog: Catalog;
  readonly agent: Omit<Agent, 'environment'>;
  readonly isListed: IsListed;
  /** Whether the agent may know of tools that are off: it has the status tool, which tells of them too. */
  readonly knowsOff: boolean;
  readonly search: () => Promise<Search>;
};

/** Tools of a query that an answer has first. */
const MAX_BEST = 5;

/** Characters of the lines of an answer: with the rest, under 700 tokens. */
const MAX_CHARS = 2_000;

/** The server's own tool with which an agent finds the tools that are on and not listed. */
export function createFindTool(deps: FindDeps): Tool {
  const declaration = tool({
    name: FIND_TOOL,
    // Never requested: the tool is answered locally.
    route: `GET /${FIND_TOOL}`,
    access: 'read',
    description: 'Find tools that are not listed: by what you want to do, by area, or all areas.',
    input: {
      query: z.string().describe('What you want to do, or a tool name for its schema').optional(),
      area: z.string().describe('All of an area').optional(),
    },
    check: ({ query, area }) => [query !== undefined && area !== undefined && 'Give either query or area, not both.'],
    local: ({ query, area }, { label }) => {
      const finder = toFinder(deps, label);
      if (area !== undefined) return finder.byArea(area);
      return query === undefined ? finder.areas() : finder.byQuery(query);
    },
  });
  return toTool({ name: 'server', title: 'Server' }, declaration);
}

/** How much of an area's meaning the map of all areas has: the most that fits. */
const MEANINGS: readonly ((meaning: string) => string)[] = [
  (meaning) => `: ${meaning}`,
  (meaning) => `: ${meaning.split(/[;:(,]/)[0]?.trim()}`,
  () => '',
];

type FindAnswer = Record<string, unknown>;

function toFinder({ catalog, agent: given, isListed, knowsOff, search }: FindDeps, environment: Environment['label']) {
  const agent: Agent = { ...given, environment };
  const policy = toPolicy(catalog, agent);
  const on = new Map(catalog.tools.filter(isOn(policy)).map((tool) => [tool.name, tool]));
  const found = (tool: Tool): FoundTool => {
    const isRestricted = policy.whyRestricted(tool) !== undefined;
    const form = (isRestricted && tool.restricted) || tool;
    return { tool: form, isListed: isListed(tool), isRestricted, isAsked: agent.confirm !== 'off' };
  };
  const ofArea = (name: string) => [...on.values()].filter((tool) => tool.area === name).map(found);

  const areas = (): FindAnswer => {
    const shown = catalog.areas
      .map((area) => ({ ...area, count: ofArea(area.name).length }))
      .filter(({ count }) => count > 0);
    const [first, ...others] = MEANINGS.map((toMeaning) =>
      Object.fromEntries(shown.map(({ name, meaning, count }) => [name, `${count} tools${toMeaning(meaning)}`])),
    );
    return {
      areas: [first, ...others].find((rows) => JSON.stringify(rows).length <= MAX_CHARS) ?? others.at(-1),
      notes: [`${FIND_TOOL} with area has the tools of one, with query those for a task.`],
    };
  };

  const byArea = (name: string): FindAnswer => {
    const area = catalog.areas.find((one) => one.name === name);
    if (area === undefined) throw new RefusedError(noSuch(catalog, name));
    const lines = toLines(ofArea(name), MAX_CHARS);
    const off = catalog.tools.filter((tool) => tool.area === name && !on.has(tool.name)).length;
    const notes = [
      ...marksIn(lines),
      ...(off > 0 && knowsOff ? [`${off} more are off: ${STATUS_TOOL} tells why.`] : []),
    ];
    return { area: name, meaning: area.meaning, tools: lines, ...(notes.length > 0 && { notes }) };
  };

  const schemaOf = (tool: Tool): FindAnswer => {
    const one = found(tool);
    const wait = waitOf(one);
    return {
      tool: tool.name,
      call: wayOf(one),
      description: `${one.tool.description}${wait === '' ? '' : ` ${wait}`}`,
      input_schema: one.tool.jsonSchema(),
    };
  };

  const byQuery = async (query: string): Promise<FindAnswer> => {
    const exact = on.get(query.trim());
    if (exact !== undefined) return schemaOf(exact);
    const offByName = knowsOff && catalog.tools.find(({ name }) => name === query.trim());
    if (offByName) return { off: whyOff(catalog, agent, offByName), notes: [ONLY_THE_OPERATOR] };
    const names = (await search())(query, (name) => knowsOff || on.has(name));
    const hits = names
      .flatMap((name) => on.get(name) ?? [])
      .slice(0, MAX_BEST)
      .map(found);
    const [firstName] = names;
    const off = catalog.tools.find(({ name }) => name === firstName && !on.has(name));
    if (names.length === 0) return { ...areas(), best: 'No tool fits these words.' };
    const isBest = ({ tool }: FoundTool) => hits.some((hit) => hit.tool.name === tool.name);
    const best = toLines(hits, MAX_CHARS / 2);
    const [first] = hits;
    const rest = first === undefined ? [] : ofArea(first.tool.area).filter((one) => !isBest(one));
    const more = toLines(rest, MAX_CHARS - JSON.stringify(best).length);
    const notes = [...new Set([...marksIn(best), ...marksIn(more)]), ...(off === undefined ? [] : [ONLY_THE_OPERATOR])];
    return {
      ...(off && { off: whyOff(catalog, agent, off) }),
      ...(hits.length > 0 && { best }),
      ...(rest.length > 0 && { [`more of ${first?.tool.area}`]: more }),
      ...(notes.length > 0 && { notes }),
    };
  };

  return { areas, byArea, byQuery };
}
