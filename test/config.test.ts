import { describe, expect, it } from 'vitest';
import { configFileOf, toConfig } from '../src/settings/config.ts';
import { toEnvironment } from '../src/settings/environment.ts';
import { readSettingsFile, toGiven } from '../src/settings/settings-file.ts';
import { readSources } from '../src/settings/sources.ts';

const files: Readonly<Record<string, string>> = {
  key: 'sk_test_1\n',
  crlf: 'sk_live_1\r\n',
  empty: '\n',
  two: 'sk_a\nsk_b\n',
};
const readFile = (path: string) => {
  const text = files[path];
  if (text === undefined) expect.fail(path);
  return text;
};
const sources = (argv: string, env: Record<string, string> = {}) => readSources(argv.split(' ').filter(Boolean), env);
const parse = (argv: string, env: Record<string, string> = {}) => toConfig(sources(argv, env));
const environment = (env: Record<string, string>) => toEnvironment(parse('', env), readFile);

describe('settings', () => {
  it.each([
    ['', {}, { command: 'serve', logLevel: 'info', sandbox: false, grants: { allow: [], deny: [], readOnly: false } }],
    ['--allow a:read,b:read --allow c', {}, { grants: { allow: ['a:read', 'b:read', 'c'] } }],
    ['--allow=a', { WORKOS_MCP_ALLOW: 'b' }, { grants: { allow: ['a'] } }],
    ['', { WORKOS_MCP_ALLOW: ' a , b ' }, { grants: { allow: ['a', 'b'] } }],
    ['', { WORKOS_MCP_ALLOW: '' }, { grants: { allow: [] } }],
    ['', { WORKOS_MCP_ALLOW: '${user_config.allow}' }, { grants: { allow: [] } }],
    ['--allow-read', {}, { grants: { allow: ['*:read'] } }],
    ['--allow-delete --allow a --allow-write', {}, { grants: { allow: ['*:write', '*:delete', 'a'] } }],
    [
      '',
      { WORKOS_MCP_ALLOW_READ: 'true', WORKOS_MCP_ALLOW_WRITE: 'false', WORKOS_MCP_ALLOW: 'a' },
      { grants: { allow: ['*:read', 'a'] } },
    ],
    ['', { WORKOS_MCP_ALLOW_READ: 'false', WORKOS_MCP_ALLOW: '' }, { grants: { allow: [] } }],
    ['', { WORKOS_MCP_ALLOW_DELETE: '${user_config.delete}' }, { grants: { allow: [] } }],
    ['--allow a', { WORKOS_MCP_ALLOW_DELETE: 'true' }, { grants: { allow: ['a'] } }],
    ['--allow-read', { WORKOS_MCP_ALLOW: '*:full' }, { grants: { allow: ['*:read'] } }],
    ['--deny a', { WORKOS_MCP_DENY: 'b,c' }, { grants: { deny: ['a', 'b', 'c'] } }],
    ['', { WORKOS_MCP_READ_ONLY: 'true' }, { grants: { readOnly: true } }],
    ['', { WORKOS_MCP_READ_ONLY: '0' }, { grants: { readOnly: false } }],
    ['--read-only', { WORKOS_MCP_READ_ONLY: 'false' }, { grants: { readOnly: true } }],
    ['--log-level debug', { WORKOS_MCP_LOG_LEVEL: 'warn' }, { logLevel: 'debug' }],
    ['', { WORKOS_MCP_LOG_LEVEL: 'warn' }, { logLevel: 'warn' }],
    ['--sandbox', { WORKOS_CLIENT_ID: '' }, { sandbox: true, clientId: undefined }],
    ['--sandbox', { WORKOS_API_KEY: '${user_config.api_key}' }, { sandbox: true, apiKey: undefined }],
    ['--client-id client_2', { WORKOS_CLIENT_ID: 'client_1' }, { clientId: 'client_2' }],
    ['tools --json', {}, { command: 'tools', json: true }],
    ['--help', { WORKOS_MCP_FOO: '1' }, { command: 'help' }],
    ['--allow ${user_config.allow} --client-id ${user_config.id}', {}, { grants: { allow: [] }, clientId: undefined }],
    [
      '--timeout 2.5 --max-items 7',
      { WORKOS_MCP_ATTEMPT_TIMEOUT: '3' },
      { timeout: 2_500, attemptTimeout: 3_000, maxItems: 7 },
    ],
    ['--limit a=1/2,b=3/4', {}, { limits: ['a=1/2', 'b=3/4'] }],
    ['--version', {}, { command: 'version' }],
    ['--read-only', { PATH: '/bin', WORKOS_OTHER: 'x' }, { command: 'serve' }],
  ])('%s %j', (argv, env, expected) => {
    expect(parse(argv, env)).toMatchObject(expected);
  });
});

