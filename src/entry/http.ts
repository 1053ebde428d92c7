import { declarations } from '../../tools/index.ts';
import { createCatalog } from '../catalog.ts';
import type { Part } from '../host.ts';
import { openHost } from '../open-host.ts';
import { startHttp } from '../start-http.ts';
import * as configFile from './config-file.ts';

/** Serves many agents over HTTP. */
export const run: Part = async (shell) => {
  const host = openHost(shell, async () => configFile);
  await startHttp(await host.load(), createCatalog(declarations), host, shell.version);
  return 0;
};
