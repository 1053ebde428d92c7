import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN, openServer } from '../support/built.ts';
import { type HttpServer, hashOf, newTokens, openFolder, serve } from '../support/http-server.ts';
import { MODES, toResult } from '../support/session.ts';
import { SCENARIOS } from '../support/witness-scenarios.ts';
import { type Check, describeWith, listScenarios, readChecks, run, serveUnder } from '../support/witnesses.ts';

const folder = openFolder();
afterAll(folder.remove);

const SANDBOX = ['--sandbox', '--allow', '*:read'];
const toNames = (listed: string): string[] => JSON.parse(listed).tools.map((tool: { name: string }) => tool.name);
const FEMKE = { id: 'user_01JFEMKE000000000000E9GFC7', email: 'femke@example.org' };

describe.each([
  ['latest', 'past the SDK'],
  ['latest', 'by the SDK'],
  ['next', 'past the SDK'],
  ['next', 'by the SDK'],
] as const)('the official conformance suite, %s, answered %s', (release, way) => {
  describeWith(`the suite in its ${release} release`, (suite) => {
    const listed = listScenarios(suite);
    let server: Awaited<ReturnType<typeof serveUnder>>;
    beforeAll(async () => {
      const { main, remove } = openServer(way);
      // The suite calls as a page of the server's own address too, and wants that let in.
      server = await serveUnder(suite.node, () => ['--anonymous', '--sandbox', '--allow', '*:full'], main);
      return async () => {
        await server.stop();
        remove();
      };
    });

    it('has no scenario that is not sorted', () => {
      expect(listed.size).toBeGreaterThan(30);
      expect([...listed.keys()].filter((scenario) => SCENARIOS[scenario] === undefined)).toEqual([]);
    });

    if (release === 'next') {
      it('has every scenario that is sorted', () => {
        expect(Object.keys(SCENARIOS).filter((scenario) => !listed.has(scenario))).toEqual([]);
      });
    }

    const revisions = ['2025-11-25', '2026-07-28'].filter((revision) => [...listed.values()].flat().includes(revision));
    describe.each(revisions)('at %s', (revision) => {
      let results: ReadonlyMap<string, readonly Check[]>;
      beforeAll(async () => {
        const out = `${folder.path}/${release}-${revision}-${way}`;
        mkdirSync(out);
        const args = ['server', '--url', server.url, '--suite', 'all', '--spec-version', revision, '-o', out];
        await run(suite, args, folder.path);
        results = readChecks(out);
      }, 60_000);

      const scenarios = [...listed.keys()].filter((scenario) => listed.get(scenario)?.includes(revision));
      const applying = scenarios.filter((scenario) => typeof SCENARIOS[scenario] === 'object');

      it.each(applying)('%s holds', (scenario) => {
        const exceptions = Object.keys(Object(SCENARIOS[scenario]));
        const checks = results.get(scenario) ?? [];
        expect(checks.map(({ status }) => status)).toContain('SUCCESS');
        const failed = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
        expect(failed.filter(({ id }) => !exceptions.includes(id))).toEqual([]);
        expect(failed.map(({ id }) => id)).toEqual(exceptions);
      });

      it('leaves out no scenario that would hold', () => {
        expect([...results.keys()].sort()).toEqual([...scenarios].sort());
        const leftOut = scenarios.filter((scenario) => !applying.includes(scenario));
        const holds = (scenario: string) => results.get(scenario)?.every(({ status }) => status === 'SUCCESS');
        expect(leftOut.filter(holds)).toEqual([]);
      });
    });
  });
});

