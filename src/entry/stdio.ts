import { type Listings, openListings } from '../catalog/prebuilt-listings.ts';
import { StartError } from '../errors.ts';
import type { Part } from '../start/host.ts';
import { openHost } from '../start/open-host.ts';
import { type LazySession, startStdio } from '../start/start-stdio.ts';

/**
 * Serves one agent over stdio.
 * @param behind what a start loads behind its first answers
 */
export const toPart =
  (listings: () => Listings | Promise<Listings>, behind: LazySession): Part =>
  async (shell) => {
    const host = openHost(shell, () => import('../settings/read-file.ts'));
    const { config, agents } = await host.load();
    if (agents.agents.length + agents.templates.length > 0) {
      throw new StartError('The --config file has agents, who are served over HTTP: workos-mcp http --config FILE.');
    }
    await startStdio(config, await listings(), behind, host, shell.version);
    return 0;
  };

/** With the tools as the build has prepared them. */
export const run = toPart(openListings, () => import('./session.ts'));
