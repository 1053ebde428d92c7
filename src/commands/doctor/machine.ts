import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createPolicy } from '../../access/policy.ts';
import { checkAuditFile } from '../../audit/file-sink.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { Environment } from '../../catalog/declaration.ts';
import type { Config } from '../../settings/config.ts';
import { MAKE_KEY } from '../../settings/deployment-key.ts';
import { toGrants } from '../../settings/environment.ts';
import type { Host } from '../../start/host.ts';
import { namesRedis, readDeploymentKey, readRedisUrl } from '../../start/http-secrets.ts';
import { requireRecord } from '../../start/open-record.ts';
import { type Finding, fail, isStartError, ok, toFailure, warn } from './finding.ts';

/** The oldest Node that this runs on, as package.json has it. */
export const OLDEST_NODE = [20, 20] as const;

/** @param version as in `20.20.2` */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [least, leastMinor] = OLDEST_NODE;
  if (major > least || (major === least && minor >= leastMinor)) return ok('Node', version);
  const oldest = OLDEST_NODE.join('.');
  return fail('Node', `${version} is older than ${oldest}.`, `Install Node ${oldest} or later: https://nodejs.org`);
}

/** Bytes. A record that cannot be written stops calls. */
const MIN_FREE_BYTES = 100_000_000;

const RECORD = 'Name a file in a folder that you may write to and that no other user may read, or --audit-log stderr.';

/** Whether the record can be written, and for how long. */
export async function checkRecord(
  { auditLog }: Config,
  freeBytes: (folder: string) => Promise<number>,
): Promise<readonly Finding[]> {
  if (auditLog === undefined || auditLog === 'stderr') return [ok('record', 'written to stderr')];
  try {
    checkAuditFile(auditLog);
  } catch (error) {
    return [toFailure('record', error, RECORD)];
  }
  const free = await freeBytes(dirname(resolve(auditLog))).catch(() => undefined);
  const findings = [ok('record', auditLog)];
  if (free === undefined) return [...findings, ok('disk', 'its free space cannot be told')];
  const told = `${Math.floor(free / 1_000_000).toLocaleString('en-US')} MB free`;
  const fix = 'Make room, or name a file elsewhere: a call that cannot be recorded is refused.';
  return [...findings, free < MIN_FREE_BYTES ? warn('disk', `${told} for the record.`, fix) : ok('disk', told)];
}

/** The failure where a record is required and no setting says where it goes. */
export function checkRequired(
  config: Config,
  catalog: Catalog,
  label: Environment['label'] | undefined,
): readonly Finding[] {
  try {
    requireRecord(config, catalog, label, createPolicy(catalog, toGrants(config, label)));
    return [];
  } catch (error) {
    if (!isStartError(error)) throw error;
    return [toFailure('record', error, RECORD)];
  }
}

/** @param reach rejects with a StartError where it cannot be reached */
export async function checkRedis(
  { http }: Config,
  host: Pick<Host, 'readFile' | 'variable'>,
  reach: (url: string) => Promise<void>,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    const key = readDeploymentKey(http, host);
    if (key !== undefined) findings.push(ok('deployment key', `${key.length} bytes`));
    else if (namesRedis(http)) findings.push(warn('deployment key', ...MISSING_KEY));
  } catch (error) {
    findings.push(toFailure('deployment key', error, MISSING_KEY[1]));
  }
  if (!namesRedis(http)) return findings;
  try {
    await reach(readRedisUrl(http, host) ?? '');
    return [...findings, ok('Redis', 'reached')];
  } catch (error) {
    const fix = 'Start it, or set --redis-url right; without it replicas share no limits.';
    return [...findings, toFailure('Redis', error, fix)];
  }
}

const MISSING_KEY = [
  'not set: replicas that share a Redis refuse calls that need a confirmation.',
  `Make one with "${MAKE_KEY}" in a file that only the server may read, and name it with --deployment-key-file in all replicas.`,
] as const;

/** How many bytes may still be written in a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
