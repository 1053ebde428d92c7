import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { parse as parseJson } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCatalog } from '../src/catalog/catalog.ts';
import { CLIENTS, type ClientName, PLACEHOLDER } from '../src/commands/init/clients.ts';
import { runInit } from '../src/commands/init/command.ts';
import { REMOTES, TOKEN_PLACEHOLDER } from '../src/commands/init/remote.ts';
import { declarations } from '../tools/index.ts';
import { MAIN } from './support/built.ts';
import { type HttpServer, hashOf, newTokens, openFolder, openWorkos, serve } from './support/http-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'wmcp-init-'));
const settings = openFolder();
const { bot } = newTokens('bot');
const catalog = createCatalog(declarations);
const KEY = 'sk_test_of_the_client';
let workos: Awaited<ReturnType<typeof openWorkos>>;
let server: HttpServer;

beforeAll(async () => {
  workos = await openWorkos('north', KEY);
  const file = settings.write(
    'w.yaml',
    `agents: { bot: { allow: 'organizations:read', tokens: ['${hashOf(bot)}'] } }\n`,
  );
  server = await serve(['--config', file, '--base-url', workos.url], { WORKOS_API_KEY: KEY });
});
afterAll(async () => {
  await server?.stop();
  await workos?.close();
  settings.remove();
  rmSync(folder, { recursive: true, force: true });
});

const clients = Object.keys(CLIENTS) as ClientName[]; // Object.keys forgets the literal type
const remotes = clients.filter((name) => 'entry' in REMOTES[name]);

/** The only file below a folder that is no copy of another. */
function writtenIn(home: string): string {
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const [file] = files;
  if (file === undefined || files.length > 1) expect.fail(`one file: ${files.map(({ name }) => name)}`);
  return join(file.parentPath, file.name);
}

/** What `init --write` has written for a client in an empty home, as the client reads it. */
async function entryOf(name: ClientName, kind: string, flags: readonly string[], init: typeof initHere) {
  const home = join(folder, `${name}-${kind}`);
  mkdirSync(home);
  const named = name === 'generic' ? ['mine.json'] : [];
  await init([name, ...flags, '--write', ...named], home);
  const text = readFileSync(writtenIn(home), 'utf8');
  const { section, format } = CLIENTS[name];
  const content: unknown = format === 'toml' ? parseToml(text) : parseJson(text);
  return { home, entry: Object(Object(content)[section]).workos };
}

async function initBuilt(argv: readonly string[], home: string): Promise<void> {
  const env = { HOME: home, APPDATA: home };
  await promisify(execFile)(process.execPath, [MAIN, 'init', ...argv], { cwd: home, env });
}

/** The same without a process of its own. */
async function initHere(argv: readonly string[], home: string): Promise<void> {
  await runInit(argv, {
    catalog,
    program: { node: process.execPath, main: MAIN, version: '1.2.3' },
    platform: platform(),
    home,
    cwd: home,
    variable: (variable) => (variable === 'APPDATA' ? home : undefined),
    write: () => {},
    now: () => new Date(),
  });
}

/** A secret of an entry as each client fills it in: from a variable, by asking, or written there by the person. */
function filledIn(text: string, secret: string, variable: string, id: string): string {
  const ways = [
    `\${env:${variable}}`,
    `\${${variable}}`,
    `$${variable}`,
    `\${input:${id}}`,
    PLACEHOLDER,
    TOKEN_PLACEHOLDER,
  ];
  const way = ways.find((one) => text.includes(one));
  if (way === undefined) throw new Error(`no client fills in ${text}`);
  return text.replace(way, secret);
}

async function ask(transport: StdioClientTransport | StreamableHTTPClientTransport) {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  const { tools } = await client.listTools();
  const { structuredContent, content } = await client.callTool({ name: 'list_organizations', arguments: { limit: 1 } });
  await client.close();
  return { names: tools.map((tool) => tool.name), data: Object(structuredContent).data, content };
}

describe.concurrent('in an empty home, what init has written for', () => {
  it.each(clients)('%s starts a server that answers', async (name) => {
    const { home, entry } = await entryOf(name, 'sandbox', ['--sandbox', '--agent', 'first'], initBuilt);
    const { command, args } = entry;
    const { names, data } = await ask(new StdioClientTransport({ command, args, cwd: home, stderr: 'ignore' }));
    expect(names).toContain('get_access_status');
    expect(data).toHaveLength(1);
  });

  it.each(clients)('%s gives the server the key that the client has', async (name) => {
    const flags = ['--allow', 'organizations:read', '--base-url', workos.url];
    const { home, entry } = await entryOf(name, 'key', flags, initHere);
    const { command, args, env = {}, env_vars: passed = [] } = entry;
    const shown = Object.entries<string>(env).map(([variable, text]) => [
      variable,
      filledIn(text, KEY, 'WORKOS_API_KEY', 'workos-api-key'),
    ]);
    const all = Object.fromEntries([...shown, ...passed.map((variable: string) => [variable, KEY])]);
    expect(Object.keys(all)).toEqual(['WORKOS_API_KEY']);
    const { names, data } = await ask(
      new StdioClientTransport({ command, args, env: all, cwd: home, stderr: 'ignore' }),
    );
    expect(names).toContain('list_organizations');
    expect(data).toEqual([]);
  });

  it.each(remotes)('%s reaches a server at its address', async (name) => {
    const { entry } = await entryOf(name, 'remote', ['--url', server.url], initHere);
    const address = entry.url ?? entry.serverUrl ?? entry.httpUrl;
    const header =
      entry.bearer_token_env_var === 'WORKOS_MCP_TOKEN'
        ? `Bearer ${bot.token}`
        : filledIn(entry.headers.Authorization, bot.token, 'WORKOS_MCP_TOKEN', 'workos-token');
    const requestInit = { headers: { Authorization: header } };
    const { names, data } = await ask(new StreamableHTTPClientTransport(new URL(address), { requestInit }));
    expect(names).toContain('list_organizations');
    expect(data).toEqual([]);
  });

  it('Claude Desktop is for stdio alone: its file takes no addresses', () => {
    expect(clients.filter((name) => !remotes.includes(name))).toEqual(['claude-desktop']);
  });
});
