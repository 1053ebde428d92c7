import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { describe, expect, it } from 'vitest';
import type { ConfirmMode } from '../src/access/confirmation.ts';
import { createPolicy } from '../src/access/policy.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import { createOffer } from '../src/mcp/offer.ts';
import { createStatusTool } from '../src/mcp/status-tool.ts';
import { declarations } from '../tools/index.ts';
import { connect } from './support/session.ts';

const catalog = createCatalog(declarations);
/** Looked for by a package that does without it: @redis/client, for a command that is not used here. */
const OPTIONAL = '@node-rs/xxhash';

const dist = `${import.meta.dirname}/../dist`;
const files = readdirSync(dist).filter((file) => file.endsWith('.js'));

describe('what is built', () => {
  it.each<[allow: string, confirm: ConfirmMode]>([
    ['*:read', 'auto'],
    ['*:full', 'auto'],
    ['*:full', 'strict'],
    ['*:full,*:credentials', 'auto'],
    ['*:full,*:credentials', 'off'],
  ])('lists for --allow %s --confirm %s what the declarations make', async (allow, confirm) => {
    const session = await connect(['--sandbox', '--allow', allow, '--confirm', confirm]);
    const listed = await session.listTools();
    await session.close();
    const grants = { allow: allow.split(','), deny: [], readOnly: false, productionGuard: false };
    const { list } = createOffer({
      agent: 'local',
      catalog,
      policy: createPolicy(catalog, grants),
      environment: 'sandbox',
      confirm,
      statusTool: createStatusTool(catalog, { name: 'local', grants }),
    });
    expect(listed).toEqual(list.tools);
  });

  it.each(files)('%s imports nothing but Node and what lies beside it', (file) => {
    const code = readFileSync(`${dist}/${file}`, 'utf8');
    const imported = [...code.matchAll(/[}\w$] ?from"([\w@.:/-]+)"|\bimport\(?"([\w@.:/-]+)"/g)].map(
      ([, name, other]) => name ?? other,
    );
    const beside = files.map((name) => `./${name}`);
    const strange = imported.filter(
      (name) =>
        name !== undefined &&
        name !== OPTIONAL &&
        !builtinModules.includes(name.replace(/^node:/, '')) &&
        !beside.includes(name),
    );
    expect(strange).toEqual([]);
  });

  it('asks for nothing to be installed, and runs nothing when it is', () => {
    const { dependencies, scripts } = JSON.parse(readFileSync(`${dist}/../package.json`, 'utf8'));
    expect(dependencies).toBeUndefined();
    expect(Object.keys(scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  });

  it('has what opens tunnels in a file that is read only for a proxy', () => {
    const opening = files.filter((file) => readFileSync(`${dist}/${file}`, 'utf8').includes('method:"CONNECT"'));
    expect(opening).toEqual(['tunnel.js']);
  });

  it('starts over stdio with little to read', () => {
    const bytes = ['main.js', 'stdio.js', 'stdio-shared.js'].map((file) => readFileSync(`${dist}/${file}`).length);
    expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThan(200_000);
  });
});
