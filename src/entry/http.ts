import { declarations } from '../../tools/index.ts';
import { createCatalog } from '../catalog/catalog.ts';
import * as configFile from '../settings/read-file.ts';
import type { Part } from '../start/host.ts';
import { openHost } from '../start/open-host.ts';
import { startHttp } from '../start/start-http.ts';

/** Serves many agents over HTTP. */
export const run: Part = async (shell) => {
  const host = openHost(shell, async () => configFile);
  await startHttp(await host.load(), createCatalog(declarations), host, shell.version);
  return 0;
};
