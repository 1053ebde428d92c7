import { declarations } from '../../tools/index.ts';
import type { TokenCounts } from '../access/token-cost.ts';
import { createCatalog } from '../catalog/catalog.ts';
import * as configFile from '../settings/read-file.ts';
import type { Part } from '../start/host.ts';
import { openHost } from '../start/open-host.ts';
import { startHttp } from '../start/start-http.ts';

/** Filled in by the build, which counts what each tool costs a model. */
declare const TOKENS: TokenCounts;

/** Serves many agents over HTTP. */
export const run: Part = async (shell) => {
  const host = openHost(shell, async () => configFile);
  const { version } = shell;
  await startHttp(await host.load(), { catalog: createCatalog(declarations), tokens: TOKENS, host, version });
  return 0;
};
