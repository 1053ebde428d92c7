import * as z from 'zod';
import { allowOnly } from '../src/access/grants.ts';
import { createPolicy } from '../src/access/policy.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import { area, tool } from '../src/catalog/declaration.ts';
import { createOffer } from '../src/mcp/offer.ts';

const AREAS = 25;
const ENTITIES = 2;
const KINDS = [
  { verb: 'get', method: 'GET', access: 'read' },
  { verb: 'list', method: 'GET', access: 'read' },
  { verb: 'create', method: 'POST', access: 'write' },
  { verb: 'update', method: 'PUT', access: 'write' },
  { verb: 'delete', method: 'DELETE', access: 'delete' },
] as const;

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

const areas = numbers(AREAS).map((which) =>
  area({
    name: `area_${which}`,
    title: `Area ${which}`,
    meaning: `objects of kind ${which}`,
    tools: numbers(ENTITIES).flatMap((entity) =>
      KINDS.map(({ verb, method, access }) =>
        tool({
          name: `${verb}_object_${which}_${entity}`,
          route: `${method} /area_${which}/objects_${entity}/${verb}`,
          access,
          description: `${verb} an object.`,
          input: { name: z.string() },
          ...(access === 'delete' && {
            preview: { object: `get_object_${which}_${entity}`, named: 'name', of: 'name' },
          }),
        }),
      ),
    ),
  }),
);

/** 250 tools, and 200 grants that each name one of them. */
const catalog = createCatalog({
  areas,
  general: { name: 'general', requests: 100, seconds: 1 },
  presets: {},
  prompts: [],
  probe: { tool: 'list_object_0_0', args: {} },
});
const grants = allowOnly(catalog.tools.slice(0, 200).map(({ name }) => name));

/** What a start makes of grants: a policy and an offer. Resolves to the milliseconds that it took. */
export function start(): number {
  const began = performance.now();
  const policy = createPolicy(catalog, grants);
  const offer = createOffer({ agent: 'bench', catalog, policy, environment: 'staging', confirm: 'auto' });
  const ms = performance.now() - began;
  if (catalog.tools.length !== 250 || offer.tools.size !== 200) throw new Error('the tools are not as they should be');
  return ms;
}