describe('settings that stop the start', () => {
  it.each([
    ['--alow a', {}, 'no option --alow. Did you mean "--allow"?'],
    ['-h', {}, 'no option -h'],
    ['--readonly', {}, 'no option --readonly. Did you mean "--read-only"?'],
    ['--no-read-only', {}, 'no option --no-read-only'],
    ['--read-only=false', {}, '--read-only takes no value'],
    ['--allow', {}, '--allow needs a value'],
    ['--allow --read-only', {}, '--allow needs a value'],
    ['--allow a,,b', {}, '--allow has an empty item'],
    ['--deny=', {}, '--deny has an empty item'],
    ['', { WORKOS_MCP_DENY: 'a,' }, 'WORKOS_MCP_DENY has an empty item'],
    ['--log-level info --log-level warn', {}, '--log-level is given twice'],
    ['--log-level loud', {}, '--log-level is "loud"'],
    ['--allow-read=false', {}, '--allow-read takes no value'],
    ['', { WORKOS_MCP_ALLOW_READ: 'undefined' }, 'WORKOS_MCP_ALLOW_READ is "undefined": use true or false'],
    ['', { WORKOS_MCP_READ_ONLY: 'yes' }, 'WORKOS_MCP_READ_ONLY is "yes": use true or false'],
    ['--deny ${user_config.deny}', {}, '--deny is "${user_config.deny}", a placeholder that was not filled in'],
    ['', { WORKOS_MCP_DENY: '${x}' }, 'WORKOS_MCP_DENY is "${x}", a placeholder that was not filled in'],
    ['', { WORKOS_MCP_READ_ONLY: '${x}' }, 'WORKOS_MCP_READ_ONLY is "${x}", a placeholder that was not filled in'],
    ['--expect ${x}', {}, '--expect is "${x}", a placeholder that was not filled in'],
    ['--confirm ${x}', {}, '--confirm is "${x}", a placeholder that was not filled in'],
    ['--sandbox --expect staging', {}, '--expect staging checks the API key, but --sandbox uses none'],
    ['--port 80', {}, '--port works only with the command "http"'],
    ['', { workos_mcp_read_only: 'true' }, 'no setting workos_mcp_read_only. Did you mean "WORKOS_MCP_READ_ONLY"?'],
    ['', { WORKOS_MCP_FOO: '1' }, 'no setting WORKOS_MCP_FOO.'],
    ['--timeout 0', {}, '--timeout is "0": use a number from 1 to 600'],
    ['--max-items 1.5', {}, '--max-items is "1.5": use a whole number'],
    ['--expect prod', {}, '--expect is "prod". Did you mean "production"? It is one of staging, production.'],
    ['', { WORKOS_MCP_READONLY: '1' }, 'no setting WORKOS_MCP_READONLY. Did you mean "WORKOS_MCP_READ_ONLY"?'],
    ['', { WORKOS_MCP_API_KEY: 'sk_1' }, 'no setting WORKOS_MCP_API_KEY'],
    ['--api-key sk_1', {}, '--api-key is not an option, because flags are visible in the process list'],
    ['tool', {}, 'no command "tool". Did you mean "tools"?'],
    ['sk_live_secret', {}, 'An API key is not a command'],
    ['tools more', {}, 'Unexpected argument "more": give one command at a time.'],
    ['--json', {}, '--json works only with the commands "check", "tools" and "explain"'],
    ['--sandbox', { WORKOS_API_KEY: 'sk_1' }, '--sandbox cannot be combined with WORKOS_API_KEY'],
    ['--sandbox', { WORKOS_CLIENT_ID: 'client_1' }, '--sandbox cannot be combined with WORKOS_CLIENT_ID'],
    ['--sandbox --base-url https://x.test', {}, '--sandbox cannot be combined with WORKOS_BASE_URL'],
  ])('%s %j', (argv, env, message) => {
    expect(() => parse(argv, env)).toThrow(message);
  });
});

