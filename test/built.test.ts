import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { promisify } from 'node:util';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import type { ConfirmMode } from '../src/access/confirmation.ts';
import { createPolicy } from '../src/access/policy.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import { createOffer } from '../src/mcp/offer.ts';
import { createStatusTool } from '../src/mcp/status-tool.ts';
import { createWaitTool } from '../src/mcp/wait-tool.ts';
import { declarations } from '../tools/index.ts';
import { connectAsking } from './support/asking.ts';
import { built, MAIN } from './support/built.ts';
import { openedBy } from './support/catalog.ts';
import { connect as connectPrompts } from './support/prompts.ts';
import { connect, PEERS } from './support/session.ts';

const catalog = createCatalog(declarations);
/** Looked for by a package that does without it: @redis/client, for a command that is not used here. */
const OPTIONAL = '@node-rs/xxhash';

const dist = `${import.meta.dirname}/../dist`;
const files = readdirSync(dist).filter((file) => file.endsWith('.js'));

describe('what is built', () => {
  it('has names that every file system takes', () => {
    expect(files.filter((file) => !/^(?:shared-[0-9A-Z]{8}|[a-z][a-z-]*)\.js$/.test(file))).toEqual([]);
  });

  it.each<[allow: string, confirm: ConfirmMode]>([
    ['*:read', 'auto'],
    ['*:full', 'auto'],
    ['*:full', 'strict'],
    ['*:full,*:credentials', 'auto'],
    ['*:full,*:credentials', 'off'],
  ])('lists for --allow %s --confirm %s what the declarations make', async (allow, confirm) => {
    const session = await connect(
      ['--sandbox', '--allow', allow, '--list', 'all', '--confirm', confirm],
      {},
      'v2 client, legacy',
      built,
    );
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
      waitTool: createWaitTool(catalog),
    });
    expect(listed).toEqual(list.tools);
  });

  it.each(PEERS)('serves tools, prompts and questions to a %s', async (peer) => {
    const FEMKE = 'user_01JFEMKE000000000000E9GFC7';
    const args = ['--sandbox', '--allow', '*:full'];
    const asking = await connectAsking(args, {}, peer, {}, () => ({ action: 'decline' }), built);
    expect((await asking.call('get_user', { user_id: FEMKE })).structured).toMatchObject({ id: FEMKE });
    expect((await asking.call('delete_user', { user_id: FEMKE })).text).toContain('A person was asked');
    expect(asking.asked).toHaveLength(1);
    await asking.close();
    const prompting = await connectPrompts(args, {}, peer, built);
    expect(await prompting.names()).toContain('offboard_user');
    expect((await prompting.complete('offboard_user', 'email', 'ada')).values).toEqual(['ada@acme.example.com']);
    await expect(prompting.text('offboard_user')).rejects.toThrow('offboard_user: email is required.');
    await prompting.close();
  });

  it('counts what the tools cost a model', async () => {
    const grants = ['--allow', '*:read'];
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'check', ...grants, '--json'], {
      env: { WORKOS_API_KEY: 'sk_test_1' },
    });
    const [agent] = JSON.parse(stdout).agents;
    const tools = { on: openedBy('*', 'read').length, total: catalog.tools.length };
    expect(agent).toMatchObject({ name: 'local', environment: 'staging', tools });
    const session = await connect(['--sandbox', ...grants], {}, 'v2 client, legacy', built);
    const listed = (await session.listTools()).map(({ name, description, inputSchema }) => {
      return { name, description, inputSchema };
    });
    await session.close();
    const cost = countTokens(JSON.stringify(listed));
    expect(Math.abs(agent.tokens - cost)).toBeLessThan(cost / 100);
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
    const bytes = ['main.js', 'program.js', 'stdio.js', 'stdio-shared.js'].map(
      (file) => readFileSync(`${dist}/${file}`).length,
    );
    // Of 36 tools, and of each more.
    expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThan(200_000 + 1_400 * (catalog.tools.length - 36));
  });
});
