import type { Catalog } from '../../catalog/catalog.ts';
import { withoutKeys } from '../../errors.ts';
import { DEFAULT_ENVIRONMENT } from '../../settings/agents-config.ts';
import { hasSwitch } from '../../settings/command-line.ts';
import type { Env } from '../../settings/sources.ts';
import type { EnvironmentConnection } from '../../start/connection.ts';
import type { Host } from '../../start/host.ts';
import type { Look } from '../table.ts';
import { isHttp } from '../which-agent.ts';
import { checkAgents, checkGrants } from './access.ts';
import { type Finding, toFailure, toText, warn } from './finding.ts';
import { checkHttp, checkIssuers, checkTogether, checkTraces } from './http.ts';
import { checkEnvironment, checkEnvironments } from './keys.ts';
import { checkNode, checkRecord, checkRedis, checkRequired } from './machine.ts';
import { checkRead } from './read.ts';
import { readSettings } from './settings.ts';

export type DoctorDeps = {
  readonly catalog: Catalog;
  readonly env: Env;
  readonly host: Pick<Host, 'answers' | 'connect' | 'variable' | 'readFile' | 'user'>;
  /** As in `20.20.2`. */
  readonly node: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly freeBytes: (folder: string) => Promise<number>;
  /** Rejects with a StartError where it cannot be reached. */
  readonly reachRedis: (url: string) => Promise<void>;
  readonly look: Look;
  readonly write: (text: string) => void;
};

/**
 * Runs `doctor`: looks at all that a start and a call depend on, and says what is wrong and how to set it right.
 * @param argv what stands behind `doctor`: --json, and the flags that the server is started with
 * @returns the exit code: 0, or 1 where something is wrong
 */
export async function runDoctor(argv: readonly string[], deps: DoctorDeps): Promise<number> {
  const secrets = secretsOf(deps.env);
  const findings = (await examine(argv, deps)).map((finding) => ({
    ...finding,
    found: withhold(finding.found, secrets),
    fix: finding.fix === null ? null : withhold(finding.fix, secrets),
  }));
  const isJson = hasSwitch(argv, 'json');
  deps.write(isJson ? `${JSON.stringify(findings, undefined, 2)}\n` : toText(findings, deps.look));
  return findings.some(({ state }) => state === 'fail') ? 1 : 0;
}

/** Values of variables whose names are those of secrets: messages quote what they do not understand. */
const secretsOf = (env: Env): readonly string[] =>
  Object.entries(env).flatMap(([name, value]) =>
    /KEY$|SECRET|TOKEN|PASSWORD|REDIS_URL$/i.test(name) && value !== undefined && value.length >= 8 ? [value] : [],
  );

const withhold = (text: string, secrets: readonly string[]): string =>
  withoutKeys(secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text));

async function examine(argv: readonly string[], deps: DoctorDeps): Promise<readonly Finding[]> {
  const { catalog, host } = deps;
  const settings = await readSettings(argv, deps.env, host, catalog);
  const findings: Finding[] = [checkNode(deps.node), ...settings.findings];
  const { config, agents } = settings;
  if (config === undefined) return [...findings, untried('key')];

  const isOwn = agents.environments.length > 0;
  const hasAgents = agents.agents.length + agents.templates.length > 0;
  const one = isOwn ? undefined : checkEnvironment(config, host);
  const several = isOwn ? checkEnvironments(config, agents, host) : undefined;
  findings.push(...(one ?? []), ...(several?.findings ?? []));
  const loaded = { config, agents };
  const overHttp = isHttp(loaded);
  findings.push(...(overHttp ? checkHttp(loaded, host, deps.now()) : checkTraces(host)));
  const connections = new Map<string, EnvironmentConnection>(several?.connections);
  const canOpen = settings.isWhole && one?.every(({ state }) => state !== 'fail');
  if (canOpen) {
    try {
      connections.set(DEFAULT_ENVIRONMENT, await host.connect(config));
    } catch (error) {
      findings.push(toFailure('read', error, 'Set that right first.'));
    }
  }

  // A part of the settings could send a key where it does not belong, and allow what the rest forbids.
  if (!settings.isWhole) findings.push(untried('read'), untried('grants'));
  else {
    const read = (name: string, connection: EnvironmentConnection) =>
      checkRead(isOwn ? name : undefined, connection, deps);
    findings.push(...(await Promise.all([...connections].map(([name, open]) => read(name, open)))).flat());
    const label = connections.get(DEFAULT_ENVIRONMENT)?.environment.label;
    const areAllOpen = connections.size === (isOwn ? agents.environments.length : 1);
    const isSplit = findings.some(({ check, state }) => check === 'environments' && state === 'fail');
    if (overHttp && areAllOpen && !isSplit) {
      const together = await checkTogether(loaded, host);
      // The second looks up the proxies that the first judges.
      findings.push(...together, ...(together.length > 0 ? [] : await checkIssuers(agents, host)));
    }
    if (!hasAgents && (!overHttp || config.http.anonymous)) findings.push(...checkGrants(config, catalog, label));
    if (overHttp && areAllOpen) findings.push(...(await checkAgents(config, agents, catalog, connections, deps.now())));
    else if (overHttp)
      findings.push(warn('agents', 'not looked at: what they may do depends on the keys.', 'Set the keys right.'));
  }

  const label = connections.get(DEFAULT_ENVIRONMENT)?.environment.label;
  const isOff = findings.some(({ check, state }) => check === 'grants' && state !== 'ok');
  const required = overHttp || isOff || !settings.isWhole ? [] : checkRequired(config, catalog, label);
  findings.push(
    ...(required.length > 0 ? required : await checkRecord(config, { user: host.user, freeBytes: deps.freeBytes })),
  );
  findings.push(...(await checkRedis(config, host, deps.reachRedis)));
  return findings;
}

const untried = (check: string): Finding => warn(check, 'not tried.', 'Set the settings right first.');
