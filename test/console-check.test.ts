import { afterAll, describe, expect, it } from 'vitest';
import { openFolder } from './support/http-server.ts';
import { runProgram } from './support/in-process.ts';

const FILE = `
expect: staging
console-port: 8090
deployment-key-env: OWN_KEY
issuers:
  okta: { issuer: https://acme.okta.com, jwks-url: https://acme.okta.com/keys, environment: other, sign-in: { client-id: 0oa1 } }
agents:
  bot: { allow: ['users:full', 'mfa:delete'], tokens: ['aaaaaaaaaa:${'0'.repeat(64)}'], confirm: person, owner: ada, same-person: refuse }
  helper: { allow: [users:delete], tokens: ['bbbbbbbbbb:${'0'.repeat(64)}'], confirm: person, client-asks: trusted }
approvers:
  ada: { agents: '*', allow: '*:full' }
  bob: { issuer: okta, sub: 00u1, agents: [bot], allow: ['users:full'] }
`;

const folder = openFolder();
afterAll(folder.remove);
const path = folder.write('w.yaml', FILE);
const run = async (...words: readonly string[]) => {
  const { code, stdout, stderr } = await runProgram([...words, '--no-keys', '--config', path]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};

describe('a file with a console', () => {
  it('is shown by check, with its approvers', async () => {
    const text = await run('check');
    expect(text).toMatch(/^bot +staging +person /m);
    expect(text).toContain(
      [
        'APPROVER  SIGNS IN   AGENTS  MAY ANSWER CALLS THAT TAKE',
        'ada       by a link  *       *:full',
        'bob       with okta  bot     users:full',
        'Approvers answer in the console at http://127.0.0.1:8090.',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['bot', ' The person for whom the agent calls may not answer.'],
    ['helper', ' A client that can ask a person is trusted to do so instead.'],
  ])('is shown by check --agent %s', async (name, besides) => {
    const text = await run('check', '--agent', name);
    expect(text.includes('\nbob ')).toBe(name === 'bot');
    expect(text).toContain(`Calls that need a confirmation wait for an approver in the console.${besides}\n`);
  });

  it('is shown by check --json', async () => {
    const review: unknown = JSON.parse(await run('check', '--json'));
    expect(review).toMatchObject({
      agents: [
        { name: 'bot', confirm: 'person', samePerson: 'refuse' },
        { name: 'helper', confirm: 'person', clientAsks: 'trusted' },
      ],
      approvers: [
        { name: 'ada', person: null, agents: ['*'], allow: ['*:full'] },
        { name: 'bob', person: { issuer: 'okta', sub: '00u1' }, agents: ['bot'], allow: ['users:full'] },
      ],
    });
  });

  it.each([
    ['bot', 'every call waits for one: an approver gives it in the console'],
    [
      'helper',
      'every call waits for one: an approver gives it in the console, or a person where the client can ask one',
    ],
  ])('is shown by explain for %s', async (name, confirmation) => {
    expect(await run('explain', 'delete_user', '--agent', name)).toMatch(
      new RegExp(`^ +confirmation +${confirmation}$`, 'm'),
    );
  });
});
