import { expect, it } from 'vitest';
import { allowOnly } from '../src/access/grants.ts';
import { createPolicy } from '../src/access/policy.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import { area, tool } from '../src/catalog/declaration.ts';
import { createOffer } from '../src/mcp/offer.ts';
import { createOwnTools } from '../src/start/own-tools.ts';
import { catalog } from './support/catalog.ts';

const AREAS = 34;

/** As many areas as WorkOS has, with names and meanings of the usual length. Every second one has a listed tool. */
const many = createCatalog({
  general: catalog.general,
  presets: {},
  prompts: [],
  probe: { tool: 'list_things_of_0', args: {} },
  areas: Array.from({ length: AREAS }, (_, index) =>
    area({
      name: `area_of_things_${index}`,
      title: `Area ${index}`,
      meaning: 'things of an organization (thing_…); each has further things, and belongs to one of several others',
      tools: [
        tool({
          name: `list_things_of_${index}`,
          route: `GET /things/${index}`,
          access: 'read',
          ...(index % 2 === 0 && { listed: true as const }),
          description: 'List things.',
          input: {},
        }),
      ],
    }),
  ),
});

it.each([
  ['all', allowOnly(['*:read'])],
  ['half', allowOnly(Array.from({ length: AREAS / 2 }, (_, index) => `area_of_things_${index}:read`))],
])('instructions have under 2 KB, and name each area that is on or off: %s', (_, grants) => {
  const policy = createPolicy(many, grants);
  const own = createOwnTools(many)(
    { name: 'a', grants, policy },
    { statusTool: true, isListed: ({ listed = false }) => listed },
  );
  for (const more of [own, {}]) {
    const { instructions } = createOffer({
      agent: 'a',
      catalog: many,
      policy,
      environment: 'production',
      confirm: 'auto',
      ...more,
    });
    expect(Buffer.byteLength(instructions)).toBeLessThan(2_048);
    for (const { name } of many.areas) expect(instructions).toMatch(new RegExp(`\\b${name}\\b`));
  }
});
