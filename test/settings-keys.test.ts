import { describe, expect, it } from 'vitest';
import { withoutKeys } from '../src/errors.ts';
import { toConfig } from '../src/settings/config.ts';
import { environmentOf, toEnvironment } from '../src/settings/environment.ts';
import { readSources } from '../src/settings/sources.ts';

const KEY = 'sk_test_canary123';
const settings = (env: Record<string, string>, ...argv: readonly string[]) => toConfig(readSources(argv, env));

/** Forms of a key that mean one thing. */
const FORMS: readonly (readonly [what: string, text: string])[] = [
  ['alone', KEY],
  ['with a line end', `${KEY}\n`],
  ['with the line end of Windows', `${KEY}\r\n`],
  ['between blank lines and blanks', `\n\n  ${KEY}\t\n\n`],
  ['with a non-breaking space behind it', `${KEY}\u00A0`],
  ['with a byte order mark', `\uFEFF${KEY}\r\n`],
  ['in double quotes', `"${KEY}"`],
  ['in single quotes', `'${KEY}'\n`],
  ['as a line of an env file', `WORKOS_API_KEY=${KEY}\n`],
  ['as a quoted line with blanks', `WORKOS_API_KEY = "${KEY}"  \r\n`],
  ['as a line under another name', `STAGING_KEY=${KEY}\n`],
  ['as a line with a comment', `WORKOS_API_KEY='${KEY}' # staging\n`],
  ['as an unquoted line with a comment', `WORKOS_API_KEY=${KEY} # staging\n`],
  ['as a line for a shell', `export WORKOS_API_KEY="${KEY}";\n`],
  ['as a line for cmd.exe', `set WORKOS_API_KEY=${KEY}\r\n`],
  ['as a line for PowerShell', `\uFEFF$env:WORKOS_API_KEY = '${KEY}'\r\n`],
  ['in an env file', `# mine\n\nWORKOS_CLIENT_ID=client_1\nexport WORKOS_API_KEY=${KEY}\nOTHER="x y"\n`],
];

/** Texts that mean no key, or more than one thing. */
const FAULTS: readonly (readonly [what: string, text: string, message: string])[] = [
  ['two lines', `${KEY}\n${KEY}`, 'has several lines: keep one'],
  ['the key twice', `WORKOS_API_KEY=${KEY}\nWORKOS_API_KEY=sk_canary456`, 'has several lines: keep one'],
  ['lines under other names', `A=${KEY}\nB=${KEY}`, 'has several lines: keep one'],
  ['an assignment of nothing', 'WORKOS_API_KEY=\n', 'is blank'],
  ['empty quotes', '""', 'is blank'],
  ['comments alone', '# sk_test_canary123\n', 'is blank'],
  ['a quote without a match', `"${KEY}`, 'begins with a quote that has no match: remove the quotes'],
  ['typographic quotes', `“${KEY}”`, 'begins with a quote that has no match: remove the quotes'],
  ['a zero-width space', `${KEY}\u200B`, 'has the character U+200B, which no key has: copy the key again'],
  ['an ellipsis', 'sk_test_canary…', 'is a placeholder or shortened: copy the whole key'],
  ['a dash of a word processor', 'sk_test–canary', 'has the character U+2013, which no key has'],
  ['white space', 'sk_test_can ary', 'contains white space: copy only the key'],
  ['a header', `Bearer ${KEY}`, 'contains white space: copy only the key'],
  ['another secret', 'hunter2-canary', 'is not a WorkOS API key: keys begin with "sk_"'],
  ['another variable', 'PASSWORD=canary', 'is not a WorkOS API key: keys begin with "sk_"'],
];

describe('a key', () => {
  it.each(FORMS)('%s is taken from a file and from a variable', (_, text) => {
    const inFile = toEnvironment(settings({ WORKOS_API_KEY_FILE: 'key' }), () => text);
    const inVariable = toEnvironment(settings({ WORKOS_API_KEY: text }), () => '');
    expect([inFile, inVariable]).toMatchObject([
      { apiKey: KEY, label: 'staging' },
      { apiKey: KEY, label: 'staging' },
    ]);
    expect(environmentOf(settings({ WORKOS_API_KEY: text }))).toBe('staging');
  });

  it.each(FAULTS)('with %s is refused, and not repeated', (_, text, message) => {
    const inFile = () => toEnvironment(settings({ WORKOS_API_KEY_FILE: 'key' }), () => text);
    const inVariable = () => toEnvironment(settings({ WORKOS_API_KEY: text }), () => '');
    for (const [act, where] of [[inFile, 'The key in key'] as const, [inVariable, 'WORKOS_API_KEY'] as const]) {
      expect(act).toThrow(expect.objectContaining({ name: 'StartError' }));
      expect(act).toThrow(`${where} ${message}`);
      expect(act).toThrow(expect.objectContaining({ message: expect.not.stringContaining('canary') }));
    }
    expect(environmentOf(settings({ WORKOS_API_KEY: `x${text}` }))).toBe('production');
  });

  it.each([
    ['UTF-16', Buffer.from(`\uFEFF${KEY}\r\n`, 'utf16le').toString(), 'key:1: the file is UTF-16: save it as UTF-8.'],
    ['UTF-16 without a mark', Buffer.from(KEY, 'utf16le').toString(), 'key:1: the file is UTF-16: save it as UTF-8.'],
    ['NUL', `${KEY}\0`, 'key:1: the file has a NUL character: remove it.'],
  ])('in a file with %s is refused with the fix', (_, text, message) => {
    const act = () => toEnvironment(settings({ WORKOS_API_KEY_FILE: 'key' }), () => text);
    expect(act).toThrow(message);
    expect(act).toThrow(expect.objectContaining({ message: expect.not.stringContaining('canary') }));
  });
});

