import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAuditFile } from '../src/audit/file-sink.ts';
import { verifyFiles } from '../src/audit/read/verify.ts';
import { RecordError } from '../src/audit/record.ts';
import { StartError } from '../src/errors.ts';
import { userOf } from '../src/files/file-owner.ts';
import { clock, DECISION, entriesOf, filesOf, folder, linesOf, outcome, recordIn, START } from './support/audit.ts';

const settings = { maxBytes: 1e9, run: 'run-1', now: clock(), user: userOf(process) };
const open = (file: string, maxBytes = 1e9) =>
  openAuditFile(file, { ...settings, maxBytes, run: 'abcdefgh-1', now: clock() });
const posix = process.platform !== 'win32';

describe('the file', () => {
  it('is made for its owner alone, and appended to', async () => {
    const file = join(folder(), 'audit.jsonl');
    await (await recordIn(file)).append(START, { sync: true });
    expect(statSync(file).mode & 0o777).toBe(posix ? 0o600 : 0o666);
    await (await recordIn(file, { run: 'run-2' })).append(START, { sync: true });
    expect(entriesOf(file).map((entry) => [entry.run, entry.seq])).toEqual([
      ['run-1', 1],
      ['run-2', 1],
    ]);
  });

  it.runIf(posix)('is not used where others may read it', async () => {
    const file = join(folder(), 'audit.jsonl');
    writeFileSync(file, '');
    chmodSync(file, 0o640);
    await expect(openAuditFile(file, settings)).rejects.toEqual(
      new StartError(`--audit-log ${file}: users other than its owner can read or write it: run chmod 600 ${file}.`),
    );
  });

  // Root may write what is read-only: these are refused to root too.
  it.each<[string, (at: string) => string, RegExp]>([
    ['a folder', (at) => at, /it is not a regular file/],
    ['in a folder that does not exist', (at) => join(at, 'none', 'audit.jsonl'), /cannot be written \(ENOENT\)/],
    ['below a file', (at) => join(file(at), 'audit.jsonl'), /cannot be written \(ENOTDIR\)/],
    ['a link to nowhere', (at) => link(at), /cannot be written \(ELOOP\)/],
    ['a device', () => '/dev/null', /it is not a regular file; use a file or "stderr"/],
    ['where no files can be made', () => '/proc/audit.jsonl', /cannot be written \(E\w+\)/],
  ])('cannot be %s', async (_, path, reason) => {
    const at = path(folder());
    const refused = openAuditFile(at, settings);
    await expect(refused).rejects.toThrow(StartError);
    await expect(refused).rejects.toThrow(reason);
  });

  const file = (at: string) => {
    writeFileSync(join(at, 'plain'), '');
    return join(at, 'plain');
  };
  const link = (at: string) => {
    symlinkSync(join(at, 'nowhere'), join(at, 'link'));
    return join(at, 'link');
  };

  it('is rotated where it is, when it was named by a link', async () => {
    const [at, elsewhere] = [folder(), folder()];
    writeFileSync(join(elsewhere, 'real'), '', { mode: 0o600 });
    symlinkSync(join(elsewhere, 'real'), join(at, 'link'));
    const sink = await open(join(at, 'link'), 10);
    for (const line of ['one', 'two', 'three']) sink.append(line);
    await sink.close();
    expect(filesOf(at)).toEqual([join(at, 'link')]);
    expect(filesOf(elsewhere).length).toBe(2);
  });

  it('gets a fresh line where the process before died amid one', async () => {
    const at = join(folder(), 'audit.jsonl');
    await (await recordIn(at)).append(START);
    truncateSync(at, statSync(at).size - 20);
    await (await recordIn(at, { run: 'run-2' })).append(START);
    expect(linesOf(readFileSync(at, 'utf8')).length).toBe(2);
    expect(await verifyFiles([at])).toMatchObject({ whole: true, lines: [{ what: 'torn', count: 1 }] });
  });
});

