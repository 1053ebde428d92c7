import { homedir, platform } from 'node:os';
import { resolve } from 'node:path';
import { declarations } from '../../tools/index.ts';
import { toListReport } from '../access/listed.ts';
import type { TokenCounts } from '../access/token-cost.ts';
import { createCatalog } from '../catalog/catalog.ts';
import { StartError } from '../errors.ts';
import { hasSwitch } from '../settings/command-line.ts';
import * as configFile from '../settings/read-file.ts';
import type { Part, Shell } from '../start/host.ts';
import { openHost } from '../start/open-host.ts';

/** Filled in by the build, which counts what each tool costs a model. */
declare const TOKENS: TokenCounts;

const lookOf = ({ isColourful, columns }: Shell) => ({ colour: isColourful(), columns: columns() });

/** The commands that answer at once instead of serving. */
export const run: Part = async (shell) => {
  const { print } = shell;
  const [first, ...rest] = shell.argv;
  if (first === 'audit') {
    const { runAudit } = await import('../commands/audit.ts');
    return runAudit(rest, { write: print, look: lookOf(shell), now: () => new Date() });
  }
  if (first === 'demo' && !hasSwitch(rest, 'help')) {
    if (rest.length > 0) throw new StartError(`demo takes no arguments: "${rest.join(' ')}" is unexpected.`);
    const { runDemo } = await import('../demo/demo.ts');
    await runDemo({ program: shell.program, write: print });
    return 0;
  }
  const catalog = createCatalog(declarations);
  if (first === 'agent') {
    const { runAgent } = await import('../commands/agent/command.ts');
    return runAgent(rest, { catalog, write: print, look: lookOf(shell), now: Date.now });
  }
  if (first === 'init') {
    const { runInit } = await import('../commands/init/command.ts');
    return runInit(rest, {
      catalog,
      program: { ...shell.program, version: shell.version },
      write: print,
      look: lookOf(shell),
      now: () => new Date(),
      platform: platform(),
      home: homedir(),
      cwd: resolve(),
      variable: (name) => shell.env[name],
    });
  }
  const host = openHost(shell, async () => configFile);
  if (first === 'console') {
    const { runConsole } = await import('../commands/console/command.ts');
    const { stdout } = shell;
    return runConsole(rest, {
      load: (argv) => openHost({ ...shell, argv }, async () => configFile).load(),
      host,
      isShown: 'isTTY' in stdout && stdout.isTTY === true,
      write: print,
      look: lookOf(shell),
      now: Date.now,
    });
  }
  // Before the settings are read, which may be what is wrong.
  if (first === 'doctor' && !hasSwitch(rest, 'help')) {
    const { runDoctor } = await import('../commands/doctor/command.ts');
    const { freeBytes } = await import('../commands/doctor/machine.ts');
    const { reachRedis } = await import('../commands/doctor/redis.ts');
    return runDoctor(rest, {
      catalog,
      env: shell.env,
      host,
      node: shell.node,
      version: shell.version,
      now: Date.now,
      freeBytes,
      reachRedis,
      look: lookOf(shell),
      write: print,
    });
  }
  const loaded = await host.load();
  const { config } = loaded;
  switch (config.command) {
    case 'help':
      print((await import('../commands/help.ts')).helpText(lookOf(shell), config.subject));
      return 0;
    case 'version':
      print(`${shell.version}\n`);
      return 0;
    case 'tools': {
      const { toolsReport } = await import('../commands/tools.ts');
      const { agentOf } = await import('../commands/which-agent.ts');
      const agent = await agentOf(loaded, catalog, host);
      const { isListed } = toListReport(catalog, agent, TOKENS);
      print(toolsReport(catalog, agent, config.json, lookOf(shell), isListed));
      return 0;
    }
    case 'check': {
      const { check } = await import('../commands/check.ts');
      if (config.against !== undefined) {
        const { changesReport, parseReview, toChangesSince } = await import('../commands/access-changes.ts');
        const saved = parseReview(host.readFile(config.against, '--against'), config.against);
        const asJson = { ...loaded, config: { ...config, json: true } };
        const { report, stop } = await check(asJson, { catalog, host, tokens: TOKENS, look: lookOf(shell) });
        const { text, code } = changesReport(toChangesSince(saved, parseReview(report, 'check --json')), config.json);
        print(text);
        if (stop !== undefined) throw new StartError(`A start would stop: ${stop}`);
        return code;
      }
      const { report, stop } = await check(loaded, { catalog, host, tokens: TOKENS, look: lookOf(shell) });
      print(report);
      if (stop !== undefined) throw new StartError(`A start would stop: ${stop}`);
      return 0;
    }
    case 'explain': {
      const { explainJson, explainTool } = await import('../commands/explain.ts');
      const { agentOf } = await import('../commands/which-agent.ts');
      const agent = await agentOf(loaded, catalog, host);
      const { subject, json } = config;
      const { isListed } = toListReport(catalog, agent, TOKENS);
      print(
        json ? explainJson(catalog, agent, subject) : explainTool(catalog, agent, subject, lookOf(shell), isListed),
      );
      return 0;
    }
    default:
      throw new StartError(`Put the command "${config.command}" first: workos-mcp ${config.command} …`);
  }
};
