import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deriveKey, isMac, seal, toMac, unseal } from '../src/keys.ts';
import { toConfig } from '../src/settings/config.ts';
import { toDeploymentKey, toVariableName } from '../src/settings/deployment-key.ts';
import { readFlags } from '../src/settings/flags.ts';
import { readSources } from '../src/settings/sources.ts';
import { httpWarnings, readDeploymentKey, readRedisUrl } from '../src/start/http-secrets.ts';

const HEX = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

describe('a deployment key', () => {
  it.each(['base64', 'base64url', 'hex'] as const)('of random bytes in %s is taken, with a line end', (encoding) => {
    for (let index = 0; index < 50; index += 1) {
      const bytes = randomBytes(32);
      expect(toDeploymentKey(`${bytes.toString(encoding)}\n`, 'KEY')).toEqual(bytes);
    }
    expect(toDeploymentKey(HEX.toUpperCase(), 'KEY').toString('hex')).toBe(HEX);
  });

  it.each([
    ['nothing', '\n', 'is blank'],
    ['16 bytes', 'MDEyMzQ1Njc4OWFiY2RlZg==', 'is too weak'],
    ['one letter', 'aA'.repeat(40), 'is too weak'],
    ['a text that repeats', 'Abcdef12'.repeat(8), 'is too weak'],
    ['zeros', '0'.repeat(64), 'is too weak'],
    ['a passphrase', 'correcthorsebatterystaplecorrecthorsebatterystaple', 'is not a deployment key'],
    ['a sentence', 'The quick brown fox jumps over the lazy dog, twice', 'is not a deployment key'],
    ['two lines', `${HEX}\n${HEX}`, 'is not a deployment key'],
    ['far too much', 'aB3/'.repeat(2_000), 'is not a deployment key'],
  ])('of %s is refused, not quoted, and the message says how to make one', (_, text, why) => {
    expect(() => toDeploymentKey(text, 'KEY')).toThrow(`KEY ${why}`);
    expect(() => toDeploymentKey(text, 'KEY')).toThrow('openssl rand -base64 32');
    if (text.trim() !== '') expect(() => toDeploymentKey(text, 'KEY')).not.toThrow(text.trim().slice(0, 10));
  });

  it.each([
    HEX,
    randomBytes(32).toString('base64url'),
    'WORKOS_MCP_KEY',
    '1KEY',
    '',
  ])('is not the name of its variable: %s', (text) => {
    expect(() => toVariableName(text)).toThrow('takes the name of a variable, not the key');
    if (text.length > 20) expect(() => toVariableName(text)).not.toThrow(text);
  });

  it('gives each purpose a key of its own', () => {
    const own = Buffer.alloc(32, 7);
    const keys = [deriveKey(own, 'confirmations'), deriveKey(own, 'sessions'), own].map((key) => key.toString('hex'));
    expect(new Set(keys).size).toBe(3);
    // Stable over releases: replicas of two releases run at the same time during an upgrade.
    expect(keys[0]).toBe(deriveKey(own, 'confirmations').toString('hex'));
  });
});

it('a MAC is of exactly these parts', () => {
  const key = Buffer.alloc(32, 1);
  const mac = toMac(key, ['a', 'b', 1]);
  expect(isMac(key, ['a', 'b', 1], mac)).toBe(true);
  for (const other of [
    ['ab', 1],
    ['a', 'b', '1'],
    ['a', 'b'],
    ['a', '', 'b', 1],
  ])
    expect(isMac(key, other, mac)).toBe(false);
  expect(isMac(Buffer.alloc(32, 2), ['a', 'b', 1], mac)).toBe(false);
  expect(isMac(key, ['a', 'b', 1], '')).toBe(false);
});

it('a sealed text opens with its key and context alone, unchanged', () => {
  const key = Buffer.alloc(32, 1);
  const sealed = seal(key, 'ann', '{"Zoë":1}');
  expect(sealed).toMatch(/^[\w-]+$/);
  expect(seal(key, 'ann', '{"Zoë":1}')).not.toBe(sealed);
  expect(unseal(key, 'ann', sealed)).toBe('{"Zoë":1}');
  expect(unseal(key, 'bob', sealed)).toBeUndefined();
  expect(unseal(Buffer.alloc(32, 2), 'ann', sealed)).toBeUndefined();
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = sealed.slice(0, index) + (sealed[index] === 'A' ? 'B' : 'A') + sealed.slice(index + 1);
    expect(unseal(key, 'ann', changed)).toBeUndefined();
  }
  for (const other of ['', 'x', `${sealed}=`, `${sealed} `, sealed.slice(0, -1)]) {
    expect(unseal(key, 'ann', other)).toBeUndefined();
  }
});