describe.each([
  ['the Inspector 1', []],
  ['the Inspector 2', ['--protocol-era', 'modern']],
] as const)('the command line', (name, options) => {
  describeWith(name, (inspector) => {
    const ask = (...args: readonly string[]) => run(inspector, ['--cli', ...options, ...args], folder.path);

    describe('over stdio', () => {
      const askServer = (...args: readonly string[]) => ask(inspector.node, MAIN, ...SANDBOX, ...args);

      it('is shown the tools that are on', async () => {
        const { code, stdout } = await askServer('--method', 'tools/list');
        expect(code).toBe(0);
        expect(toNames(stdout)).toContain('get_user');
        expect(toNames(stdout)).not.toContain('delete_user');
      });

      it('calls a tool', async () => {
        const called = ['--method', 'tools/call', '--tool-name', 'get_user', '--tool-arg', `user_id=${FEMKE.id}`];
        const { code, stdout } = await askServer(...called);
        expect(code).toBe(0);
        expect(JSON.parse(stdout).structuredContent).toMatchObject(FEMKE);
      });

      it('is refused a tool that is off', async () => {
        const called = ['--method', 'tools/call', '--tool-name', 'delete_user', '--tool-arg', `user_id=${FEMKE.id}`];
        const { code, stdout, stderr } = await askServer(...called);
        expect(code).not.toBe(0);
        expect(stdout).toBe('');
        expect(stderr).toMatch(/Tool '?delete_user'? not found/);
      });

      if (name === 'the Inspector 2') {
        it('finds no schema that some clients or models could not do with', async () => {
          const all = [
            '--sandbox',
            '--allow',
            '*:full,*:credentials',
            '--list',
            'all',
            '--method',
            'tools/list',
            '--strict',
          ];
          const { code, stdout, stderr } = await ask(inspector.node, MAIN, ...all);
          expect(code).toBe(0);
          expect(toNames(stdout)).toContain('delete_user');
          expect(stderr).not.toMatch(/^\d+ errors?, \d+ warnings? across/m);
        });
      }

      it('is shown the prompts', async () => {
        const { stdout } = await askServer('--method', 'prompts/list');
        expect(JSON.parse(stdout).prompts).toContainEqual(expect.objectContaining({ name: 'debug_sso' }));
      });
    });

    describe('over HTTP', () => {
      const { bot } = newTokens('bot');
      let server: HttpServer;
      beforeAll(async () => {
        const agents = `agents: { bot: { allow: [get_user, list_users], tokens: ['${hashOf(bot)}'] } }`;
        server = await serve(['--sandbox', '--config', folder.write('agents.yaml', agents)]);
      });
      afterAll(() => server?.stop());
      const list = (...headers: readonly string[]) =>
        ask(server.url, '--transport', 'http', ...headers, '--method', 'tools/list');

      it("is shown an agent's tools by its token", async () => {
        const { stdout } = await list('--header', `Authorization: Bearer ${bot.token}`);
        expect(toNames(stdout).sort()).toEqual(['get_user', 'list_users']);
      });

      it('is shown nothing without', async () => {
        const { code, stdout } = await list();
        expect(code).not.toBe(0);
        expect(stdout).toBe('');
      });
    });
  });
});

describe('the built server', () => {
  describeWith('a newer Node', ({ path, node }) => {
    /** A copy of the package, since what Node compiles is kept beside the code. */
    const install = (name: string) => {
      cpSync(dirname(path), `${folder.path}/${name}/dist`, { recursive: true });
      return `${folder.path}/${name}`;
    };
    const SERVED = { tools: expect.arrayContaining(['get_user']), structured: FEMKE };
    const getFemke = async (installed: string, mode: (typeof MODES)[keyof typeof MODES]) => {
      const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
      const args = [`${installed}/dist/main.js`, ...SANDBOX];
      await client.connect(new StdioClientTransport({ command: node, args, stderr: 'ignore' }));
      const { tools } = await client.listTools();
      const result = toResult(await client.callTool({ name: 'get_user', arguments: { user_id: FEMKE.id } }));
      await client.close();
      return { tools: tools.map(({ name }) => name), ...result };
    };

    it('serves clients of both eras, from what it had compiled before', async () => {
      const installed = install('kept');
      for (const mode of Object.values(MODES)) {
        expect(await getFemke(installed, mode)).toMatchObject(SERVED);
        expect(readdirSync(`${installed}/.compiled`)).toHaveLength(1);
      }
    });

    it('serves where it can keep nothing', async () => {
      const installed = install('not-kept');
      writeFileSync(`${installed}/.compiled`, 'in the way');
      expect(await getFemke(installed, 'legacy')).toMatchObject(SERVED);
    });
  });
});
