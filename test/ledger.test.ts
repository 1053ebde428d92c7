import { describe, expect, it } from 'vitest';
import { placeOf } from '../src/catalog/tool.ts';
import { cases } from './areas/index.ts';
import { ASKED, catalog } from './support/catalog.ts';

const { tools } = catalog;

/** The arguments of a write that are no credentials, each with its reason. */
const plainIn = (name: string): Readonly<Record<string, string>> => cases.get(name)?.plain ?? {};

/** The arguments that a write grant alone sets. A tool that exists with credentials only has none. */
const plainOf = (tool: (typeof tools)[number]): string[] => {
  const { secrets = [], identity = [] } = tool.credentials ?? {};
  return Object.keys(tool.input).filter(
    (name) => !['path', 'server'].includes(placeOf(tool, name)) && !secrets.includes(name) && !identity.includes(name),
  );
};

const writes = tools.filter((tool) => tool.access === 'write' && !tool.needsCredentials);

describe('every argument of a write is a credential, or stands in its case with the reason why it is none', () => {
  it.each(writes)('$name', (tool) => {
    expect(Object.keys(plainIn(tool.name)).sort()).toEqual(plainOf(tool).sort());
  });

  it('and no reason is given for a tool that takes credentials as a whole, or is no write', () => {
    const known = writes.filter((tool) => plainOf(tool).length > 0).map((tool) => tool.name);
    expect([...cases.keys()].filter((name) => Object.keys(plainIn(name)).length > 0).sort()).toEqual(known.sort());
  });

  it('and deletes take nothing but the ID', () => {
    const deletes = tools.filter((tool) => tool.access === 'delete');
    for (const tool of deletes) {
      const places = Object.keys(tool.input).map((name) => placeOf(tool, name));
      expect(new Set(places), tool.name).toEqual(new Set(['path']));
    }
    expect(deletes.length).toBeGreaterThan(3);
  });
});

describe('what a person is asked about', () => {
  it('is at least each of these', () => {
    const asked = tools.filter((tool) => tool.preview !== undefined).map((tool) => tool.name);
    expect(asked).toEqual(expect.arrayContaining([...ASKED]));
  });

  it.each(tools)('$name declares a preview exactly where it has to', (tool) => {
    const decides = tool.method === 'PUT' && tool.credentials !== undefined;
    expect(tool.preview !== undefined).toBe(tool.access === 'delete' || decides);
    expect(tool.confirmable).toBe(tool.access === 'delete' || decides);
    if (tool.restricted !== undefined) expect(tool.restricted.confirmable).toBe(false);
  });

  it.each(
    tools.filter((tool) => tool.preview !== undefined),
  )('$name is shown with reads that take the ID where it is given', ({ path, preview }) => {
    const find = (name: string) => tools.find((tool) => tool.name === name) ?? expect.fail(`there is no ${name}`);
    const reader = find([preview?.object ?? ''].flat()[0] ?? '');
    expect(reader).toMatchObject({ method: 'GET', access: 'read', path, needsCredentials: false });
    const named = [preview?.named ?? []].flat();
    expect(named).not.toEqual([]);
    for (const member of named) expect(Object(reader.output?.shape)).toHaveProperty(member);
    for (const [name, argument] of Object.entries(preview?.dependents ?? {})) {
      expect(find(name)).toMatchObject({ method: 'GET', access: 'read', paginated: true });
      expect(find(name).input).toHaveProperty(argument);
      expect(find(name).input).toHaveProperty('limit');
    }
  });
});
