import { describe, expect, it } from 'vitest';
import { openLinkToken } from '../src/agents/console-link.ts';
import { runConsole } from '../src/commands/console/command.ts';
import { deriveKey } from '../src/keys.ts';
import { toAgents } from '../src/settings/agents-config.ts';
import { toConfig } from '../src/settings/config.ts';
import { readSettingsFile, toGiven } from '../src/settings/settings-file.ts';
import { readSources } from '../src/settings/sources.ts';
import { openFolder } from './support/http-server.ts';
import { runProgram } from './support/in-process.ts';

const FILE = `
console-port: 8090
deployment-key-env: KEY
issuers: { okta: { issuer: https://acme.okta.com, jwks-url: https://acme.okta.com/keys, sign-in: { client-id: 0oa1 } } }
agents: { bot: { allow: 'users:delete', tokens: ['aaaaaaaaaa:${'0'.repeat(64)}'], confirm: person } }
approvers:
  ada: { agents: '*', allow: '*:full' }
  bob: { issuer: okta, sub: 00u1, agents: '*', allow: '*:full' }
`;

const DEPLOYMENT = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7));
const NOW = 1_800_000_000_000;

async function run(line: string, { isShown = true, text = FILE, secret = DEPLOYMENT.toString('base64') } = {}) {
  let written = '';
  const code = await runConsole(line.split(' '), {
    load: async (argv) => {
      const file = await readSettingsFile(text, 'w.yaml');
      return { config: toConfig(readSources(argv, {}), toGiven(file)), agents: toAgents(file) };
    },
    host: { readFile: () => '', variable: () => secret },
    isShown,
    write: (said) => {
      written += said;
    },
    now: () => NOW,
  });
  return { code, written };
}

describe('console login', () => {
  it('prints a link that signs its approver in, once and within two minutes', async () => {
    const { code, written } = await run('login --as ada');
    expect(code).toBe(0);
    const [link = '', , told] = written.split('\n');
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:8090\/link\?token=[\w-]+$/);
    expect(told).toBe('Open this link within two minutes to sign in to the console as ada. It works once.');
    const token = new URL(link).searchParams.get('token') ?? '';
    expect(openLinkToken(deriveKey(DEPLOYMENT, 'console'), token, NOW)).toMatchObject({
      name: 'ada',
      until: NOW + 120_000,
    });
  });

  it('prints the address that people know the console by', async () => {
    const { written } = await run('login --as ada --console-url https://console.example.com/');
    expect(written).toMatch(/^https:\/\/console\.example\.com\/link\?token=/);
  });

  it.each<[what: string, line: string, options: Parameters<typeof run>[1], message: RegExp]>([
    ['without a name', 'login', {}, /^console login: --as NAME is missing\./],
    [
      'for a name that is not in the file',
      'login --as adda',
      {},
      /^The file has no approver "adda"\. Did you mean "ada"\? Those without an issuer are ada\.$/,
    ],
    [
      'for an approver of an issuer',
      'login --as bob',
      {},
      /^bob signs in to the console with okta, and needs no link: http:\/\/127\.0\.0\.1:8090$/,
    ],
    [
      'where nothing is a terminal',
      'login --as ada',
      { isShown: false },
      /^console login prints a link that signs in, so it works only on a terminal/,
    ],
    [
      'without a console',
      'login --as ada',
      { text: FILE.replace('console-port: 8090\n', '') },
      /^--console-port is missing/,
    ],
    [
      'without a deployment key',
      'login --as ada',
      { text: FILE.replace('deployment-key-env: KEY\n', '') },
      /^--console-port needs a deployment key/,
    ],
    ['with a weak one', 'login --as ada', { secret: 'weak' }, /^KEY is not a deployment key/],
    ['with another word', 'login ada --as ada', {}, /^console login: "ada" is unexpected\./],
    [
      'with an option of another command',
      'login --as ada --audit-log x',
      {},
      /^console login: There is no option --audit-log/,
    ],
  ])('is refused %s', async (_, line, options, message) => {
    await expect(run(line, options)).rejects.toThrow(
      expect.objectContaining({ name: 'StartError', message: expect.stringMatching(message) }),
    );
  });

  it('does not write the link into a pipe', async () => {
    const folder = openFolder();
    const line = ['console', 'login', '--as', 'ada', '--config', folder.write('w.yaml', FILE)];
    const { code, stdout, stderr } = await runProgram(line, { KEY: DEPLOYMENT.toString('base64') });
    folder.remove();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^workos-mcp: console login prints a link that signs in, so it works only on a terminal/);
  });
});
