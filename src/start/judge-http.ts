import type { Catalog } from '../catalog/catalog.ts';
import { parseRedisUrl } from '../redis/connect.ts';
import { toGuards } from '../serve/http/guard.ts';
import { createTls } from '../serve/http/listener.ts';
import { limitsOf, toLimitSettings } from '../workos/limits/slots.ts';
import { judgeClientSecrets, judgeConsole } from './console-settings.ts';
import type { Host, Loaded } from './host.ts';
import { readDeploymentKey, readRedisUrl } from './http-secrets.ts';
import {
  type Connections,
  connectAll,
  type Labels,
  labelsOf,
  labelsWithoutKeys,
  toAllowedHosts,
  toPublicUrl,
  toTls,
  toTlsFiles,
  validate,
} from './http-settings.ts';
import { readTracing } from './open-tracing.ts';

type JudgeHost = Pick<Host, 'answers' | 'connect' | 'variable' | 'readFile'>;

/**
 * What a start over HTTP requires of its own settings, in order. `check` and `doctor` run the same list, so that none of
 * them accepts what another refuses. Each throws StartError.
 */
export const HTTP_SETTINGS: Readonly<
  Record<string, (loaded: Loaded, host: Pick<Host, 'readFile' | 'variable'>) => void>
> = {
  'public URL': ({ config }) => void toPublicUrl(config),
  TLS: ({ config }, host) => {
    const tls = toTls(config, host);
    if (tls !== undefined) createTls(tls);
  },
  hosts: ({ config }) => {
    const { host, allowedOrigins } = config.http;
    toGuards({ host, allowedHosts: toAllowedHosts(config), allowedOrigins });
  },
  'Redis URL': ({ config }, host) => {
    const url = readRedisUrl(config.http, host);
    if (url !== undefined) parseRedisUrl(url);
  },
  'deployment key': ({ config }, host) => void readDeploymentKey(config.http, host),
  console: ({ config }) => judgeConsole(config),
  'client secrets': judgeClientSecrets,
  traces: (_, host) => void readTracing(host.variable),
};

/**
 * Judges everything that a start over HTTP can judge before it opens anything.
 * @throws StartError for the first fault
 */
export async function judgeHttp(loaded: Loaded, catalog: Catalog, host: JudgeHost): Promise<Connections> {
  for (const judge of Object.values(HTTP_SETTINGS)) judge(loaded, host);
  const connections = await connectAll(loaded, host);
  judgeAgents(loaded, labelsOf(connections), catalog);
  return connections;
}

/** The same without keys, and without files of the machine that serves: for a review of the settings file. */
export function judgeHttpWithoutKeys(loaded: Loaded, catalog: Catalog, host: JudgeHost): Labels {
  const settings: typeof HTTP_SETTINGS = {
    ...HTTP_SETTINGS,
    TLS: ({ config }) => void toTlsFiles(config),
    'Redis URL': ({ config }) => {
      if (config.http.redisUrl !== undefined) parseRedisUrl(config.http.redisUrl);
    },
    'deployment key': () => {},
    'client secrets': () => {},
    traces: () => {},
  };
  for (const judge of Object.values(settings)) judge(loaded, host);
  const labels = labelsWithoutKeys(loaded);
  judgeAgents(loaded, labels, catalog);
  return labels;
}

function judgeAgents(loaded: Loaded, labels: Labels, catalog: Catalog): void {
  validate(loaded, labels, catalog);
  toLimitSettings(loaded.config.limits, limitsOf(catalog));
}
