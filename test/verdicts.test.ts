import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseStop } from './support/docs-starts.ts';
import { STOPS, type Stop } from './support/docs-stops.ts';
import { openFolder } from './support/http-server.ts';
import { runProgram } from './support/in-process.ts';
import { listen, type Upstream } from './support/upstream.ts';

const folder = openFolder();
let upstream: Upstream;
beforeAll(async () => {
  upstream = await listen(() => Response.json({ data: [], list_metadata: {} }));
});
afterAll(async () => {
  folder.remove();
  await upstream.close();
});

const OTHER_COMMANDS = ['tools', 'check', 'explain', 'agent', 'audit', 'init', 'doctor', 'demo', 'console'];

type Verdict = { readonly refused: boolean; readonly says: string };

const said = (stderr: string): string => /^workos-mcp: (?:A start would stop: )?(.*)\n$/s.exec(stderr)?.[1] ?? '';

/** What a start, `check` and `doctor` say of the same settings. The start serves nothing: all of them are refused. */
async function judge(stop: Stop): Promise<Readonly<Record<'start' | 'check' | 'doctor', Verdict>>> {
  const { argv, env, file } = parseStop(stop);
  const path = file === undefined ? 'FILE' : folder.write('file', file);
  const words = argv.map((word) => (word === 'FILE' ? path : word));
  // A proxy that cannot be used is found before anything is sent; on loopback none is used.
  const isReal =
    !words.some((word) => word.startsWith('--sandbox') || word === '--base-url') && env.HTTPS_PROXY === undefined;
  const variables = {
    WORKOS_MCP_LOG_LEVEL: 'silent',
    ...env,
    ...(isReal && { WORKOS_BASE_URL: upstream.url }),
  };
  const started = await runProgram(words, variables);
  const checked = await runProgram(['check', ...words], variables);
  const examined = await runProgram(['doctor', '--json', ...words], variables);
  const findings: readonly { state: string; found: string }[] = JSON.parse(examined.stdout);
  const failures = findings.filter(({ state }) => state === 'fail').map(({ found }) => found);
  const message = said(started.stderr);
  return {
    start: { refused: started.code === 2, says: message },
    check: { refused: checked.code === 2, says: said(checked.stderr) },
    doctor: { refused: examined.code === 1, says: failures.find((found) => found === message) ?? failures.join('\n') },
  };
}

/** What only one of the three can know, and why. All other refusals are the same. */
const APART: Readonly<Record<string, { readonly why: string; readonly check?: boolean; readonly doctor?: boolean }>> = {
  '--host 192.0.2.1': { why: 'only listening shows whether the machine has the address', check: false, doctor: false },
  '--sandbox --config FILE': { why: 'check takes a file with agents for one of http', check: false, doctor: false },
  '--sandbox': { why: 'doctor is run without the grants that a client starts the server with', doctor: false },
};

/** Rows that refuse words of the command line itself, which stand elsewhere behind another command. */
const OF_THE_COMMAND_LINE = ['serv', '--json', '--against review.json', '--port 8080'];

const starts = Object.values(STOPS)
  .flat()
  .filter((stop) => !parseStop(stop).argv.some((word) => OTHER_COMMANDS.includes(word)));

const apart = ([line]: readonly [string, ...string[]]) =>
  Object.entries(APART).find(([part]) => line === part || (part.includes(' ') && line.includes(part)))?.[1];
const lineOf = (stop: Stop) => (typeof stop === 'string' ? ([stop] as const) : stop);

describe('the same settings', () => {
  it.each(
    starts.map((stop) => [lineOf(stop).join(' | '), stop] as const),
  )('get one verdict of start, check and doctor: %s', async (_, stop) => {
    const { start, ...others } = await judge(stop);
    const known = apart(lineOf(stop));
    const isCommandLine = OF_THE_COMMAND_LINE.includes(lineOf(stop)[0]);
    expect(start.refused).toBe(true);
    for (const name of ['check', 'doctor'] as const) {
      if (known?.[name] === false) expect(others[name].refused, name).toBe(false);
      else if (isCommandLine) expect(others[name].refused, name).toBe(true);
      else expect(others[name], name).toEqual(start);
    }
  });

  it('are accepted by all three where nothing is wrong', async () => {
    const file = folder.write(
      'good',
      `agents: { bot: { allow: 'users:read', tokens: ['aaaaaaaaaa:${'0'.repeat(64)}'] } }`,
    );
    const env = { WORKOS_API_KEY: 'sk_test_1', WORKOS_BASE_URL: upstream.url };
    for (const command of ['check', 'doctor']) {
      expect(await runProgram([command, 'http', '--config', file], env)).toMatchObject({ code: 0, stderr: '' });
      expect(await runProgram([command, '--allow', '*:read'], env)).toMatchObject({ code: 0, stderr: '' });
    }
  });
});

describe('check --no-keys', () => {
  const file = () =>
    folder.write(
      'reviewed',
      `environments: { live: { api-key-env: LIVE_KEY }, test: { api-key-file: /nowhere/key, expect: staging } }
tls-cert: /nowhere/cert.pem
tls-key: /nowhere/key.pem
audit-log: /nowhere/audit.jsonl
agents:
  ops: { environment: test, allow: '*:full', tokens: ['aaaaaaaaaa:${'0'.repeat(64)}'] }
  eve: { environment: live, allow: '*:full', tokens: ['bbbbbbbbbb:${'1'.repeat(64)}'] }
`,
    );

  it('judges a file without its keys and the files of its machine, and says so', async () => {
    const { code, stdout, stderr } = await runProgram(['check', '--no-keys', '--config', file()]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^ops +staging +auto /m);
    expect(stdout).toMatch(/^eve +production +strict /m);
    expect(stdout).toContain('Judged without keys: each environment is what "expect" says it is, else production.');
    expect((await runProgram(['check', '--config', file()])).code).toBe(2);
  });

  it.each([
    ['http', '--redis-url', 'redis://h'],
    ['http', '--anonymous', '--allow', '*:read', '--expect', 'staging', '--tls-cert', 'cert.pem'],
    ['--sandbox', '--config', 'FILE'],
    ['--allow', 'users:raed'],
    ['--base-url', 'http://api.workos.com', '--allow', '*:read'],
  ])('refuses what needs no key to be refused: %s %s', async (...words) => {
    const path = file();
    const given = words.map((word) => (word === 'FILE' ? path : word));
    expect(await runProgram(['check', '--no-keys', ...given])).toMatchObject({ code: 2, stdout: '' });
  });

  it('--agent shows one agent in full, in JSON too', async () => {
    const args = ['check', '--no-keys', '--config', file(), '--agent'];
    expect((await runProgram([...args, 'ops'])).stdout).toContain('ops (staging), confirmation auto');
    const { agents } = JSON.parse((await runProgram([...args, 'eve', '--json'])).stdout);
    expect(agents).toMatchObject([{ name: 'eve', environment: 'production' }]);
    expect((await runProgram([...args, 'opps'])).stderr).toContain('The file has no agent "opps". Did you mean "ops"?');
  });

  it.each(['tools', 'explain delete_user'])('and its kind of flags are taken by %s as well', async (command) => {
    const args = [...command.split(' '), 'http', '--no-keys', '--port', '9000', '--config', file(), '--agent', 'ops'];
    const { code, stdout } = await runProgram([...args, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toBeDefined();
  });

  it('is nothing for a start, nor for doctor', async () => {
    expect((await runProgram(['--no-keys'])).stderr).toContain('--no-keys works only with the commands');
    expect((await runProgram(['doctor', '--no-keys'])).stdout).toContain('doctor takes no --no-keys');
  });
});
