import { randomBytes } from 'node:crypto';
import type { Page } from 'playwright-core';
import { toLinkUrl } from '../../src/agents/console-link.ts';
import { toLink } from './console-client.ts';
import { findPort } from './find-port.ts';
import {
  type ClientOptions,
  type Connected,
  connectTo,
  type Entry,
  type Env,
  entriesIn,
  type HttpServer,
  hashOf,
  newTokens,
  openFolder,
  serve,
} from './http-server.ts';

/** What the settings file of a server with a console has, besides its tokens, ports and record. */
export type ConsoleSettings = {
  readonly agents: Readonly<Record<string, object>>;
  readonly approvers: Readonly<Record<string, object>>;
  /** Where the console is on loopback, unless set. */
  readonly 'console-url'?: string;
  readonly [name: string]: unknown;
};

export type ConsoleServer = {
  /** Under which people open the console. */
  readonly url: string;
  /** Where the console listens on loopback. */
  readonly port: number;
  /** The server that runs now. */
  readonly server: () => HttpServer;
  /** A link by which an approver signs in. */
  readonly linkFor: (name: string) => string;
  /** A client of an agent, by its own token. */
  readonly connect: (agent: string, options?: ClientOptions) => Promise<Connected>;
  readonly entries: () => readonly Entry[];
  /** Writes other settings into the file, and has the server read them. */
  readonly reload: (settings: ConsoleSettings) => Promise<boolean>;
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** The built server over HTTP with a console on loopback, and agents that have a token each. */
export async function openConsoleServer(settings: ConsoleSettings, env: Env = {}): Promise<ConsoleServer> {
  const folder = openFolder();
  const port = await findPort();
  const url = settings['console-url'] ?? `http://127.0.0.1:${port}`;
  const deploymentKey = randomBytes(32);
  const tokens = newTokens(...Object.keys(settings.agents));
  const tokenOf = (agent: string) => {
    const token = tokens[agent];
    if (token === undefined) throw new Error(`${agent} has no token`);
    return token;
  };
  folder.write('deployment-key', deploymentKey.toString('base64'));
  const write = ({ agents, ...others }: ConsoleSettings) => {
    const withTokens = Object.entries(agents).map(([name, agent]) => [
      name,
      { ...agent, tokens: [hashOf(tokenOf(name))] },
    ]);
    const file = {
      'console-port': port,
      'deployment-key-file': `${folder.path}/deployment-key`,
      'audit-log': `${folder.path}/audit.jsonl`,
      ...others,
      agents: Object.fromEntries(withTokens),
    };
    return folder.write('workos-mcp.json', JSON.stringify(file)); // YAML as well
  };
  const config = write(settings);
  const start = () => serve(['--config', config], env);
  let server = await start();
  return {
    url,
    port,
    server: () => server,
    linkFor: (name) => toLinkUrl(url, toLink(deploymentKey, name)),
    connect: (agent, options) => connectTo(server.url, tokenOf(agent).token, options),
    entries: () => entriesIn(folder.read('audit.jsonl')),
    reload: (others) => {
      write(others);
      return server.reload();
    },
    restart: async () => {
      await server.stop();
      server = await start();
    },
    close: async () => {
      await server.stop();
      folder.remove();
    },
  };
}

/** Has a page sign in to the console by a link. */
export async function signInByLink(
  page: Page,
  { linkFor }: Pick<ConsoleServer, 'linkFor'>,
  name: string,
): Promise<void> {
  await page.goto(linkFor(name));
  await page.getByRole('button', { name: `Sign in as ${name}` }).click();
  await page.waitForURL('**/waiting');
  await page.getByRole('heading', { name: 'Waiting', level: 1 }).waitFor();
}
