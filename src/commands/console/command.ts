import { toLinkToken, toLinkUrl } from '../../agents/console-link.ts';
import { StartError } from '../../errors.ts';
import { deriveKey } from '../../keys.ts';
import type { AgentsConfig } from '../../settings/agents-config.ts';
import type { Line } from '../../settings/flags.ts';
import { OPTIONS } from '../../settings/options.ts';
import { judgeConsole, toConsoleUrl } from '../../start/console-settings.ts';
import type { Host, Loaded } from '../../start/host.ts';
import { readDeploymentKey } from '../../start/http-secrets.ts';
import { didYouMean } from '../../wording.ts';
import { toCommand } from '../subcommand.ts';
import { indented, type Look } from '../table.ts';

export type ConsoleCommandDeps = {
  /** The settings of a server that is started with a command line, its variables and its file. */
  readonly load: (argv: readonly string[]) => Promise<Loaded>;
  readonly host: Pick<Host, 'readFile' | 'variable'>;
  /** Whether what is written is shown on a terminal. */
  readonly isShown: boolean;
  readonly write: (text: string) => void;
  readonly look?: Look;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

const file = '--config workos-mcp.yaml';

/** `console login`. It throws StartError for settings with which no console is served, and for a name that is not an approver. */
export const runConsole = toCommand<ConsoleCommandDeps>('console', 'subcommand', {
  login: {
    words: [],
    examples: [`console login --as ada ${file}`],
    options: {
      as: { kind: 'text', value: 'NAME', needed: true, help: 'An approver of the file without an issuer' },
      config: OPTIONS.config,
      'console-port': OPTIONS['console-port'],
      'console-host': OPTIONS['console-host'],
      'console-url': OPTIONS['console-url'],
      'tls-cert': OPTIONS['tls-cert'],
      'deployment-key-env': OPTIONS['deployment-key-env'],
      'deployment-key-file': OPTIONS['deployment-key-file'],
    },
    run: login,
  },
});

async function login({ flags }: Line, { load, host, isShown, write, look, now }: ConsoleCommandDeps): Promise<number> {
  const { as, ...settings } = flags;
  const [name = ''] = as ?? [];
  const given = Object.entries(settings).flatMap(([flag, values = []]) => values.map((value) => `--${flag}=${value}`));
  const { config, agents } = await load(['http', ...given]);
  if (config.http.consolePort === undefined)
    throw new StartError('--console-port is missing: give the settings with which the server is started.');
  judgeConsole(config);
  const deploymentKey = readDeploymentKey(config.http, host);
  if (deploymentKey === undefined) throw new Error('the console was judged to have a key');
  requireLinked(agents, name, toConsoleUrl(config));
  if (!isShown) {
    throw new StartError(
      'console login prints a link that signs in, so it works only on a terminal: in a log or a pipe others could read it. With Docker use docker exec -it, with Kubernetes kubectl exec -it.',
    );
  }
  const token = toLinkToken(deriveKey(deploymentKey, 'console'), name, now());
  write(`${toLinkUrl(toConsoleUrl(config), token)}\n\n`);
  write(indented(0, `Open this link within two minutes to sign in to the console as ${name}. It works once.`, look));
  return 0;
}

/** @throws StartError for a name that is not that of an approver who signs in by a link */
function requireLinked({ approvers }: AgentsConfig, name: string, url: string): void {
  const linked = approvers.filter(({ person }) => person === undefined).map((approver) => approver.name);
  if (linked.includes(name)) return;
  const person = approvers.find((approver) => approver.name === name)?.person;
  if (person !== undefined)
    throw new StartError(`${name} signs in to the console with ${person.issuer}, and needs no link: ${url}`);
  const names =
    linked.length === 0 ? 'It has none without an issuer.' : `Those without an issuer are ${linked.join(', ')}.`;
  throw new StartError(`The file has no approver "${name}".${didYouMean(name, linked)} ${names}`);
}
