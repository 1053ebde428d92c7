import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import type { Browser, Frame, Page } from 'playwright-core';
import { MAIN } from './built.ts';
import { findPort } from './find-port.ts';
import { type Env, waitFor } from './http-server.ts';
import { collect } from './session.ts';
import type { Witness } from './witnesses.ts';

export type Inspector = {
  readonly page: Page;
  /** Opens the view of a tool with these arguments, which calls the tool. */
  readonly openApp: (title: string, args: Readonly<Record<string, string>>) => Promise<Frame>;
  readonly close: () => Promise<void>;
};

/** Removes a capability wherever a message declares it. */
function withoutElicitation(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutElicitation);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => name !== 'elicitation');
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutElicitation(member)]));
}

/**
 * The page of the Inspector, connected to the built server over stdio. The Inspector declares elicitation as well, and
 * its page has no setting against that: what it declares is taken from its messages on their way, since a client that
 * can elicit is asked that way.
 */
export async function openInspector(
  browser: Browser,
  { path, node }: Witness,
  { home, era, args, env }: { home: string; era: 'legacy' | 'modern'; args: readonly string[]; env: Env },
): Promise<Inspector> {
  mkdirSync(home, { recursive: true });
  const server = { type: 'stdio', command: process.execPath, args: [MAIN, ...args], env, protocolEra: era };
  writeFileSync(`${home}/servers.json`, JSON.stringify({ mcpServers: { workos: server } }));
  const child = spawn(node, [path, '--web', '--config', `${home}/servers.json`], {
    cwd: home,
    env: {
      PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
      HOME: home,
      HOST: '127.0.0.1',
      CLIENT_PORT: String(await findPort()),
      MCP_SANDBOX_PORT: String(await findPort()),
      MCP_AUTO_OPEN_ENABLED: 'false',
      MCP_INSPECTOR_SECRET_STORE: 'memory',
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const said = collect(child.stdout);
  const address = /http:\S+API_TOKEN=\S+/;
  await waitFor(() => address.test(said()), said);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.route('**/api/mcp/send', (route) =>
    route.continue({ postData: JSON.stringify(withoutElicitation(route.request().postDataJSON())) }),
  );
  await page.goto(address.exec(said())?.[0] ?? '');
  await page.getByRole('switch', { name: /^Connect/ }).click({ force: true });
  await page.getByText('Apps', { exact: true }).click();
  return {
    page,
    openApp: async (title, given) => {
      await page.getByText(title, { exact: true }).click();
      for (const [name, value] of Object.entries(given)) await page.getByRole('textbox', { name }).fill(value);
      await page.getByRole('button', { name: 'Open App' }).click();
      // The frame of the view stands within that of the sandbox, which is of another origin.
      const inner = () => page.frames().find((frame) => frame.parentFrame()?.url().endsWith('/sandbox') === true);
      await waitFor(() => inner() !== undefined, said);
      const frame = inner();
      if (frame === undefined) throw new Error('the Inspector has closed the view');
      return frame;
    },
    close: async () => {
      await page.close();
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
