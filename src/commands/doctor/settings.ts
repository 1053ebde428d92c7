import type { Catalog } from '../../catalog/catalog.ts';
import { StartError } from '../../errors.ts';
import { type AgentsConfig, toAgents } from '../../settings/agents-config.ts';
import { hasSwitch } from '../../settings/command-line.ts';
import { type Config, configFileOf, toConfig } from '../../settings/config.ts';
import type { Given } from '../../settings/option-value.ts';
import { envName } from '../../settings/options.ts';
import { readSettingsFile, toGiven } from '../../settings/settings-file.ts';
import { type Env, readSources } from '../../settings/sources.ts';
import type { Host } from '../../start/host.ts';
import { limitsOf, toLimitSettings } from '../../workos/limits/slots.ts';
import { type Finding, isStartError, ok, toFailure } from './finding.ts';

export type Settings = {
  readonly findings: readonly Finding[];
  /** What could be understood. */
  readonly config: Config | undefined;
  readonly agents: AgentsConfig;
  /** Whether that is all there is: what a part of the settings leaves open must not be taken for allowed. */
  readonly isWhole: boolean;
};

const NO_AGENTS: AgentsConfig = { environments: [], issuers: [], agents: [], templates: [], approvers: [] };

const FILE = 'Set it right in the file; docs/settings.md lists every setting.';
const SETTINGS = 'Set it right; workos-mcp --help lists every flag and variable.';

/** Reads flags, variables and file as a start would, and as much of them as makes sense where a start would stop. */
export async function readSettings(
  argv: readonly string[],
  env: Env,
  { readFile }: Pick<Host, 'readFile'>,
  catalog: Catalog,
): Promise<Settings> {
  const findings: Finding[] = [];
  let file: Given = {};
  let agents = NO_AGENTS;
  const path = attempt(() => configFileOf(readSources(argv, env)));
  if (typeof path === 'string') {
    try {
      const read = await readSettingsFile(readFile(path, '--config'), path);
      file = toGiven(read);
      agents = toAgents(read);
      findings.push(ok('config', path));
    } catch (error) {
      findings.push(toFailure('config', error, FILE));
    }
  } else if (path === undefined) findings.push(ok('config', 'no file, flags and variables alone'));

  try {
    const config = asChecked(argv, env, file);
    toLimitSettings(config.limits, limitsOf(catalog));
    findings.push(ok('settings', 'understood'));
    return { findings, config, agents, isWhole: findings.every(({ state }) => state === 'ok') };
  } catch (error) {
    findings.push(toFailure('settings', error, SETTINGS));
  }
  const isSandbox = hasSwitch(argv, 'sandbox');
  const basics = pick(env, ['api-key', 'api-key-file', 'client-id', 'base-url'].map(envName));
  const parts: readonly (readonly [readonly string[], Env])[] = [
    [argv, env],
    [argv, basics],
    [isSandbox ? ['--sandbox'] : [], isSandbox ? {} : env],
    [isSandbox ? ['--sandbox'] : [], isSandbox ? {} : basics],
  ];
  for (const [flags, variables] of parts) {
    const config = attempt(() => asChecked(flags, variables, {}));
    if (config !== undefined && !isStartError(config)) return { findings, config, agents, isWhole: false };
  }
  return { findings, config: undefined, agents, isWhole: false };
}

/** As for `check`, which takes the flags of stdio and HTTP alike. */
function asChecked(argv: readonly string[], env: Env, file: Given): Config {
  const config = toConfig(readSources(['check', ...argv], env), file);
  if (config.keyless) throw new StartError('doctor takes no --no-keys: it tries the keys. "check" takes it.');
  return config;
}

function attempt<T>(act: () => T): T | Error {
  try {
    return act();
  } catch (error) {
    if (isStartError(error)) return error;
    throw error;
  }
}

const pick = (env: Env, names: readonly string[]): Env =>
  Object.fromEntries(Object.entries(env).filter(([name]) => names.includes(name)));