describe('rotation', () => {
  it('renames the file before it outgrows its size, to names of its own', async () => {
    const at = folder();
    const file = join(at, 'audit.jsonl');
    const sink = await open(file, 10);
    for (const line of ['one', 'two', 'three', 'a line that is too long for any file', 'four']) sink.append(line);
    await sink.sync();
    await sink.close();
    expect(filesOf(at).map((name) => [name.slice(at.length + 1), readFileSync(name, 'utf8')])).toEqual([
      ['audit.jsonl', 'four\n'],
      ['audit.jsonl.2026-11-22T10-57-16Z.abcdefgh.1', 'one\ntwo\n'],
      ['audit.jsonl.2026-11-22T10-57-18Z.abcdefgh.2', 'three\n'],
      ['audit.jsonl.2026-11-22T10-57-20Z.abcdefgh.3', 'a line that is too long for any file\n'],
    ]);
    if (posix) expect(filesOf(at).map((name) => statSync(name).mode & 0o777)).toEqual([0o600, 0o600, 0o600, 0o600]);
  });

  it('leaves no empty file behind for a line that is too long', async () => {
    const at = folder();
    const sink = await open(join(at, 'audit.jsonl'), 10);
    sink.append('a line that is too long for any file');
    await sink.close();
    expect(filesOf(at)).toEqual([join(at, 'audit.jsonl')]);
  });

  it.runIf(process.platform === 'linux')('closes the files that it leaves', async () => {
    const openFiles = () => readdirSync('/proc/self/fd').length;
    const before = openFiles();
    const sink = await open(join(folder(), 'audit.jsonl'), 10);
    for (let count = 0; count < 100; count += 1) sink.append('a line');
    await sink.sync();
    await sink.close();
    expect(openFiles()).toBeLessThan(before + 10);
  });

  it('overwrites nothing', async () => {
    const at = folder();
    const taken = join(at, 'audit.jsonl.2026-11-22T10-57-13Z.abcdefgh.1');
    writeFileSync(taken, 'mine');
    const sink = await open(join(at, 'audit.jsonl'), 5);
    sink.append('one');
    sink.append('two');
    await sink.close();
    expect(readFileSync(taken, 'utf8')).toBe('mine');
    expect(filesOf(at).length).toBe(3);
  });

  it('is noticed by all who write to the file', async () => {
    const at = folder();
    const file = join(at, 'audit.jsonl');
    const [one, other] = [await open(file, 8), await open(file, 1e9)];
    one.append('one');
    other.append('two');
    one.append('three');
    other.append('four');
    expect(readFileSync(file, 'utf8')).toBe('three\nfour\n');
    await Promise.all([one.close(), other.close()]);
  });

  it.each<[string, (file: string) => void]>([
    ['deleted', (file) => rmSync(file)],
    ['renamed', (file) => renameSync(file, `${file}.old`)],
    [
      'replaced',
      (file) => {
        rmSync(file);
        writeFileSync(file, '', { mode: 0o600 });
      },
    ],
  ])('makes the file anew where somebody else has it %s', async (_, change) => {
    const file = join(folder(), 'audit.jsonl');
    const record = await recordIn(file);
    await record.append(START, { sync: true });
    change(file);
    await record.append(DECISION, { sync: true });
    expect(entriesOf(file)).toMatchObject([{ seq: 2 }]);
    expect(statSync(file).mode & 0o777).toBe(posix ? 0o600 : 0o666);
    await record.close();
  });

  it('looks once a millisecond whether it is still there, and counts what it writes in between', async () => {
    const file = join(folder(), 'audit.jsonl');
    let time = 0;
    const sink = await openAuditFile(file, { ...settings, maxBytes: 10, now: () => new Date(time) });
    sink.append('one');
    renameSync(file, `${file}.old`);
    sink.append('two');
    time += 1;
    for (const line of ['three', 'four']) sink.append(line);
    await sink.close();
    expect(filesOf(dirname(file)).map((name) => [basename(name), readFileSync(name, 'utf8')])).toEqual([
      ['audit.jsonl', 'four\n'],
      ['audit.jsonl.1970-01-01T00-00-00Z.run-1.1', 'three\n'],
      ['audit.jsonl.old', 'one\ntwo\n'],
    ]);
  });

  it.runIf(posix)('refuses calls while what took the place of the file cannot be used', async () => {
    const at = folder();
    const file = join(at, 'audit.jsonl');
    const record = await recordIn(file);
    await record.append(START);
    renameSync(file, `${file}.old`);
    writeFileSync(file, '', { mode: 0o644 });
    await expect(record.append(DECISION)).rejects.toThrow('users other than its owner can read or write it');
    rmSync(file);
    mkdirSync(file);
    await expect(record.append(DECISION)).rejects.toThrow('it is not a regular file');
    rmSync(file, { recursive: true });
    renameSync(at, `${at}.gone`);
    await expect(record.append(DECISION)).rejects.toThrow(RecordError);
    renameSync(`${at}.gone`, at);
    expect(await record.append(DECISION, { sync: true })).toBe(2);
    expect(await verifyFiles(filesOf(at))).toMatchObject({ whole: true, runs: [{ entries: 2 }] });
  });

  it('loses nothing under load, however often it happens amid syncs', async () => {
    const at = folder();
    const record = await recordIn(join(at, 'audit.jsonl'), { maxBytes: 3_000 });
    const call = async () => {
      const of = await record.append(DECISION, { sync: true });
      await record.append(outcome(of));
    };
    for (let round = 0; round < 20; round += 1) await Promise.all(Array.from({ length: 20 }, call));
    await record.close();
    expect(filesOf(at).length).toBeGreaterThan(50);
    const report = await verifyFiles(filesOf(at), { heads: [record.head()] });
    expect(report).toMatchObject({ whole: true, runs: [{ entries: 800, unknown: { count: 0 } }], lines: [] });
  });
});

