import type { Grants } from '../access/grants.ts';
import type { Environment } from '../catalog/declaration.ts';
import { StartError } from '../errors.ts';
import type { KeyedEnvironment } from '../workos/environment.ts';
import { isStagingKey, toApiKey } from './api-key.ts';
import type { Config } from './config.ts';
import { plainText } from './plain-text.ts';

/** The settings that open an environment. */
export type EnvironmentSettings = Pick<Config, 'apiKey' | 'apiKeyFile' | 'clientId' | 'baseUrl' | 'expect'>;

/** What they are called where they were given. */
export type EnvironmentSettingNames = Readonly<Record<'apiKey' | 'apiKeyFile' | 'clientId' | 'baseUrl', string>>;

const NAMES: EnvironmentSettingNames = {
  apiKey: 'WORKOS_API_KEY',
  apiKeyFile: 'WORKOS_API_KEY_FILE',
  clientId: 'WORKOS_CLIENT_ID',
  baseUrl: 'WORKOS_BASE_URL',
};

/**
 * The WorkOS environment that the settings name.
 * @param readFile reads a text file; throws where it cannot.
 * @throws StartError for a missing or malformed key or base URL.
 */
export function toEnvironment(
  config: EnvironmentSettings,
  readFile: (path: string) => string,
  names = NAMES,
): KeyedEnvironment {
  const apiKey = parseApiKey(config, readFile, names);
  const { baseUrl, clientId } = parseAddress(config, names);
  const label = labelOf(apiKey);
  if (config.expect !== undefined && config.expect !== label) {
    throw new StartError(
      `--expect ${config.expect}: the key is a ${label} key (only those of staging begin with sk_test_).`,
    );
  }
  return { label, baseUrl, apiKey, clientId };
}

/** What can be checked of an environment before there is a key. Throws StartError. */
export function parseAddress(
  { baseUrl, clientId }: Pick<EnvironmentSettings, 'baseUrl' | 'clientId'>,
  names = NAMES,
): Pick<KeyedEnvironment, 'baseUrl' | 'clientId'> {
  if (clientId?.startsWith('sk_')) {
    throw new StartError(
      `${names.clientId} is an API key: a Client ID begins with "client_". Client IDs appear in URLs; a key must not.`,
    );
  }
  return { baseUrl: parseBaseUrl(baseUrl, names.baseUrl), clientId };
}

function labelOf(apiKey: string): 'staging' | 'production' {
  return isStagingKey(apiKey) ? 'staging' : 'production';
}

/** Which environment the settings are about, as far as they say. */
export function environmentOf({ sandbox, apiKey }: Config): Environment['label'] | undefined {
  if (sandbox) return 'sandbox';
  return apiKey === undefined ? undefined : labelOf(apiKey);
}

/** The grants as they hold in an environment. */
export function toGrants({ grants, productionWrites }: Config, label: Environment['label'] | undefined): Grants {
  return { ...grants, productionGuard: label === 'production' && !productionWrites };
}

/** The same for a person who sees the switches of the bundle in the place of variables. */
const IN_THE_EXTENSION =
  '\nIn the settings of the Claude Desktop extension: fill in "WorkOS API key", or switch on "Try with invented data".';

function parseApiKey(
  { apiKey: value, apiKeyFile: file }: EnvironmentSettings,
  readFile: (path: string) => string,
  names: EnvironmentSettingNames,
): string {
  if (value !== undefined && file !== undefined) {
    throw new StartError(`${names.apiKey} and ${names.apiKeyFile} are both set: unset one.`);
  }
  if (value === undefined && file === undefined) {
    throw new StartError(
      `No API key. Set ${names.apiKey} (or ${names.apiKeyFile}) to a key from https://dashboard.workos.com/api-keys, or try --sandbox.${names === NAMES ? IN_THE_EXTENSION : ''}`,
    );
  }
  if (file === undefined) return toApiKey(value ?? '', names.apiKey);
  return toApiKey(plainText(readFile(file), file), `The key in ${file}`);
}

/** Hosts, as URLs have them, whose requests never leave this machine. */
export const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** An origin with optional path prefix, without a slash at its end. Plain HTTP would send the key unencrypted. */
function parseBaseUrl(text: string, name: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['https:', 'http:'].includes(url.protocol)) {
    throw new StartError(`${name} is not a valid http(s) URL.`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new StartError(`${name} must not have a user name, password, query or fragment.`);
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    throw new StartError(
      `${name} is plain http to ${url.hostname}: the key would be sent unencrypted. Use https; http is for loopback only.`,
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
