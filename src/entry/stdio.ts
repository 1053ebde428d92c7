import { StartError } from '../errors.ts';
import type { Part } from '../host.ts';
import { openListings } from '../listing.ts';
import { openHost } from '../open-host.ts';
import { startStdio } from '../start-stdio.ts';

/** Serves one agent over stdio. */
export const run: Part = async (shell) => {
  const host = openHost(shell, () => import('./config-file.ts'));
  const { config, agents } = await host.load();
  if (agents.agents.length + agents.templates.length > 0) {
    throw new StartError('The --config file has agents, who are served over HTTP: workos-mcp http --config FILE.');
  }
  await startStdio(config, openListings(), () => import('./session.ts'), host, shell.version);
  return 0;
};