describe('the WorkOS environment', () => {
  it.each([
    [{ WORKOS_API_KEY: 'sk_test_1' }, { label: 'staging', apiKey: 'sk_test_1', baseUrl: 'https://api.workos.com' }],
    [{ WORKOS_API_KEY: 'sk_live_1' }, { label: 'production' }],
    [{ WORKOS_API_KEY: 'sk_1' }, { label: 'production' }],
    [{ WORKOS_API_KEY: 'sk_a\n' }, { label: 'production', apiKey: 'sk_a' }],
    [{ WORKOS_API_KEY_FILE: 'key' }, { apiKey: 'sk_test_1' }],
    [{ WORKOS_API_KEY_FILE: 'crlf' }, { apiKey: 'sk_live_1' }],
    [{ WORKOS_API_KEY: '', WORKOS_API_KEY_FILE: 'key' }, { apiKey: 'sk_test_1' }],
    [{ WORKOS_API_KEY: 'sk_1', WORKOS_BASE_URL: 'http://127.0.0.1:4100/' }, { baseUrl: 'http://127.0.0.1:4100' }],
    [{ WORKOS_API_KEY: 'sk_1', WORKOS_BASE_URL: 'http://[::1]:4100' }, { baseUrl: 'http://[::1]:4100' }],
    [
      { WORKOS_API_KEY: 'sk_1', WORKOS_BASE_URL: 'https://proxy.test/workos/' },
      { baseUrl: 'https://proxy.test/workos' },
    ],
  ])('%j', (env, expected) => {
    expect(environment(env)).toMatchObject(expected);
  });

  it.each([
    [{}, 'No API key. Set WORKOS_API_KEY'],
    [{ WORKOS_API_KEY: '' }, 'No API key'],
    [{ WORKOS_API_KEY: '${WORKOS_KEY}' }, 'No API key'],
    [{ WORKOS_API_KEY: '   ' }, 'WORKOS_API_KEY is blank'],
    [{ WORKOS_API_KEY: 'sk_a b' }, 'WORKOS_API_KEY contains white space'],
    [{ WORKOS_API_KEY: 'client_1' }, 'WORKOS_API_KEY is not a WorkOS API key'],
    [{ WORKOS_API_KEY: 'sk_test_1', WORKOS_CLIENT_ID: 'sk_test_1' }, 'WORKOS_CLIENT_ID is an API key'],
    [{ WORKOS_API_KEY: 'sk_test_1', WORKOS_MCP_EXPECT: 'production' }, 'the key is a staging key'],
    [{ WORKOS_API_KEY: 'sk_live_1', WORKOS_MCP_EXPECT: 'staging' }, 'the key is a production key'],
    [{ WORKOS_API_KEY: 'sk_${KEY}' }, 'WORKOS_API_KEY is not a WorkOS API key'],
    [{ WORKOS_API_KEY: 'sk_' }, 'WORKOS_API_KEY is not a WorkOS API key'],
    [{ WORKOS_API_KEY: 'sk_1', WORKOS_API_KEY_FILE: 'key' }, 'both set'],
    [{ WORKOS_API_KEY_FILE: 'empty' }, 'The key in empty is blank'],
    [{ WORKOS_API_KEY_FILE: 'two' }, 'The key in two has several lines'],
    [{ WORKOS_API_KEY: 'sk_1', WORKOS_BASE_URL: 'api.workos.com' }, 'not a valid http(s) URL'],
    [{ WORKOS_API_KEY: 'sk_1', WORKOS_BASE_URL: 'ftp://x.test' }, 'not a valid http(s) URL'],
    [{ WORKOS_API_KEY: 'sk_1', WORKOS_BASE_URL: 'http://api.workos.com' }, 'plain http to api.workos.com'],
    [{ WORKOS_API_KEY: 'sk_1', WORKOS_BASE_URL: 'http://127.0.0.1.evil.test' }, 'plain http'],
    [{ WORKOS_API_KEY: 'sk_1', WORKOS_BASE_URL: 'https://u:p@x.test' }, 'must not have a user name, password'],
    [{ WORKOS_API_KEY: 'sk_1', WORKOS_BASE_URL: 'https://x.test/?a=1' }, 'must not have a user name, password, query'],
  ])('refuses %j', (env, message) => {
    expect(() => environment(env)).toThrow(message);
  });

  it.each([
    { WORKOS_API_KEY: 'hunter2-secret' },
    { WORKOS_API_KEY: 'sk_hunter2 secret' },
  ])('does not repeat a malformed key', (env) => {
    expect(() => environment(env)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });
});

describe('the configuration file', () => {
  const read = async (text: string, argv = '', env: Record<string, string> = {}) =>
    toConfig(sources(argv, env), toGiven(await readSettingsFile(text, 'w.yaml')));

  it.each([
    ['', '', {}, { grants: { allow: [], deny: [], readOnly: false } }],
    ['# nothing', '', {}, { grants: { allow: [] } }],
    ['allow: [users:read, preset:support]', '', {}, { grants: { allow: ['users:read', 'preset:support'] } }],
    ['allow: users:read,users:write', '', {}, { grants: { allow: ['users:read', 'users:write'] } }],
    ['allow: [a]', '--allow b', {}, { grants: { allow: ['b'] } }],
    ['allow: [a]', '', { WORKOS_MCP_ALLOW: 'b' }, { grants: { allow: ['b'] } }],
    ['allow-write: true\nallow: [a]', '', {}, { grants: { allow: ['*:write', 'a'] } }],
    ['allow: [a]\nallow-read: true', '', { WORKOS_MCP_ALLOW_READ: 'false' }, { grants: { allow: [] } }],
    ['allow-delete: true', '--allow a', {}, { grants: { allow: ['a'] } }],
    ['deny: [a]', '--deny b', { WORKOS_MCP_DENY: 'c' }, { grants: { deny: ['b', 'c', 'a'] } }],
    ['read-only: true', '', { WORKOS_MCP_READ_ONLY: 'false' }, { grants: { readOnly: true } }],
    ['timeout: 12.5\nlog-level: debug', '', {}, { timeout: 12_500, logLevel: 'debug' }],
    ['{"allow": ["a"], "max-items": 5}', '', {}, { grants: { allow: ['a'] }, maxItems: 5 }],
  ])('%j %s %j', async (text, argv, env, expected) => {
    expect(await read(text, argv, env)).toMatchObject(expected);
  });

  it.each([
    ['alow: [a]', 'w.yaml:1: there is no setting "alow". Did you mean "allow"?'],
    ['allow: [a]\nread_only: true', 'w.yaml:2: there is no setting "read_only". Did you mean "read-only"?'],
    ['allow: [a]\nallow: [b]', 'w.yaml:2: Map keys must be unique'],
    ['allow: [a', 'w.yaml:'],
    ['- allow', 'w.yaml:1: the file must be a mapping'],
    ['just text', 'w.yaml:1: the file must be a mapping'],
    ['a: 1\n? [allow, b]\n: c', 'w.yaml:2: ["allow","b"] is not a valid name for a setting.'],
    ['api-key: sk_1', 'w.yaml:1: "api-key" does not belong in a file; set WORKOS_API_KEY'],
    ['config: other.yaml', 'w.yaml:1: there is no setting "config"'],
    ['read-only: yes', 'w.yaml:1: read-only takes true or false'],
    ['allow-read: "true"', 'w.yaml:1: allow-read takes true or false'],
    ['read-only:', 'w.yaml:1: read-only takes true or false'],
    ['allow: {users: read}', 'w.yaml:1: allow takes a list of strings'],
    ['allow: [1]', 'w.yaml:1: allow takes a list of strings'],
    ['deny:', 'w.yaml:1: deny takes a list of strings'],
    ['deny: [""]', 'w.yaml:1: deny has an empty item'],
    ['timeout: "12"', 'w.yaml:1: timeout takes a number'],
    ['timeout: 0', 'w.yaml:1: timeout is "0"'],
  ])('stops the start at %j', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  it('is named by flag or variable', () => {
    expect(configFileOf(sources('--config a.yaml', { WORKOS_MCP_CONFIG: 'b.yaml' }))).toBe('a.yaml');
    expect(configFileOf(sources('', { WORKOS_MCP_CONFIG: 'b.yaml' }))).toBe('b.yaml');
    expect(configFileOf(sources('--help --config a.yaml'))).toBeUndefined();
  });
});
