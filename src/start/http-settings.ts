import { createPolicy } from '../access/policy.ts';
import { checkAgents, type OperatorLimits, policyOf } from '../agents/agent-policy.ts';
import { parsePublicUrl } from '../agents/challenge.ts';
import { type ApproverSetting, checkApprovers } from '../agents/check-approvers.ts';
import type { ResolvedAgent } from '../agents/identify.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Environment } from '../catalog/declaration.ts';
import { systemClock } from '../clock.ts';
import { StartError } from '../errors.ts';
import { isLoopback } from '../serve/http/guard.ts';
import { DEFAULT_ENVIRONMENT } from '../settings/agents-config.ts';
import type { Config } from '../settings/config.ts';
import { parseAddress } from '../settings/environment.ts';
import { proxyFor } from '../workos/proxy.ts';
import { type EnvironmentConnection, namesIn, toConnection } from './connection.ts';
import type { Host, Loaded } from './host.ts';
import { namesRedis } from './http-secrets.ts';
import { requireRecord } from './open-record.ts';

/** The connection to each environment, by name. */
export type Connections = ReadonlyMap<string, EnvironmentConnection>;

/** The kind of each environment's key, by the environment's name. */
export type Labels = ReadonlyMap<string, Environment['label']>;

export const labelsOf = (connections: Connections): Labels =>
  new Map([...connections].map(([name, { environment }]) => [name, environment.label]));

/** Checks that all agents can be served as configured. Throws StartError if not. */
export function validate({ config, agents }: Loaded, labels: Labels, catalog: Catalog): void {
  const { http, grants } = config;
  const labelOf = (name: string) => {
    const label = labels.get(name);
    if (label === undefined) throw new StartError(`There is no environment "${name}".`);
    return label;
  };
  if (http.anonymous) {
    const isSafe = isLoopback(http.host) && !http.trustProxy && labelOf(DEFAULT_ENVIRONMENT) !== 'production';
    if (!isSafe) throw new StartError('--anonymous requires loopback, a test key and no --trust-proxy.');
    if (agents.agents.length + agents.templates.length > 0) {
      throw new StartError('--anonymous serves all clients as one agent: remove it, or the agents from the file.');
    }
    if (config.confirm === 'person')
      throw new StartError('--confirm person needs approvers, and --anonymous has none: choose strict, auto or off.');
    createPolicy(catalog, { ...grants, productionGuard: false });
    return;
  }
  if (agents.agents.length + agents.templates.length === 0) {
    throw new StartError(
      'No agents are configured. Add one to the --config file with "workos-mcp agent add NAME --config FILE --allow GRANTS".',
    );
  }
  if (grants.allow.length > 0)
    throw new StartError(
      '--allow, --allow-read, --allow-write and --allow-delete have no effect over HTTP: set allow for each agent in the file.',
    );
  if (config.productionWrites)
    throw new StartError(
      '--production-writes has no effect over HTTP: set production-writes for each agent in the file.',
    );
  const forbidden: OperatorLimits = grants;
  checkAgents(catalog, agents, labelOf, forbidden);
  checkApprovers(catalog, agents, toApproverSetting(config, labelOf));
  const members = [...agents.agents, ...agents.templates.map((template) => ({ ...template, allow: template.ceiling }))];
  for (const agent of members) {
    const label = labelOf(agent.environment);
    requireRecord(config, catalog, label, policyOf(catalog, agent, label, forbidden));
  }
}

export const toApproverSetting = (
  { http, grants, confirm }: Config,
  labelOf: ApproverSetting['labelOf'],
): ApproverSetting => ({ labelOf, forbidden: grants, confirm, hasConsole: http.consolePort !== undefined });

/**
 * The connections to all environments of the file, or to the one of the flat settings if the file has none.
 * @throws StartError for keys, addresses and proxies that are not valid, including the proxy for the issuers' keys
 */
export async function connectAll({ config, agents }: Loaded, host: ConnectHost): Promise<Connections> {
  for (const { jwksUrl } of agents.issuers) proxyFor(jwksUrl, host.variable);
  if (agents.environments.length === 0) return new Map([[DEFAULT_ENVIRONMENT, await host.connect(config)]]);
  refuseFlat({ config, agents });
  const readKeyFile = (path: string) => host.readFile(path, 'api-key-file');
  const { variable, answers } = host;
  const deps = { config, variable, answers, readKeyFile, now: systemClock.now };
  const connections = new Map(agents.environments.map((given) => [given.name, toConnection(given, deps)]));
  const names = new Map<string, string>();
  for (const [name, { environment }] of connections) {
    const other = names.get(environment.apiKey);
    // WorkOS counts the calls of a key together, so the rate limits here must, too.
    if (other !== undefined) throw new StartError(`environments.${name} and environments.${other} have the same key.`);
    names.set(environment.apiKey, name);
  }
  return connections;
}