const mounted = mkdtempSync(join(tmpdir(), 'audit-mount-'));
const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', mounted]);
afterAll(() => {
  if (mount.status === 0) spawnSync('umount', ['-l', mounted]);
  rmSync(mounted, { recursive: true });
});

// Only where the tests may mount; that a full device refuses calls is also tested with /dev/full.
describe.runIf(mount.status === 0)('a disk that is full', () => {
  it('refuses calls, tears a line at most, and is whole once there is room again', async () => {
    const file = join(mounted, 'audit.jsonl');
    const ballast = join(mounted, 'ballast');
    writeFileSync(ballast, 'x'.repeat(4_096));
    const record = await recordIn(file);
    let failed: unknown;
    let decided = 0;
    while (failed === undefined) {
      decided = await record.append(DECISION, { sync: true }).catch((error: unknown) => {
        failed = error;
        return decided;
      });
    }
    expect(failed).toEqual(new RecordError('The audit record cannot be written (the disk is full, ENOSPC).'));
    await expect(record.append(outcome(decided))).rejects.toThrow(RecordError);
    await expect(record.append(DECISION, { sync: true })).rejects.toThrow(RecordError);
    expect(readFileSync(file, 'utf8').endsWith('\n')).toBe(false);
    rmSync(ballast);
    expect(await record.append(DECISION, { sync: true })).toBe(decided + 2);
    const report = await verifyFiles([file], { heads: [record.head()] });
    expect(report).toMatchObject({
      whole: true,
      runs: [{ entries: decided + 2 }],
      lines: [{ what: 'torn', count: 1 }],
    });
    await record.close();
  });
});

describe.runIf(mount.status === 0)('a disk that is full but for a line feed', () => {
  it('has the line, and has it once', async () => {
    const file = join(mounted, 'exact.jsonl');
    const ballast = join(mounted, 'ballast');
    rmSync(join(mounted, 'audit.jsonl'), { force: true });
    writeFileSync(ballast, 'x'.repeat(3 * 4_096));
    const sink = await openAuditFile(file, settings);
    const lines = ['x'.repeat(4_000), 'y'.repeat(95), 'z'];
    for (const line of lines.slice(0, 2)) sink.append(line);
    expect(statSync(file).size).toBe(4_096);
    expect(() => sink.append('z')).toThrow('ENOSPC');
    rmSync(ballast);
    sink.append('z');
    expect(readFileSync(file, 'utf8')).toBe(lines.map((line) => `${line}\n`).join(''));
    await sink.close();
  });
});

describe.runIf(mount.status === 0)('a read-only file system', () => {
  beforeAll(() => spawnSync('mount', ['-o', 'remount,ro', mounted]));
  afterAll(() => spawnSync('mount', ['-o', 'remount,rw', mounted]));

  it.each(['audit.jsonl', 'another.jsonl'])('keeps the server from starting: %s', async (name) => {
    const file = join(mounted, name);
    await expect(openAuditFile(file, settings)).rejects.toEqual(
      new StartError(`--audit-log ${file}: cannot be written (EROFS).`),
    );
  });
});

const immutable = mkdtempSync(join(tmpdir(), 'audit-immutable-'));
const frozen = join(immutable, 'audit.jsonl');
writeFileSync(frozen, '', { mode: 0o600 });
const chattr = (mode: '+i' | '-i') => spawnSync('chattr', [mode, frozen]).status;
const canFreeze = chattr('+i') === 0 && chattr('-i') === 0;
afterAll(() => rmSync(immutable, { recursive: true }));

// Root may write what is read-only; what is immutable, not even root. Only where the tests may make a file that.
describe.runIf(canFreeze)('a log that becomes read-only', () => {
  it('refuses calls, and goes on when it is writable again', async () => {
    const record = await recordIn(frozen);
    const of = await record.append(DECISION, { sync: true });
    chattr('+i');
    const refused = new RecordError('The audit record cannot be written (no permission, EPERM).');
    await expect(record.append(outcome(of))).rejects.toEqual(refused);
    await expect(record.append(DECISION, { sync: true })).rejects.toEqual(refused);
    chattr('-i');
    expect(await record.append(DECISION, { sync: true })).toBe(3);
    await record.close();
    expect(entriesOf(frozen)).toMatchObject([{ seq: 1 }, { seq: 2, of: 1 }, { seq: 3 }]);
  });
});
