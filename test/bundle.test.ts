import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { getMcpConfigForManifest, unpackExtension } from '@anthropic-ai/mcpb';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPolicy } from '../src/access/policy.ts';
import { envName, OPTIONS, type Option, optionNames } from '../src/settings/options.ts';
import { catalog, FIXED } from './support/catalog.ts';
import { runHere } from './support/run-here.ts';
import { collect, toResult } from './support/session.ts';
import { listen, type Upstream } from './support/upstream.ts';

const root = `${import.meta.dirname}/..`;
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'workos-mcp-bundle-test-'));
const [bundle, unpacked] = [join(folder, 'workos.mcpb'), join(folder, 'unpacked')];
const USER = 'user_01E4ZCR3C56J083X43JQXF3JK5';
const STAGING = 'sk_test_bundle';
const PRODUCTION = 'sk_bundle';

type UserConfig = Readonly<Record<string, string | boolean>>;
type Field = {
  readonly type: string;
  readonly default?: unknown;
  readonly description: string;
  readonly title: string;
};

const readManifest = () => JSON.parse(readFileSync(`${unpacked}/manifest.json`, 'utf8'));
const fieldsOf = (): readonly [key: string, field: Field & { required: boolean; sensitive?: boolean }][] =>
  Object.entries(readManifest().user_config);

