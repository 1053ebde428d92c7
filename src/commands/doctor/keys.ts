import { systemClock } from '../../clock.ts';
import type { AgentsConfig } from '../../settings/agents-config.ts';
import type { Config } from '../../settings/config.ts';
import { parseAddress, toEnvironment } from '../../settings/environment.ts';
import { envName, OPTIONS } from '../../settings/options.ts';
import { type EnvironmentConnection, toConnection } from '../../start/connection.ts';
import type { Host } from '../../start/host.ts';
import { type Finding, ok, toFailure, warn } from './finding.ts';

const KEY = `Copy a key from https://dashboard.workos.com/api-keys into ${envName('api-key')}, or into a file that ${envName('api-key-file')} names.`;
const CLIENT = 'Copy the Client ID from https://dashboard.workos.com/api-keys: it begins with "client_".';
const URL_FIX = `Leave ${envName('base-url')} out, unless you know why it is set.`;

/** The environment of the flat settings: key, Client ID and address, each by itself. */
export function checkEnvironment(config: Config, host: Pick<Host, 'readFile'>): readonly Finding[] {
  if (config.sandbox) return [ok('key', 'none is needed: the sandbox is make-believe')];
  const findings: Finding[] = [];
  const { baseUrl, clientId } = config;
  const standard = OPTIONS['base-url'].unless;
  try {
    const readKeyFile = (path: string) => host.readFile(path, envName('api-key-file'));
    const { label } = toEnvironment({ ...config, baseUrl: standard, clientId: undefined }, readKeyFile);
    const kind = label === 'staging' ? 'staging key' : 'production key';
    findings.push(ok('key', `a ${kind}${config.apiKeyFile === undefined ? '' : ', from a file'}`));
  } catch (error) {
    findings.push(toFailure('key', error, KEY));
  }
  try {
    parseAddress({ baseUrl: standard, clientId });
    if (clientId !== undefined) {
      findings.push(
        /^client_[A-Za-z0-9]+$/.test(clientId)
          ? ok('client ID', 'set')
          : warn('client ID', `${envName('client-id')} does not look like a Client ID.`, CLIENT),
      );
    }
  } catch (error) {
    findings.push(toFailure('client ID', error, CLIENT));
  }
  try {
    const address = parseAddress({ baseUrl, clientId: undefined }).baseUrl;
    findings.push(ok('base URL', address === standard ? address : `${address}, which is not WorkOS's own`));
  } catch (error) {
    findings.push(toFailure('base URL', error, URL_FIX));
  }
  return findings;
}

/** The environments of the file, each with its key. */
export function checkEnvironments(
  config: Config,
  { environments }: AgentsConfig,
  host: Pick<Host, 'readFile' | 'variable' | 'answers'>,
): { readonly findings: readonly Finding[]; readonly connections: ReadonlyMap<string, EnvironmentConnection> } {
  const connections = new Map<string, EnvironmentConnection>();
  const readKeyFile = (path: string) => host.readFile(path, 'api-key-file');
  const findings = environments.map((environment) => {
    const { name } = environment;
    const check = `key of ${name}`;
    try {
      const connection = toConnection(environment, {
        config,
        variable: host.variable,
        answers: host.answers,
        readKeyFile,
        now: systemClock.now,
      });
      connections.set(name, connection);
      return ok(check, `a ${connection.environment.label} key`);
    } catch (error) {
      return toFailure(
        check,
        error,
        `Set right what the --config file says of environments.${name}, its key, or the variable that is named.`,
      );
    }
  });
  return { findings, connections };
}