const configOf = (env: Record<string, string>) => toConfig(readSources(['http'], env)).http;
const filesOf = (files: Record<string, string>, env: Record<string, string> = {}) => ({
  readFile: (path: string) => files[path] ?? expect.fail(path),
  variable: (name: string) => env[name],
});

describe('the settings of replicas', () => {
  it('take the key from a file or from a variable, not from both', () => {
    const both = { WORKOS_MCP_DEPLOYMENT_KEY_FILE: '/key', WORKOS_MCP_DEPLOYMENT_KEY_ENV: 'OWN_KEY' };
    const { WORKOS_MCP_DEPLOYMENT_KEY_FILE, WORKOS_MCP_DEPLOYMENT_KEY_ENV } = both;
    const from = filesOf({ '/key': `${HEX}\n` }, { OWN_KEY: HEX });
    expect(readDeploymentKey(configOf({ WORKOS_MCP_DEPLOYMENT_KEY_FILE }), from)?.toString('hex')).toBe(HEX);
    expect(readDeploymentKey(configOf({ WORKOS_MCP_DEPLOYMENT_KEY_ENV }), from)?.toString('hex')).toBe(HEX);
    expect(readDeploymentKey(configOf({}), from)).toBeUndefined();
    expect(() => readDeploymentKey(configOf(both), from)).toThrow('are both set');
    expect(() => readDeploymentKey(configOf({ WORKOS_MCP_DEPLOYMENT_KEY_ENV }), filesOf({}))).toThrow(
      'the variable OWN_KEY is not set',
    );
  });

  it('take the URL of Redis from a file or from a setting, not from both', () => {
    const [url, file] = ['redis://:hunter2@redis', '/url'];
    const from = filesOf({ '/url': `${url}\n`, '/blank': '\n' });
    expect(readRedisUrl(configOf({ WORKOS_MCP_REDIS_URL: url }), from)).toBe(url);
    expect(readRedisUrl(configOf({ WORKOS_MCP_REDIS_URL_FILE: file }), from)).toBe(url);
    const both = { WORKOS_MCP_REDIS_URL: url, WORKOS_MCP_REDIS_URL_FILE: file };
    expect(() => readRedisUrl(configOf(both), from)).toThrow(/^(?!.*hunter2).*are both set/);
    expect(() => readRedisUrl(configOf({ WORKOS_MCP_REDIS_URL_FILE: '/blank' }), from)).toThrow('is blank');
  });

  it('warn of a Redis without a deployment key', () => {
    const url = { WORKOS_MCP_REDIS_URL: 'redis://redis' };
    expect(httpWarnings(configOf(url))).toEqual([expect.stringContaining('openssl rand -base64 32')]);
    expect(httpWarnings(configOf({ ...url, WORKOS_MCP_DEPLOYMENT_KEY_FILE: '/key' }))).toEqual([]);
    expect(httpWarnings(configOf({}))).toEqual([]);
  });
});

describe('a command line', () => {
  it.each([
    ['--redis-url', 'redis://:hunter2@redis'],
    ['--redis-url', 'redis://ann:hunter2@redis:6379/1'],
    ['--redis-url', 'redis://:hun/ter2@redis'],
    ['--redis-url', 'redis://hunter2@redis'],
    ['--redis-url', 'redis://redis?password=hunter2'],
    ['--base-url', 'https://ann:hunter2@workos.test'],
    ['--public-url', 'https://hunter2@mcp.test/mcp'],
    ['--public-url', 'https://mcp.test/mcp?access_token=hunter2'],
    ['--allowed-origins', 'https://app.test,https://ann:hunter2@other.test'],
  ])('holds no login: %s %s', (flag, value) => {
    for (const argv of [[flag, value], [`${flag}=${value}`], [`${flag}="${value}"`]]) {
      expect(() => readFlags(argv)).toThrow(/^(?!.*hunter2|.*hun\/ter2).* are visible in the process list\. Set W/);
    }
  });

  it.each([
    ['--redis-url', 'redis://redis:6379/1'],
    ['--public-url', 'https://mcp.test/@team/mcp'],
    ['--config', 'a@b.yaml'],
  ])('may hold %s %s', (flag, value) => {
    expect(readFlags([flag, value]).flags).toEqual({ [flag.slice(2)]: [value] });
  });
});
