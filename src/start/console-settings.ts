import { StartError } from '../errors.ts';
import { isLoopback } from '../serve/http/guard.ts';
import type { IssuerConfig } from '../settings/agents-config.ts';
import { isSafeUrl } from '../settings/agents-schema.ts';
import type { Config, HttpConfig } from '../settings/config.ts';
import { MAKE_KEY } from '../settings/deployment-key.ts';
import { OPTIONS } from '../settings/options.ts';
import { plainText } from '../settings/plain-text.ts';
import type { Host, Loaded } from './host.ts';

/**
 * The origin under which people open the console: its address, unless the settings say otherwise.
 * @throws StartError for one that they cannot open, or over which their sessions would be sent unencrypted
 */
export function toConsoleUrl({ http }: Config): string {
  const { consoleUrl, consoleHost, consolePort, tlsCert } = http;
  const isOpen = !isLoopback(consoleHost);
  if (consoleUrl === undefined) {
    if (isOpen) {
      throw new StartError(
        `--console-host ${consoleHost} is not on loopback: set --console-url to the address under which people open the console.`,
      );
    }
    const host = consoleHost.includes(':') && !consoleHost.startsWith('[') ? `[${consoleHost}]` : consoleHost;
    return new URL(`${tlsCert === undefined ? 'http' : 'https'}://${host}:${consolePort}`).origin;
  }
  const url = isSafeUrl(consoleUrl) ? new URL(consoleUrl) : undefined;
  if (url === undefined || url.pathname !== '/' || url.search !== '') {
    throw new StartError(
      `--console-url is "${consoleUrl}": use an https origin such as https://console.example.com (http for loopback only), without path, query, user name or password.`,
    );
  }
  if (url.protocol === 'http:' && tlsCert !== undefined)
    throw new StartError('--console-url begins with http, but with --tls-cert the console serves https: write https.');
  if (url.protocol === 'http:' && isOpen) {
    throw new StartError(
      `--console-host ${consoleHost} can be reached from other machines, so the console needs https: set --tls-cert and --tls-key, or --console-url to the https address of a proxy in front.`,
    );
  }
  return url.origin;
}

/** Judges the settings of the console, but for those of the file. Throws StartError. */
export function judgeConsole(config: Config): void {
  const { http } = config;
  if (http.consolePort === undefined) {
    const given = http.consoleHost === OPTIONS['console-host'].unless ? [] : ['--console-host'];
    const idle = [...given, ...(http.consoleUrl === undefined ? [] : ['--console-url'])];
    if (idle.length > 0) throw new StartError(`${idle.join(' and ')} has no effect without --console-port.`);
    return;
  }
  if (http.anonymous)
    throw new StartError(
      '--console-port and --anonymous exclude each other: approvers are named for agents of a file.',
    );
  if (http.deploymentKeyEnv === undefined && http.deploymentKeyFile === undefined) {
    throw new StartError(
      `--console-port needs a deployment key, by which approvers stay signed in. Make one with: ${MAKE_KEY}. Name it with --deployment-key-file or --deployment-key-env.`,
    );
  }
  const taken = portsOf(http).find(
    ({ host, port }) => port === http.consolePort && (host === http.consoleHost || isEveryHost(host, http.consoleHost)),
  );
  if (taken !== undefined)
    throw new StartError(
      `--console-port and ${taken.flag} are both ${taken.port}: the console needs a port of its own.`,
    );
  toConsoleUrl(config);
}

const portsOf = ({ host, port, metricsHost, metricsPort }: HttpConfig) => [
  { flag: '--port', host, port },
  { flag: '--metrics-port', host: metricsHost, port: metricsPort },
];

/** Whether one of two hosts stands for all of the machine's addresses. */
const isEveryHost = (...hosts: readonly string[]): boolean =>
  hosts.some((host) => ['0.0.0.0', '::', '[::]'].includes(host));

/** @throws StartError for a client secret that approvers need to sign in, and that cannot be read */
export function judgeClientSecrets({ config, agents }: Loaded, host: Pick<Host, 'readFile' | 'variable'>): void {
  if (config.http.consolePort === undefined) return;
  for (const issuer of agents.issuers) readClientSecret(issuer, host);
}

/**
 * The client secret of the application by which an issuer signs approvers in; `undefined` for a public client.
 * @throws StartError without any part of it, where it cannot be read
 */
export function readClientSecret(
  { name, signIn }: Pick<IssuerConfig, 'name' | 'signIn'>,
  { readFile, variable }: Pick<Host, 'readFile' | 'variable'>,
): string | undefined {
  const { clientSecretEnv, clientSecretFile } = signIn ?? {};
  const where = `issuers.${name}.sign-in`;
  if (clientSecretEnv !== undefined) {
    const secret = variable(clientSecretEnv)?.trim() ?? '';
    if (secret !== '') return secret;
    throw new StartError(`${where}: the variable ${clientSecretEnv}, which should hold its client secret, is not set.`);
  }
  if (clientSecretFile === undefined) return undefined;
  const secret = plainText(readFile(clientSecretFile, `${where}.client-secret-file`), clientSecretFile).trim();
  if (secret === '') throw new StartError(`${where}: ${clientSecretFile} is blank: it has to hold the client secret.`);
  return secret;
}