let upstream: Upstream;
beforeAll(async () => {
  upstream = await listen(() => Response.json({ object: 'user', id: USER }));
  await run(process.execPath, [`${root}/scripts/bundle.mjs`, bundle]);
  expect(await unpackExtension({ mcpbPath: bundle, outputDir: unpacked, silent: true })).toBe(true);
});
afterAll(async () => {
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

it('has a manifest that mcpb takes', async () => {
  const cli = `${root}/node_modules/@anthropic-ai/mcpb/dist/cli/cli.js`;
  const { stdout } = await run(process.execPath, [cli, 'validate', `${root}/manifest.json`]);
  expect(stdout).toContain('Manifest schema validation passes!');
});

/** What the host makes of the manifest and of what a person has set, by the host's own code. */
const toCommand = (userConfig: UserConfig) =>
  getMcpConfigForManifest({
    manifest: readManifest(),
    extensionPath: unpacked,
    systemDirs: { HOME: folder, DOCUMENTS: folder },
    userConfig,
    pathSeparator: '/',
  });

/** Starts the server as the host would: its command, its variables, and nothing else but PATH and HOME. */
async function launch(userConfig: UserConfig) {
  const config = await toCommand({ api_key: STAGING, ...userConfig });
  if (config === undefined) expect.fail('the host would not start it');
  const env = {
    ...config.env,
    // What grants come to, whether or not it is listed.
    WORKOS_MCP_LIST: 'all',
    // The sandbox has an address of its own.
    ...(userConfig.sandbox !== true && { WORKOS_BASE_URL: upstream.url }),
    PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
    HOME: folder,
  };
  const transport = new StdioClientTransport({ ...config, args: config.args ?? [], env, cwd: '/', stderr: 'pipe' });
  const log = collect(transport.stderr);
  const client = new Client({ name: 'host', version: '1' });
  return { client, args: config.args ?? [], env, log, connect: () => client.connect(transport) };
}

async function namesOf(userConfig: UserConfig): Promise<readonly string[]> {
  const { client, connect } = await launch(userConfig);
  await connect();
  const { tools } = await client.listTools();
  await client.close();
  return tools.map(({ name }) => name);
}

/** The server in this process, with the variables and arguments that the host would give it, and what it offers. */
async function offer(userConfig: UserConfig) {
  const { env, args } = await launch(userConfig);
  const capabilities = {};
  const params = { protocolVersion: '2025-11-25', capabilities, clientInfo: { name: 'host', version: '1' } };
  const { code, stdout, stderr } = await runHere(args.slice(1), env, [
    { jsonrpc: '2.0', id: 1, method: 'initialize', params },
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', id: 2, method: 'tools/list' },
  ]);
  const answers = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const tools: readonly { readonly name: string }[] = answers.find(({ id }) => id === 2)?.result.tools ?? [];
  return { code, log: stderr, names: tools.map(({ name }) => name) };
}

/** The tools that `check` says are on under the same variables. */
async function namesCheckTells(userConfig: UserConfig): Promise<readonly string[]> {
  const { env } = await launch(userConfig);
  const { stdout } = await runHere(['check', '--json'], env);
  const areas: readonly { readonly on: readonly { readonly name: string }[] }[] = JSON.parse(stdout).agents[0].areas;
  return areas.flatMap(({ on }) => on.map(({ name }) => name));
}

describe('the bundle', () => {
  it('holds what serving over stdio takes, and nothing else', () => {
    const files = readdirSync(unpacked, { recursive: true, encoding: 'utf8' })
      .filter((file) => statSync(`${unpacked}/${file}`).isFile())
      .map((file) => file.replaceAll('\\', '/'));
    expect(files.sort()).toEqual([
      'LICENSE',
      'PRIVACY.md',
      'assets/icon.png',
      'dist/LICENSES.txt',
      'dist/main.js',
      'dist/minisearch.js',
      'dist/pino.js',
      'dist/program.js',
      'dist/sandbox.js',
      'dist/session.js',
      'dist/stdio-shared.js',
      'dist/stdio.js',
      'dist/tracer.js',
      'dist/tunnel.js',
      'dist/undici.js',
      'dist/view.js',
      'manifest.json',
      'package.json',
    ]);
  });

  it('tells Node that its files are ES modules, which Node would have to find out else', () => {
    const { version } = readManifest();
    expect(JSON.parse(readFileSync(`${unpacked}/package.json`, 'utf8'))).toEqual({
      name: 'workos-mcp',
      version,
      license: 'MIT',
      type: 'module',
      engines: { node: '>=20.20' },
    });
  });

  it('is the same whenever, wherever and by whomever it is made', async () => {
    const again = join(folder, 'again.mcpb');
    const shell = 'umask 077; exec "$0" "$@"';
    const { stdout } = await run('sh', ['-c', shell, process.execPath, `${root}/scripts/bundle.mjs`, again], {
      cwd: folder,
      env: { ...process.env, TZ: 'Pacific/Kiritimati' },
    });
    const sum = createHash('sha256').update(readFileSync(again)).digest('hex');
    expect(createHash('sha256').update(readFileSync(bundle)).digest('hex')).toBe(sum);
    expect(stdout).toMatch(new RegExp(`again\\.mcpb\nworkos-mcp [\\d.]+, \\d+ KiB\nsha256 ${sum}\n$`));
  });

  it('has an icon that hosts can show', () => {
    const icon = readFileSync(`${unpacked}/${readManifest().icon}`);
    expect([icon.readUInt32BE(16), icon.readUInt32BE(20)]).toEqual([512, 512]);
    expect(icon.length).toBeLessThan(30_000);
  });
});

describe('its manifest', () => {
  const placeholdersIn = (value: unknown) =>
    [...JSON.stringify(value).matchAll(/\$\{user_config\.([^}]*)\}/g)].map(([, key]) => key);

  it('asks for what the server is given, and gives all that it asks for', () => {
    const { mcp_config, ...server } = readManifest().server;
    expect(placeholdersIn(mcp_config.env).sort()).toEqual(
      fieldsOf()
        .map(([key]) => key)
        .sort(),
    );
    expect(server.entry_point).toBe('dist/main.js');
  });

  it('puts nothing that a person types into arguments, which every process can read', () => {
    const { args, command } = readManifest().server.mcp_config;
    expect([command, ...args]).toEqual(['node', '${__dirname}/dist/main.js']);
  });

  it('names settings of the server, each with a field of its kind that says what the server calls it', () => {
    const env: Record<string, string> = readManifest().server.mcp_config.env;
    for (const [variable, value] of Object.entries(env)) {
      const name = optionNames.find((option) => envName(option) === variable);
      if (name === undefined) expect.fail(`there is no setting ${variable}`);
      const { kind, env: own }: Option = OPTIONS[name];
      const [, field] = fieldsOf().find(([key]) => value === `\${user_config.${key}}`) ?? expect.fail(value);
      expect([name, field.type]).toEqual([name, kind === 'switch' ? 'boolean' : 'string']);
      expect([name, field.sensitive === true, field.required]).toEqual([name, kind === 'secret', false]);
      // Messages of the server are about flags.
      if (own === undefined) expect(field.description).toContain(`(--${name})`);
    }
  });

  it('lets reading alone be on at first, and leaves nothing unfilled', async () => {
    const defaults = fieldsOf().map(([key, field]) => [key, field.default]);
    expect(Object.fromEntries(defaults)).toEqual({
      api_key: '',
      sandbox: false,
      read: true,
      write: false,
      delete: false,
      production_writes: false,
      allow: '',
      deny: '',
      confirm: '',
      audit_log: '',
      client_id: '',
    });
    const config = await toCommand({ api_key: STAGING });
    expect(JSON.stringify(config)).not.toContain('${');
  });

  it('lets the host start the server without a key, which then says what to fill in or to switch on', async () => {
    const { code, names, log } = await offer({ api_key: '' });
    expect([code, names]).toEqual([2, []]);
    const [, line] = /^In the settings of the Claude Desktop extension: (.*)$/m.exec(log) ?? [];
    const quoted = [...(line ?? '').matchAll(/"([^"]+)"/g)].map(([, title]) => title);
    expect(quoted).toEqual(['WorkOS API key', 'Try with invented data']);
    expect(fieldsOf().map(([, { title }]) => title)).toEqual(expect.arrayContaining(quoted));
  });
});

/** The tools of the server itself. */
const ownWith = (on: readonly string[]) => [
  ...(on.includes('list_events') ? ['wait_for_events'] : []),
  'get_access_status',
];

const expected = (...allow: string[]) => {
  const policy = createPolicy(catalog, { allow, deny: [], readOnly: false, productionGuard: false });
  const on = catalog.tools.filter((tool) => policy.whyOff(tool) === undefined).map((tool) => tool.name);
  return [...on, ...ownWith(on)];
};
const live = { api_key: PRODUCTION, write: true, delete: true };

describe('with the variables of its manifest, the server offers', () => {
  it.each<[what: string, set: UserConfig, grants: readonly string[], count: number]>([
    ['reading', {}, ['*:read'], 18],
    ['reading and changing', { write: true }, ['*:read', '*:write'], 29],
    ['everything', { write: true, delete: true }, ['*:full'], 33],
    ['deleting alone', { read: false, delete: true }, ['*:delete'], 4],
    ['what the text says alone', { read: false, allow: 'users:write, get_user' }, ['users:write', 'get_user'], 3],
    ['a preset', { read: false, allow: 'preset:support' }, ['preset:support'], 15],
    ['both together', { allow: 'create_user' }, ['*:read', 'create_user'], 19],
    ['reading with a production key', live, ['*:read'], 18],
    [
      'everything with a production key that may',
      { ...live, production_writes: true, audit_log: 'stderr' },
      ['*:full'],
      33,
    ],
  ])('%s', async (_, set, grants, count) => {
    const { names } = await offer(set);
    expect(names).toEqual(expected(...grants));
    expect(names.filter((name) => FIXED.has(name))).toHaveLength(count);
    const told = await namesCheckTells(set);
    expect([...told, ...ownWith(told)].sort()).toEqual([...names].sort());
  });

  it.each<[what: string, set: UserConfig, message: RegExp]>([
    ['nothing is switched on', { read: false }, /Nothing is allowed until you say so/],
    ['a grant is misspelt', { allow: 'user:read' }, /--allow user:read: there is no area "user"/],
    ['a denial is misspelt', { deny: 'delete_organisation' }, /there is no tool "delete_organisation"/],
    ['a way of confirming is misspelt', { confirm: 'never' }, /WORKOS_MCP_CONFIRM is "never"/],
    ['nobody said where to record', { ...live, production_writes: true }, /needs an audit log: --audit-log/],
    ['a key is filled in beside invented data', { sandbox: true }, /switch off "Try with invented data"/],
    ['the key is none', { api_key: 'hunter2' }, /WORKOS_API_KEY is not a WorkOS API key/],
    ['a key is all that is off', { ...live, read: false }, /No tool is left on/],
  ])('nothing where %s, and says so', async (_, set, message) => {
    const { code, names, log } = await offer(set);
    expect([code, names]).toEqual([2, []]);
    expect(log).toMatch(message);
    expect(log).not.toContain('hunter2');
  });
});

// Beside each other: each waits for a process of its own.
describe.concurrent('launched by its manifest, it offers', () => {
  it.each<[what: string, set: UserConfig, grants: readonly string[]]>([
    ['reading', {}, ['*:read']],
    [
      'everything with a production key that may',
      { ...live, production_writes: true, audit_log: 'stderr' },
      ['*:full'],
    ],
  ])('%s', async (_, set, grants) => {
    expect(await namesOf(set)).toEqual(expected(...grants));
  });

  it('invented data without a key', async () => {
    const { client, connect } = await launch({ api_key: '', sandbox: true });
    await connect();
    const listed = toResult(await client.callTool({ name: 'list_organizations', arguments: { limit: 1 } }));
    await client.close();
    expect(listed.structured).toMatchObject({ data: [{ id: expect.stringMatching(/^org_/) }] });
  });

  it('all but what is denied', async () => {
    const names = await namesOf({ delete: true, deny: 'delete_organization,users:full' });
    const known = names.filter((name) => FIXED.has(name));
    expect(known.filter((name) => /delete|user/.test(name)).sort()).toEqual([
      'delete_connection',
      'delete_directory',
      'get_directory_user',
      'list_directory_users',
    ]);
  });

  it('nothing where nothing is switched on, and says so to who reads it there', async () => {
    const { log, connect } = await launch({ read: false });
    await expect(connect()).rejects.toThrow();
    expect(log()).toContain('Nothing is allowed until you say so');
    const [, line] = /^In the settings of the Claude Desktop extension: (.*)$/m.exec(log()) ?? [];
    const quoted = [...(line ?? '').matchAll(/"([^"]+)"/g)].map(([, title]) => title);
    const titles = fieldsOf().map(([, { title }]) => title);
    expect(quoted).toHaveLength(2);
    expect(titles).toEqual(expect.arrayContaining(quoted));
  });

  it('prompts, as the manifest says, whose texts depend on what is on', async () => {
    const { client, connect } = await launch({});
    await connect();
    const { prompts } = await client.listPrompts();
    await client.close();
    expect(readManifest().prompts_generated).toBe(prompts.length > 0);
  });

  it('tools that work, and tells what is switched on as it is', async () => {
    const record = join(folder, 'record.jsonl');
    const { client, connect } = await launch({ write: true, audit_log: record });
    await connect();
    const got = toResult(await client.callTool({ name: 'get_user', arguments: { user_id: USER } }));
    const status = (name: string) => client.callTool({ name: 'get_access_status', arguments: { name } });
    const [reads, writes, deletes] = [
      toResult(await status('get_user')),
      toResult(await status('create_user')),
      toResult(await status('delete_user')),
    ];
    await client.close();
    expect(got.structured).toMatchObject({ id: USER });
    expect(upstream.received.at(-1)?.headers.authorization).toBe(`Bearer ${STAGING}`);
    expect(reads.structured).toMatchObject({ environment: 'staging', on: true, grant: '*:read' });
    expect(writes.structured).toMatchObject({ on: true, grant: '*:write' });
    expect(deletes.structured).toMatchObject({ on: false, to_switch_on: { add_grants: ['users:delete'] } });
    expect(readFileSync(record, 'utf8')).toContain(`read user ${USER} in staging`);
  });
});
