import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCatalog } from '../src/catalog/catalog.ts';
import { addAgent } from '../src/commands/agent/tokens.ts';
import { toAgents } from '../src/settings/agents-config.ts';
import { toConfig } from '../src/settings/config.ts';
import { readSettingsFile, toGiven } from '../src/settings/settings-file.ts';
import { readSources } from '../src/settings/sources.ts';
import { declarations } from '../tools/index.ts';

const read = async (text: string) => toConfig(readSources([], {}), toGiven(await readSettingsFile(text, 'w.yaml')));

describe('a settings file as people and editors write it', () => {
  it.each<[what: string, text: string]>([
    ['with quotes', 'allow: ["*:read"]\ntimeout: 5\n'],
    ['with the line ends of Windows', 'allow:\r\n  - "*:read"\r\ntimeout: 5\r\n'],
    ['with a byte order mark', '\uFEFFallow: "*:read"\ntimeout: 5\n'],
    ['with a document marker on both sides', '---\nallow: "*:read"\ntimeout: 5\n...\n'],
    ['as JSON with a byte order mark', '\uFEFF{"allow": "*:read", "timeout": 5}'],
    ['as JSON with comments', '// mine\n{\n  "allow": ["*:read"], // all\n  /* why */ "timeout": 5 // seconds\n}\n'],
    ['as JSON with trailing commas and tabs', '{\r\n\t"allow": [\r\n\t\t"*:read",\r\n\t],\r\n\t"timeout": 5,\r\n}\r\n'],
    ['as JSON with a comment behind all of it', '{"allow": "*:read", "timeout": 5} // end'],
    ['as flow YAML', "{ allow: '*:read', timeout: 5 } # not JSON"],
    ['with an alias that is meant', 'allow: &all ["*:read"]\ntimeout: 5\nagents: { a: { allow: *all } }\n'],
  ])('%s is taken', async (_, text) => {
    expect(await read(text)).toMatchObject({ grants: { allow: ['*:read'] }, timeout: 5_000 });
  });

  it('keeps what looks like a comment in a text', async () => {
    expect(await read('{"audit-log": "/a//b/*c*/", // x\n}')).toMatchObject({ auditLog: '/a//b/*c*/' });
    expect(await read('{ base-url: https://proxy.test//x }')).toMatchObject({ baseUrl: 'https://proxy.test//x' });
  });

  it('keeps other letters than those of English', async () => {
    expect(await read('audit-log: /Ada’s\u0301/ログ/x.jsonl # „é“\u00A0\n')).toMatchObject({
      auditLog: '/Ada’s\u0301/ログ/x.jsonl',
    });
    expect(await read('audit-log: "/a\u3000b"\n')).toMatchObject({ auditLog: '/a\u3000b' });
  });

  const STAR = 'needs quotes, since * begins an alias in YAML: write';
  it.each<[what: string, text: string, message: string]>([
    ['a bare grant in brackets', 'allow: [*:read]', `w.yaml:1: *:read ${STAR} "*:read".`],
    ['a bare grant of several', 'allow: [users:read, *:full]', `w.yaml:1: *:full ${STAR} "*:full".`],
    ['a bare grant in a list', 'timeout: 5\nallow:\n  - *:full # all\n', `w.yaml:3: *:full ${STAR} "*:full".`],
    ['a bare grant', 'allow: *:read', `w.yaml:1: *:read ${STAR} "*:read".`],
    ['a bare grant in flow YAML', '{allow: *:read}', `w.yaml:1: *:read ${STAR} "*:read".`],
    ['a bare grant with commas', 'allow: *:read,users:write', `w.yaml:1: *:read ${STAR} "*:read".`],
    ['a bare grant of an agent', 'agents:\r\n  a:\r\n    allow: *:read\r\n', `w.yaml:3: *:read ${STAR} "*:read".`],
    ['a star alone', 'deny: *', `w.yaml:1: * ${STAR} "*".`],
    [
      'another alias',
      'allow: [*reads]',
      'w.yaml:1: *reads is an alias in YAML, and no anchor before it has that name.',
    ],
    ['several documents', 'timeout: 5\n---\nallow: a\n', 'w.yaml:2: a second document begins here'],
    ['tabs as indentation', 'agents:\n\ta: {}\n', 'w.yaml:2: a tab cannot indent YAML: use spaces.'],
    ['a leading @', 'allow: @reads', 'w.yaml:1: a value that begins with @ or ` needs quotes in YAML.'],
    [
      'typographic quotes',
      'timeout: 5\nallow: “*:read”',
      'w.yaml:2: typographic quotes do not quote in YAML: use " or \'.',
    ],
    ['typographic quotes in a list', 'allow: [‘a’, b]', 'w.yaml:1: typographic quotes do not quote'],
    ['typographic quotes in JSON', '{“allow”: “a”}', 'w.yaml:1: typographic quotes do not quote'],
    ['German quotes', 'allow: „a“', 'w.yaml:1: typographic quotes do not quote'],
    ['a non-breaking space', 'allow:\u00A0a', 'w.yaml:1: the character U+00A0 is not a space in YAML'],
    ['non-breaking indentation', 'agents:\n\u00A0\u00A0a: {}', 'w.yaml:2: the character U+00A0 is not a space in YAML'],
    ['a zero-width space', 'read-only: true\u200B', 'w.yaml:1: the character U+200B is not a space in YAML'],
    [
      'the line end of another system',
      'allow: a\u2028deny: b',
      'w.yaml:1: the character U+2028 is not a space in YAML',
    ],
    [
      'carriage returns alone',
      'allow: a\rread-only: true\r',
      'w.yaml:1: the file has a carriage return without a line feed',
    ],
    ['UTF-16', Buffer.from('\uFEFFallow: a', 'utf16le').toString(), 'w.yaml:1: the file is UTF-16: save it as UTF-8.'],
    ['UTF-16 without a mark', Buffer.from('allow: a', 'utf16le').toString(), 'w.yaml:1: the file is UTF-16'],
    [
      'Latin-1',
      Buffer.from('deny: a\n# für', 'latin1').toString(),
      'w.yaml:2: the file is not UTF-8: save it as UTF-8.',
    ],
    ['NUL', 'allow: a\ndeny: b\0', 'w.yaml:2: the file has a NUL character: remove it.'],
    ['an escape character', 'allow: a\u001b[0m', 'w.yaml:1: the file has a control character: remove it.'],
    ['a JSON file with a key twice', '{"allow": "a", // x\n"allow": "b"}', 'w.yaml:2: Map keys must be unique'],
  ])('%s stops the start with line and fix', async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(expect.objectContaining({ name: 'StartError' }));
    await expect(read(text)).rejects.toThrow(message);
  });

  it.each([
    'allow: [*sk_test_canary1]',
    'allow: “sk_test_canary1”',
    'allow: a\u00A0sk_test_canary1',
    'allow: @sk_test_canary1',
    '// sk_test_canary1\n{"allow": "a"}',
    'allow: a\n---\nsk_test_canary1',
    'allow: a\0sk_test_canary1',
    'allow: wmcp_abcdefghij_canary-canary-canary',
  ])('tells no secret of %j', async (text) => {
    await expect(read(text)).rejects.toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('canary') }),
    );
  });
});