type ConnectHost = Pick<Host, 'answers' | 'connect' | 'variable' | 'readFile'>;

/**
 * The kinds of keys without the keys: as `expect` has them, else production, where most is refused.
 * @throws StartError for addresses and Client IDs that are not valid
 */
export function labelsWithoutKeys({ config, agents }: Loaded): Labels {
  if (agents.environments.length === 0) {
    parseAddress(config);
    return new Map([[DEFAULT_ENVIRONMENT, config.sandbox ? 'sandbox' : (config.expect ?? 'production')]]);
  }
  refuseFlat({ config, agents });
  return new Map(
    agents.environments.map((given) => {
      parseAddress({ ...given, baseUrl: given.baseUrl ?? config.baseUrl }, namesIn(given.name));
      return [given.name, given.expect ?? 'production'];
    }),
  );
}

/** @throws StartError for flat settings of an environment beside those of the file */
export function refuseFlat({ config, agents }: Loaded): void {
  if (agents.environments.length === 0) return;
  const { sandbox, expect, apiKey, apiKeyFile, clientId } = config;
  const flat = Object.entries({
    '--sandbox': sandbox || undefined,
    '--expect': expect,
    WORKOS_API_KEY: apiKey,
    WORKOS_API_KEY_FILE: apiKeyFile,
    WORKOS_CLIENT_ID: clientId,
  }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (flat.length > 0) {
    throw new StartError(
      `Remove ${flat.join(' and ')}: the file defines its own environments, each with its own settings.`,
    );
  }
}

/** The agent of every client under --anonymous. */
export function toAnonymous({ agent, grants, confirm, statusTool, list }: Config): ResolvedAgent {
  return {
    name: agent === 'local' ? 'anonymous' : agent,
    flat: true,
    environment: DEFAULT_ENVIRONMENT,
    allow: grants.allow,
    deny: [],
    readOnly: false,
    productionWrites: false,
    confirm,
    clientAsks: undefined,
    samePerson: 'allow',
    affectsApprovers: undefined,
    statusTool,
    list,
    requestsPerMinute: 6_000,
    deletesPerHour: 20,
    expires: undefined,
  };
}

export function toPublicUrl({ http }: Config): string {
  const scheme = http.tlsCert === undefined ? 'http' : 'https';
  const host = http.host.includes(':') && !http.host.startsWith('[') ? `[${http.host}]` : http.host;
  if (http.publicUrl === undefined && namesRedis(http)) {
    throw new StartError('--redis-url: replicas need a common --public-url. Set it.');
  }
  if (http.publicUrl === undefined && !isLoopback(http.host)) {
    throw new StartError(`Clients cannot reach the server at the name ${http.host}: set --public-url.`);
  }
  return parsePublicUrl(http.publicUrl ?? `${scheme}://${host}:${http.port}/mcp`);
}

/** The hosts that clients may name: those of the settings, and that of the public URL. */
export function toAllowedHosts(config: Config): readonly string[] {
  const { allowedHosts, publicUrl } = config.http;
  return [...allowedHosts, ...(publicUrl === undefined ? [] : [new URL(toPublicUrl(config)).host])];
}

/** The files of certificate and key. Throws StartError for one without the other. */
export function toTlsFiles({ http: { tlsCert, tlsKey } }: Config) {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new StartError('--tls-cert and --tls-key must be given together.');
  return { tlsCert, tlsKey };
}

export function toTls(config: Config, { readFile }: Pick<Host, 'readFile'>) {
  const files = toTlsFiles(config);
  if (files === undefined) return undefined;
  const read = (path: string, flag: string) => {
    const pem = readFile(path, flag);
    if (pem.includes('-----BEGIN ')) return pem;
    throw new StartError(`${flag}: ${path} does not contain PEM data.`);
  };
  return { cert: read(files.tlsCert, '--tls-cert'), key: read(files.tlsKey, '--tls-key') };
}

export const toLabels = (connections: Connections): string => [...new Set(labelsOf(connections).values())].join(', ');

/** The proxy, if any request uses one. There is only one HTTPS_PROXY. */
export function proxyOf(
  { agents }: Loaded,
  connections: Connections,
  { variable }: Pick<Host, 'variable'>,
): string | undefined {
  const ofEnvironments = [...connections.values()].map(({ transport }) => transport.proxy);
  const ofIssuers = agents.issuers.map(({ jwksUrl }) => proxyFor(jwksUrl, variable)?.address);
  return [...ofEnvironments, ...ofIssuers].find((address) => address !== undefined);
}
