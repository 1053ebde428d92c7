import { describe, expect, it } from 'vitest';
import { StartError } from '../src/errors.ts';
import { toAgents } from '../src/settings/agents-config.ts';
import { toConfig } from '../src/settings/config.ts';
import { OPTIONS } from '../src/settings/options.ts';
import { readSettingsFile, toGiven } from '../src/settings/settings-file.ts';
import { readSources } from '../src/settings/sources.ts';
import type { Loaded } from '../src/start/host.ts';
import { toOptionName, toReload, validateReload } from '../src/start/reload.ts';
import { catalog } from './support/catalog.ts';

const AGENT = (allow: string) =>
  `agents:\n  ann: { allow: ${allow}, production-writes: true, tokens: ['abcdefghij:${'0'.repeat(64)}'] }\n`;

async function load(text: string): Promise<Loaded> {
  const file = await readSettingsFile(text, 'workos-mcp.yaml');
  return { config: toConfig(readSources(['http'], {}), toGiven(file)), agents: toAgents(file) };
}

describe('a reload', () => {
  it.each<[what: string, line: string, member: Partial<Loaded['config']>]>([
    ['dry-run', 'dry-run: true', { dryRun: true }],
    ['confirm', 'confirm: strict', { confirm: 'strict' }],
    ['expect', 'expect: staging', { expect: 'staging' }],
  ])('changes %s', async (_, line, member) => {
    const reload = toReload(await load(AGENT('users:read')), await load(`${line}\n${AGENT('users:full')}`));
    expect(reload.loaded.config).toMatchObject(member);
    expect(reload.loaded.agents.agents).toMatchObject([{ allow: ['users:full'] }]);
    expect(reload.afterRestart).toEqual([]);
  });

  it('leaves the rest as it is, and names it', async () => {
    const running = await load(AGENT('users:read'));
    const changed = 'audit-log: other.jsonl\nlimit: [general=1/1]\nmax-items: 5\nhost: 127.0.0.2\ntrust-proxy: true\n';
    const { loaded, afterRestart } = toReload(running, await load(`${changed}${AGENT('users:read')}`));
    expect(loaded.config).toEqual(running.config);
    expect(afterRestart).toEqual(['audit-log', 'host', 'limit', 'max-items', 'trust-proxy']);
    // Until the restart the difference stays.
    expect(toReload(loaded, await load(`${changed}${AGENT('users:read')}`)).afterRestart).toEqual(afterRestart);
  });

  it('names settings as the file does', async () => {
    const { http, grants: _, ...others } = (await load(AGENT('users:read'))).config;
    const notInFiles = ['command', 'subject', 'json', 'keyless', 'isHttp', 'against', 'statusTool'];
    const names = Object.keys({ ...others, ...http }).filter((name) => !notInFiles.includes(name));
    expect(names.map(toOptionName).filter((name) => !Object.hasOwn(OPTIONS, name))).toEqual([]);
  });

  describe('with a console', () => {
    const labels = new Map([['default', 'staging']] as const);
    const CONSOLE = 'console-port: 8090\ndeployment-key-env: KEY\n';
    const BOT = AGENT('users:full').replace(' allow', ' confirm: person, allow');
    const BOB = `  bob: { confirm: person, allow: users:full, tokens: ['bcdefghijk:${'1'.repeat(64)}'] }\n`;
    const ADA = "approvers: { ada: { agents: [ann], allow: 'users:full' } }\n";

    it.each([
      ['without its last approver', BOT, /^--console-port needs approvers/],
      ['with an agent that has no approver', `${BOT}${BOB}${ADA}`, /names bob/],
      [
        'with an approver whose grants are misspelt',
        `${BOT}${ADA.replace('users:full', 'users:ful')}`,
        /^approvers\.ada: /,
      ],
    ])('is refused %s', async (_, text, message) => {
      const running = await load(`${CONSOLE}${BOT}${ADA}`);
      const next = await load(`${CONSOLE}${text}`);
      expect(() => validateReload(running, toReload(running, running), labels, catalog)).not.toThrow();
      expect(() => validateReload(next, toReload(running, next), labels, catalog)).toThrow(message);
    });

    it('does not begin or end before a restart', async () => {
      const running = await load(`${BOT}${ADA}`.replace('confirm: person, ', ''));
      const next = await load(`${CONSOLE}${BOT}${ADA}`);
      expect(toReload(running, next).afterRestart).toEqual(['console-port', 'deployment-key-env']);
      expect(() => validateReload(next, toReload(running, next), labels, catalog)).toThrow(
        /^agents\.ann: confirm: person needs --console-port, .* A reload does not change console-port, deployment-key-env: restart/,
      );
    });
  });

  describe('for writes in production', () => {
    const labels = new Map([['default', 'production']] as const);
    const check = (running: Loaded, next: Loaded) => validateReload(next, toReload(running, next), labels, catalog);

    it('needs the record that is open, not the one that the file now names', async () => {
      const next = await load(`audit-log: audit.jsonl\n${AGENT('users:full')}`);
      expect(() => check(next, next)).not.toThrow();
      const running = await load(AGENT('users:read'));
      expect(() => check(running, next)).toThrow(
        new StartError(
          'A production key that may write needs an audit log: --audit-log FILE, or --audit-log stderr if your host keeps stderr. A reload does not change audit-log: restart the server.',
        ),
      );
    });

    it('refuses what a start would refuse', async () => {
      const running = await load(`audit-log: audit.jsonl\n${AGENT('users:read')}`);
      expect(() => check(running, running)).not.toThrow();
      for (const text of [AGENT('users:full'), `production-writes: true\naudit-log: a\n${AGENT('users:read')}`]) {
        const next = await load(text);
        expect(() => check(running, next)).toThrow(StartError);
      }
    });
  });
});