describe('agent add', () => {
  const catalog = createCatalog(declarations);
  it.each([
    ['JSON with comments', 'w.json', '\uFEFF// mine\r\n{\r\n\t"timeout": 5, // seconds\r\n}\r\n'],
    ['JSON with comments under another name', 'w.yaml', '{"timeout": 5 /* seconds */,}'],
    ['YAML with a byte order mark', 'w.yaml', '\uFEFF# mine\r\ntimeout: 5 # seconds\r\n'],
  ])('keeps %s in its form', async (_, name, text) => {
    const folder = mkdtempSync(join(tmpdir(), 'text-'));
    const path = join(folder, name);
    try {
      writeFileSync(path, text);
      await addAgent(path, 'bot', { allow: ['*:read'] }, catalog);
      const after = readFileSync(path, 'utf8');
      for (const line of text.split(/\r\n|[{}]/)) expect(after).toContain(line);
      expect(after.startsWith('\uFEFF')).toBe(text.startsWith('\uFEFF'));
      if (text.includes('\r\n')) expect(after.replaceAll('\r\n', '')).not.toContain('\n');
      expect(await read(after)).toMatchObject({ timeout: 5_000 });
      expect(toAgents(await readSettingsFile(after, path)).agents).toMatchObject([{ name: 'bot', allow: ['*:read'] }]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('refuses a file in another encoding, and leaves it as it was', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'text-'));
    const path = join(folder, 'w.yaml');
    try {
      const text = Buffer.from('# für mich\ntimeout: 5\n', 'latin1');
      writeFileSync(path, text);
      await expect(addAgent(path, 'bot', { allow: ['*:read'] }, catalog)).rejects.toThrow(
        `${path}:1: the file is not UTF-8`,
      );
      expect(readFileSync(path)).toEqual(text);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
