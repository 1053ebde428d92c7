import { describe, expect, it } from 'vitest';
import type { ConfirmMode } from '../src/access/confirmation.ts';
import { createPolicy } from '../src/access/policy.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import type { Listing } from '../src/catalog/listing.ts';
import { createOffer, withTools } from '../src/mcp/offer.ts';
import { createStatusTool } from '../src/mcp/status-tool.ts';
import { createWaitTool } from '../src/mcp/wait-tool.ts';
import { declarations } from '../tools/index.ts';
import { catalog, toGrants } from './support/catalog.ts';

describe('an offer that was made of listings', () => {
  /** Other objects for the same tools, as listings are. */
  const listings = createCatalog(declarations);

  const offers = (text: string, confirm: ConfirmMode) => {
    const grants = toGrants(text);
    const [listedStatus, statusTool] = [listings, catalog].map((one) => createStatusTool(one, { name: 'a', grants }));
    const from = { agent: 'a', policy: createPolicy(listings, grants), environment: 'staging', confirm } as const;
    const [listedWait, waitTool] = [listings, catalog].map(createWaitTool);
    const listed = createOffer<Listing>({ ...from, catalog: listings, statusTool: listedStatus, waitTool: listedWait });
    return {
      expected: createOffer({ ...from, catalog, statusTool, waitTool }),
      offer: withTools(listed, catalog, { statusTool, waitTool }),
    };
  };

  it.each<[grants: string, confirm: ConfirmMode]>([
    ['*:full', 'auto'],
    ['*:full', 'strict'],
    ['*:full *:credentials', 'auto'],
    ['*:full *:credentials', 'off'],
    ['get_user users:delete', 'auto'],
  ])('calls for %s with --confirm %s the tools themselves, each in the form that was listed', (grants, confirm) => {
    const { expected, offer } = offers(grants, confirm);
    expect([...offer.tools.keys()]).toEqual([...expected.tools.keys()]);
    for (const [name, tool] of expected.tools) expect(offer.tools.get(name)).toBe(tool);
  });

  it.each([
    'get_user',
    'delete_user',
    'get_access_status',
    'no_such_tool',
    7,
  ])('refuses a call of %s as one that was made of tools would', (name) => {
    const { expected, offer } = offers('*:read', 'auto');
    const { tool, rule } = offer.whyRefused(name);
    expect(rule).toBe(expected.whyRefused(name).rule);
    expect(tool).toBe(expected.whyRefused(name).tool);
  });

  it('takes no listing that no declaration is behind', () => {
    const { expected } = offers('*:read', 'auto');
    expect(() => withTools(expected, { ...catalog, tools: [] }, {})).toThrow('which is not declared');
  });
});