describe('quotes that a shell or an env file kept', () => {
  it.each([
    [{ WORKOS_MCP_ALLOW: '"*:read"' }, [], { grants: { allow: ['*:read'] } }],
    [{ WORKOS_MCP_ALLOW: "'users:read, roles:read'" }, [], { grants: { allow: ['users:read', 'roles:read'] } }],
    [{ WORKOS_BASE_URL: '"https://proxy.test"' }, [], { baseUrl: 'https://proxy.test' }],
    [{ WORKOS_MCP_READ_ONLY: '"true"' }, [], { grants: { readOnly: true } }],
    [{ WORKOS_MCP_TIMEOUT: "'5'" }, [], { timeout: 5_000 }],
    [{ WORKOS_MCP_CONFIRM: '"strict" \r' }, [], { confirm: 'strict' }],
    [{ WORKOS_MCP_CONFIRM: 'strict\r' }, [], { confirm: 'strict' }],
    [{ WORKOS_CLIENT_ID: '""' }, [], { clientId: undefined }],
    [{ WORKOS_API_KEY_FILE: `"/Ada's/key"` }, [], { apiKeyFile: "/Ada's/key" }],
    [{ WORKOS_MCP_AUDIT_LOG: "/Ada's/'x'" }, [], { auditLog: "/Ada's/'x'" }],
    [{}, ['--allow', "'*:read'"], { grants: { allow: ['*:read'] } }],
    [{}, ["--allow='*:read'", '--confirm', '"auto"'], { grants: { allow: ['*:read'] }, confirm: 'auto' }],
  ])('%j %j are no part of the value', (env, argv, expected) => {
    expect(settings(env, ...argv)).toMatchObject(expected);
  });

  it.each([
    [
      { WORKOS_MCP_ALLOW: '"users:read' },
      [],
      'WORKOS_MCP_ALLOW begins with a quote (") that the shell or env file kept',
    ],
    [{ WORKOS_MCP_ALLOW: '"a","b"' }, [], 'WORKOS_MCP_ALLOW begins with a quote (")'],
    [{ WORKOS_MCP_DENY: '“a”' }, [], 'WORKOS_MCP_DENY begins with a quote (“)'],
    [{ WORKOS_MCP_DENY: '"${x}"' }, [], 'WORKOS_MCP_DENY is "${x}"'],
    [{}, ['--allow', "'users:read,", "roles:read'"], "--allow begins with a quote (')"],
    [{}, ['—allow', 'a'], '"—allow" begins with a typographic dash: options begin with "--".'],
  ])('%j %j are refused where the meaning is not plain', (env, argv, message) => {
    expect(() => settings(env, ...argv)).toThrow(message);
  });
});

describe('a secret in the wrong place', () => {
  const TOKEN = `wmcp_abcdefghij_${'canary-_'.repeat(5)}abc`;
  it.each([
    ['a token', TOKEN],
    ['a key', 'sk_live_canary123456'],
    ['a signed token', 'eyJcanary12345.eyJcanary12345.canary'],
  ])('is masked: %s', (_, secret) => {
    for (const text of [
      secret,
      `"${secret}"`,
      `x=${secret}&y`,
      `WORKOS_MCP_${secret}`,
      `${secret}.canary+canary`,
      `--${secret}`,
      `(${secret})`,
    ]) {
      expect(withoutKeys(text)).not.toContain('canary');
    }
  });

  it.each([
    'task_progress',
    'desk_organizations',
    'preset:support',
    'keyJson_reader',
    'list_users',
  ])('%s is not masked', (text) => {
    expect(withoutKeys(text)).toBe(text);
  });

  it.each([
    [TOKEN, "--agent is given an agent's token. Remove it and rotate it"],
    ['sk_live_canary123456', '--agent is given a WorkOS API key. Remove it and rotate it'],
    ['eyJcanary12345', '--agent looks like an API key or token: give the agent a name.'],
  ])('is not an agent: %s', (secret, message) => {
    const act = () => settings({}, '--agent', secret);
    expect(act).toThrow(message);
    expect(act).toThrow(expect.objectContaining({ message: expect.not.stringContaining('canary') }));
  });
});
