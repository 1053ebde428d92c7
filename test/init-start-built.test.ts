import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { parse as parseJson } from 'jsonc-parser';
import { parse as parseToml } from 'smol-toml';
import { afterAll, describe, expect, it } from 'vitest';
import { CLIENTS, type ClientName } from '../src/commands/init/clients.ts';
import { MAIN } from './support/built.ts';

const folder = mkdtempSync(join(tmpdir(), 'wmcp-init-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const clients = Object.keys(CLIENTS) as ClientName[]; // Object.keys forgets the literal type

/** The only file below a folder that is no copy of another. */
function writtenIn(home: string): string {
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const [file] = files;
  if (file === undefined || files.length > 1) expect.fail(`one file: ${files.map(({ name }) => name)}`);
  return join(file.parentPath, file.name);
}

describe.concurrent('in an empty home, what init has written for', () => {
  it.each(clients)('%s starts a server that answers', async (name) => {
    const home = join(folder, name);
    mkdirSync(home);
    const named = name === 'generic' ? ['mine.json'] : [];
    const words = ['init', name, '--sandbox', '--agent', 'first', '--write', ...named];
    await promisify(execFile)(process.execPath, [MAIN, ...words], { cwd: home, env: { HOME: home, APPDATA: home } });
    const text = readFileSync(writtenIn(home), 'utf8');
    const { section, format } = CLIENTS[name];
    const content: unknown = format === 'toml' ? parseToml(text) : parseJson(text);
    const { command, args } = Object(Object(content)[section]).workos;
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(new StdioClientTransport({ command, args, cwd: home, stderr: 'ignore' }));
    const { tools } = await client.listTools();
    const { structuredContent } = await client.callTool({ name: 'list_organizations', arguments: { limit: 1 } });
    await client.close();
    expect(tools.map((tool) => tool.name)).toContain('get_access_status');
    expect(Object(structuredContent).data).toHaveLength(1);
  });
});
