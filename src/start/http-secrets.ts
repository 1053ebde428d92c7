import { randomBytes } from 'node:crypto';
import { StartError } from '../errors.ts';
import { deriveKey } from '../keys.ts';
import { createSessions, type HttpSessions } from '../mcp/sessions.ts';
import type { HttpConfig } from '../settings/config.ts';
import { MAKE_KEY, toDeploymentKey, toVariableName } from '../settings/deployment-key.ts';
import { plainText } from '../settings/plain-text.ts';
import type { Host } from './host.ts';

type Secrets = Pick<Host, 'readFile' | 'variable'>;

/** Whether the settings name a Redis. */
export const namesRedis = ({ redisUrl, redisUrlFile }: HttpConfig): boolean =>
  redisUrl !== undefined || redisUrlFile !== undefined;

/** The URL of Redis, if the settings name one. Throws StartError if its file cannot be used. */
export function readRedisUrl({ redisUrl, redisUrlFile }: HttpConfig, { readFile }: Secrets): string | undefined {
  if (redisUrlFile === undefined) return redisUrl;
  if (redisUrl !== undefined) throw new StartError('--redis-url and --redis-url-file are both set: unset one.');
  const url = plainText(readFile(redisUrlFile, '--redis-url-file'), redisUrlFile).trim();
  if (url === '') throw new StartError(`--redis-url-file: ${redisUrlFile} is blank.`);
  return url;
}

/**
 * The deployment key, if the settings name one.
 * @throws StartError for a key that is missing where the settings say it is, or too weak
 */
export function readDeploymentKey(
  { deploymentKeyEnv, deploymentKeyFile }: HttpConfig,
  { readFile, variable }: Secrets,
): Buffer | undefined {
  if (deploymentKeyEnv !== undefined && deploymentKeyFile !== undefined) {
    throw new StartError('--deployment-key-env and --deployment-key-file are both set: unset one.');
  }
  if (deploymentKeyFile !== undefined) {
    const text = plainText(readFile(deploymentKeyFile, '--deployment-key-file'), deploymentKeyFile);
    return toDeploymentKey(text, deploymentKeyFile);
  }
  if (deploymentKeyEnv === undefined) return undefined;
  const name = toVariableName(deploymentKeyEnv);
  const text = variable(name);
  if (text === undefined)
    throw new StartError(`--deployment-key-env: the variable ${name} is not set. Make a key with: ${MAKE_KEY}`);
  return toDeploymentKey(text, name);
}

/** What a start with these settings warns of, a sentence each. */
export function httpWarnings(http: HttpConfig): readonly string[] {
  const hasKey = http.deploymentKeyEnv !== undefined || http.deploymentKeyFile !== undefined;
  if (!namesRedis(http) || hasKey) return [];
  return [
    `Replicas share a Redis without a deployment key: they refuse calls that need a confirmation. Make a key with: ${MAKE_KEY}. Give it to all replicas by --deployment-key-file or --deployment-key-env.`,
  ];
}

/**
 * The sessions of clients from before 2026-07-28. Without a deployment key they end with the process; replicas would not
 * know each other's then, so they have none.
 */
export function openSessions(
  deploymentKey: Uint8Array | undefined,
  publicUrl: string,
  isShared: boolean,
): HttpSessions | undefined {
  if (deploymentKey === undefined && isShared) return undefined;
  const key = deploymentKey === undefined ? randomBytes(32) : deriveKey(deploymentKey, 'sessions');
  return createSessions({ key, scope: publicUrl, now: Date.now });
}
