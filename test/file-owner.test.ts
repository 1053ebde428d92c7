import { chmodSync, chownSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { userOf, whyUnsafe } from '../src/files/file-owner.ts';
import { runProgram } from './support/in-process.ts';

const user = userOf(process);
const isRoot = user?.uid === 0;
/** A group that is neither root's nor that of this process. */
const FOREIGN_GROUP = 54_321;
const FOREIGN_USER = 65_534;

let at = '';
beforeEach(() => {
  at = mkdtempSync(join(tmpdir(), 'owner-'));
});
afterEach(() => rmSync(at, { recursive: true }));

const file = (name = 'file', mode = 0o600) => {
  const path = join(at, name);
  writeFileSync(path, '', { mode });
  chmodSync(path, mode);
  return path;
};
const folder = (name: string, mode: number) => {
  const path = join(at, name);
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
};
/** The name of what was made. */
const name = (path: string) => path.slice(at.length + 1);
const open = () => name(folder('open', 0o777));
/** A file in a folder. */
const inside = (path: string) => file(join(name(path), 'file'));
const link = (to: string, name = 'link') => {
  symlinkSync(to, join(at, name));
  return join(at, name);
};

/** As Kubernetes mounts a Secret: in a sticky folder, a link to a link into a folder that an update replaces. */
function mount(): string {
  folder('volume', 0o1777);
  mkdirSync(join(at, 'volume/..2026'), { mode: 0o755 });
  file('volume/..2026/key', 0o644);
  link('..2026', 'volume/..data');
  return link(join('..data', 'key'), 'volume/key');
}

describe.runIf(user !== undefined)('a file', () => {
  it.each<[string, () => string]>([
    ['its owner alone may write', () => file()],
    ['all may read', () => file('file', 0o644)],
    ['the own group may write', () => file('file', 0o664)],
    ['is in a sticky folder', () => inside(folder('sticky', 0o1777))],
    ['does not exist', () => join(at, 'none')],
    ['does not exist, in a folder that does not either', () => join(at, 'none', 'none')],
    ['is behind a link', () => link(file())],
    ['is behind a relative link', () => link(`./${file().slice(at.length + 1)}`)],
    ['Kubernetes mounted', mount],
    ['is a device', () => '/dev/null'],
    ['is a pipe that a shell made', () => '/dev/stdin'],
  ])('is used that %s', (_, path) => {
    expect(whyUnsafe(path(), user)).toBeUndefined();
  });

  it('that is a link to itself cannot be read', () => {
    const path = link('link');
    expect(() => whyUnsafe(path, user)).toThrow('ELOOP');
  });

  it.each<[string, () => string, RegExp]>([
    ['others may write', () => file('file', 0o666), /^other users may write to it\. Run chmod go-w .*\/file,/],
    ['others may write, behind a link', () => link(file('file', 0o602)), /^other users may write to it\./],
    ['others may replace', () => inside(folder('open', 0o777)), /^other users could replace it, .*\/open\. /],
    [
      'others may replace by another folder',
      () => inside(folder(join(open(), 'safe'), 0o700)),
      /^other users could replace it, as they may write to the folder .*\/open\. Run chmod go-w .*\/open$/,
    ],
    ['others may create', () => join(folder('open', 0o777), 'none'), /^other users could replace it/],
    [
      'is safe, behind a link that others may replace',
      () => link(file(), join(open(), 'link')),
      /^other users could replace it, .*\/open\. /,
    ],
    [
      'is behind links, one of which others may replace',
      () => link(link(file(), join(open(), 'inner')), 'outer'),
      /^other users could replace it, .*\/open\. /,
    ],
    [
      'is behind a folder that is a link',
      () => join(link(dirname(inside(folder('open', 0o777))), 'door'), 'file'),
      /^other users could replace it, .*\/open\. /,
    ],
  ])('is refused that %s', (_, path, why) => {
    expect(whyUnsafe(path(), user)).toMatch(why);
  });

  // Only root may give files away.
  it.runIf(isRoot).each<[string, () => string, RegExp]>([
    ['belongs to another user', () => given(file()), /^it belongs to another user \(uid 65534\)/],
    ['belongs to another user, behind a link', () => link(given(file())), /^it belongs to another user/],
    [
      "is in another user's folder",
      () => inside(given(folder('theirs', 0o755))),
      /^another user \(uid 65534\) could replace it, as the folder .*\/theirs belongs/,
    ],
    [
      "is behind another user's link in a sticky folder",
      () => given(link(file(), join(name(folder('sticky', 0o1777)), 'link'))),
      /^other users could replace it/,
    ],
    ['another group may write', () => given(file('file', 0o660), 0, FOREIGN_GROUP), /^other users may write to it/],
    [
      'another group may replace',
      () => inside(given(folder('shared', 0o770), 0, FOREIGN_GROUP)),
      /^other users could replace it/,
    ],
  ])('is refused that %s', (_, path, why) => {
    expect(whyUnsafe(path(), user)).toMatch(why);
  });

  const given = (path: string, uid = FOREIGN_USER, gid = user?.gid ?? 0) => {
    if (path.endsWith('link')) lchownSync(path, uid, gid);
    else chownSync(path, uid, gid);
    return path;
  };

  it.runIf(isRoot)('of root is used by any user', () => {
    expect(whyUnsafe(file('file', 0o644), { uid: 4_242, gid: 4_242 })).toBeUndefined();
  });

  it('is not judged where the system has no owners of files', () => {
    expect(whyUnsafe(file('file', 0o666), userOf({}))).toBeUndefined();
  });
});

const AGENT = { id: 'a'.repeat(10), sha256: '0'.repeat(64) };

describe.runIf(user !== undefined)('what the program reads', () => {
  const key = { WORKOS_API_KEY: 'sk_test_0123456789' };
  const http = (...more: readonly string[]) => ['http', '--anonymous', '--allow', '*:read', ...more];

  it.each<[string, (path: string) => readonly string[], Record<string, string>, string]>([
    ['settings', (path) => ['check', '--config', path], key, '--config'],
    ['agents', (path) => ['http', '--config', path], key, '--config'],
    ['a key', (path) => ['check', '--allow', '*:read', '--api-key-file', path], {}, 'WORKOS_API_KEY_FILE'],
    ['a record', (path) => ['check', '--sandbox', '--allow', '*:read', '--audit-log', path], {}, '--audit-log'],
    ['a record to write', (path) => ['--sandbox', '--allow', '*:read', '--audit-log', path], {}, '--audit-log'],
    ['a certificate', (path) => http('--tls-cert', path, '--tls-key', path), key, '--tls-cert'],
  ])('is not read where others may write it: %s', async (_, argv, env, name) => {
    const path = file('file', 0o666);
    const { code, stderr } = await runProgram(argv(path), env);
    const advice = `other users may write to it. Run chmod go-w ${path}, or chmod 600 for a secret.`;
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^workos-mcp: ${name}:? `));
    expect(stderr).toContain(`${path}: ${advice}\n`);
  });

  it('holds for the key file of an environment', async () => {
    const path = file('key', 0o666);
    const config = file('config.yaml');
    const agents = `agents: { bot: { allow: 'users:read', tokens: ['${AGENT.id}:${AGENT.sha256}'] } }`;
    writeFileSync(config, `environments: { north: { api-key-file: ${path} } }\n${agents}`);
    const { code, stderr } = await runProgram(['check', '--config', config]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${path}: other users may write to it.`)]);
  });
});
