import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { paint } from '../src/commands/table.ts';
import { ASIDE, BACK, toArchitecture, WAY } from './support/architecture-picture.ts';
import { connectAsking } from './support/asking.ts';
import { built, MAIN } from './support/built.ts';
import { toPicture } from './support/terminal-picture.ts';

const root = join(import.meta.dirname, '..');

/** As a terminal shows them. */
function screenOf(commands: readonly (readonly string[])[]): string {
  return commands
    .map((args) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
        env: { FORCE_COLOR: '1' },
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([0, '']);
      const shown = args.map((arg) => (/[*:]/.test(arg) ? `'${arg}'` : arg)).join(' ');
      return `${paint({ text: '$', style: 'green' }, true)} ${paint({ text: `workos-mcp ${shown}`, style: 'bold' }, true)}\n${stdout}`;
    })
    .join('\n');
}

const ALLOW = ['--sandbox', '--allow', 'preset:support,organizations:full', '--deny', 'delete_organization'];

// `vitest run -u` draws it anew.
it('the terminal in the README shows what the program prints', async () => {
  const screen = screenOf([
    ['check', ...ALLOW],
    ['explain', 'organizations', ...ALLOW],
  ]);
  const picture = toPicture('workos-mcp check and explain in a terminal', screen);
  expect(Buffer.byteLength(picture)).toBeLessThan(30_000);
  await expect(picture).toMatchFileSnapshot(join(root, 'docs/images/terminal.svg'));
});

/** An ID that stands for that of the run, and for its end. */
const SHOWN_ULID = '01KB2M4V9QWX7YZ3T5C8D6F1G2';

it('the conversation in the README is what the server says and records', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'workos-mcp-'));
  const record = join(folder, 'audit.jsonl');
  const args = ['--sandbox', '--allow', 'preset:support,organizations:delete', '--audit-log', record];
  const endOf = (question: string) => /type `(\w{6})`/.exec(question)?.[1] ?? '';
  const asking = await connectAsking(
    [...args, '--agent', 'support-bot'],
    {},
    'v2 client, legacy',
    { form: {} },
    ({ message, requestedSchema }) => {
      const [field = ''] = Object.keys(Object(requestedSchema).properties);
      return { action: 'accept', content: { [field]: endOf(message) } };
    },
    built,
  );
  const { structured } = await asking.call('list_organizations', { search: 'Cedarwick' });
  const { data } = Object(structured);
  const organization_id = data[0].id;
  const { text } = await asking.call('delete_organization', { organization_id });
  await asking.close();
  const { stdout } = spawnSync(process.execPath, [MAIN, 'audit', 'show', record], { env: {}, encoding: 'utf8' });
  const question = asking.asked[0]?.message ?? '';
  const dim = (told: string) => paint({ text: told, style: 'dim' }, true);
  const who = (name: string, style: 'green' | 'yellow' | 'bold') => paint({ text: name.padEnd(12), style }, true);
  const spoken = (name: string, style: 'green' | 'yellow' | 'bold', lines: readonly string[]) =>
    lines.map((line, index) => `${index === 0 ? who(name, style) : ' '.repeat(12)}${line}`);
  const [, ulid = ''] = organization_id.split('_');
  const entries = stdout
    .split('\n')
    .flatMap((line) => /support-bot (?:asked to )?delete.*?(?= {2}|$)/.exec(line)?.[0] ?? []);
  const screen = [
    ...spoken('You', 'bold', ['Northwind bought Cedarwick. Delete the organization Cedarwick.']),
    '',
    ...spoken('the agent', 'bold', [`delete_organization ${dim(`organization_id: ${organization_id}`)}`]),
    '',
    ...spoken('workos-mcp', 'yellow', [`${dim('asks you')}`, ...question.split('\n')]),
    '',
    ...spoken('You', 'bold', [endOf(question)]),
    '',
    ...spoken('workos-mcp', 'yellow', [text.replace(/,"notes".*/, ', …}')]),
    ...spoken('the record', 'green', entries),
  ].join('\n');
  const shown = screen.replaceAll(ulid, SHOWN_ULID).replaceAll(ulid.slice(-6), SHOWN_ULID.slice(-6));
  rmSync(folder, { recursive: true });
  const title = 'A conversation: the agent deletes an organization, a person confirms it, and the record has it';
  await expect(toPicture(title, shown)).toMatchFileSnapshot(join(root, 'docs/images/conversation.svg'));
});

it('the way of a call leads through parts that there are', async () => {
  const sources = [...WAY, ...ASIDE, BACK].flatMap(({ source }) => source ?? []);
  expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  await expect(toArchitecture()).toMatchFileSnapshot(join(root, 'docs/images/architecture.svg'));
});

it.each(['terminal.svg', 'conversation.svg', 'architecture.svg'])('%s loads nothing from elsewhere', (name) => {
  const svg = readFileSync(join(root, 'docs/images', name), 'utf8');
  expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
    /https?:|@import|url\((?!#)|<script|<image/,
  );
});
