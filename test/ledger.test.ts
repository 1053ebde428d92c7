import { describe, expect, it } from 'vitest';
import { identityOf } from '../src/call/confirm/find-object.ts';
import { listItem, memberAt } from '../src/catalog/output.ts';
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
    (name) =>
      !['path', 'server', 'preview'].includes(placeOf(tool, name)) &&
      !secrets.includes(name) &&
      !identity.includes(name),
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

  it('and deletes take nothing but the ID without the credentials', () => {
    const deletes = tools.filter((tool) => tool.access === 'delete').map((tool) => tool.restricted ?? tool);
    for (const tool of deletes) {
      const places = Object.keys(tool.input).map((name) => placeOf(tool, name));
      // What is never sent only tells where the object is.
      expect(new Set(places.filter((place) => place !== 'preview')), tool.name).toEqual(new Set(['path']));
    }
    expect(deletes.length).toBeGreaterThan(3);
  });
});

describe('what a person is asked about', () => {
  it.each(
    tools.filter(({ name, access }) => access === 'write' && /^(?:revoke|deactivate)_/.test(name)),
  )('$name waits where the agent has ended ten things in an hour, by any such tool', ({ confirm, annotations }) => {
    expect(confirm).toEqual({ beyond: { calls: 10, per: 'hour', group: 'endings' } });
    expect(annotations.destructiveHint).toBe(true);
  });

  it('is at least each of these', () => {
    const asked = tools.filter((tool) => tool.preview !== undefined).map((tool) => tool.name);
    expect(asked).toEqual(expect.arrayContaining([...ASKED]));
  });

  it.each(tools)('$name declares a preview exactly where it has to', (tool) => {
    const decides = ['PUT', 'PATCH'].includes(tool.method) && tool.credentials !== undefined;
    const isDeclared = tool.confirm !== undefined || tool.before !== undefined;
    const isAsked = tool.access === 'delete' || decides || isDeclared;
    expect(tool.preview !== undefined).toBe(isAsked);
    expect(tool.confirmable).toBe(isAsked);
    if (tool.restricted !== undefined) expect(tool.restricted.confirmable).toBe(tool.access === 'delete' || isDeclared);
  });

  it.each(
    tools.filter((tool) => tool.preview !== undefined),
  )('$name is shown with reads that take the ID where it is given', (tool) => {
    const { path, preview } = tool;
    const find = (name: string) => tools.find((other) => other.name === name) ?? expect.fail(`there is no ${name}`);
    const { argument, by } = identityOf(tool);
    const named = [preview?.named ?? []].flat();
    for (const reader of [preview?.object ?? []].flat().map(find)) {
      expect(reader).toMatchObject({ access: 'read', annotations: { readOnlyHint: true }, needsCredentials: false });
      const object = (reader.output && listItem(reader.output)) ?? reader.output;
      expect(Object(object?.shape)).toHaveProperty(by);
      if (!reader.isList) expect(reader.path).toContain(`{${argument}}`);
      if (!reader.isList && preview?.of === undefined) expect(path.startsWith(reader.path)).toBe(true);
      expect(named).not.toEqual([]);
      for (const member of named) expect(object && memberAt(object, member), member).toBe('value');
    }
    for (const [name, dependents] of Object.entries(preview?.dependents ?? {})) {
      const { by: argument, with: others } = typeof dependents === 'string' ? { by: dependents, with: {} } : dependents;
      expect(Object.keys(find(name).input)).toEqual(expect.arrayContaining(Object.keys(others)));
      expect(find(name)).toMatchObject({ method: 'GET', access: 'read', paginated: true });
      expect(find(name).input).toHaveProperty(argument);
      expect(find(name).input).toHaveProperty('limit');
    }
  });
});
