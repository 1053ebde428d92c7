import { homedir, platform } from 'node:os';
import { resolve } from 'node:path';
import { declarations } from '../../tools/index.ts';
import type { TokenCounts } from '../access.ts';
import { createCatalog } from '../catalog.ts';
import { StartError } from '../errors.ts';
import type { Part } from '../host.ts';
import { openHost } from '../open-host.ts';
import * as configFile from './config-file.ts';

/** Filled in by the build, which counts what each tool costs a model. */
declare const TOKENS: TokenCounts;

/** Whatever is said and done at once rather than served. */
export const run: Part = async (shell) => {
  const { print, isColourful } = shell;
  const [first, ...rest] = shell.argv;
  if (first === 'audit') {
    const { runAudit } = await import('../audit/command.ts');
    return runAudit(rest, { write: print, now: () => new Date() });
  }
  const catalog = createCatalog(declarations);
  if (first === 'agent') {
    const { runAgent } = await import('../agents/command.ts');
    await runAgent(rest, catalog, print);
    return 0;
  }
  if (first === 'init') {
    const { runInit } = await import('../init/command.ts');
    await runInit(rest, {
      catalog,
      write: print,
      now: () => new Date(),
      platform: platform(),
      home: homedir(),
      cwd: resolve(),
      variable: (name) => shell.env[name],
    });
    return 0;
  }
  const host = openHost(shell, async () => configFile);
  // Before the settings are read, which may be what is wrong.
  if (first === 'doctor' && !rest.includes('--help')) {
    const { runDoctor } = await import('../doctor/command.ts');
    const { freeBytes } = await import('../doctor/machine.ts');
    const { reachRedis } = await import('../doctor/redis.ts');
    return runDoctor(rest, {
      catalog,
      env: shell.env,
      host,
      node: shell.node,
      version: shell.version,
      now: Date.now,
      freeBytes,
      reachRedis,
      colour: isColourful(),
      write: print,
    });
  }
  const loaded = await host.load();
  const { config } = loaded;
  switch (config.command) {
    case 'help':
      print((await import('../report.ts')).helpText());
      return 0;
    case 'version':
      print(`${shell.version}\n`);
      return 0;
    case 'tools': {
      const { toolsReport } = await import('../report.ts');
      const { agentOf } = await import('../check.ts');
      print(toolsReport(catalog, await agentOf(loaded, catalog, host), config.json, isColourful()));
      return 0;
    }
    case 'check': {
      const { check } = await import('../check.ts');
      print(await check(loaded, { catalog, host, tokens: TOKENS, colour: isColourful() }));
      return 0;
    }
    case 'explain': {
      const { explainTool } = await import('../explain.ts');
      const { agentOf } = await import('../check.ts');
      print(explainTool(catalog, await agentOf(loaded, catalog, host), config.subject, isColourful()));
      return 0;
    }
    default:
      throw new StartError(`The command "${config.command}" comes first: workos-mcp ${config.command} …`);
  }
};
