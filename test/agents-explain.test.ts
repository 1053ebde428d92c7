import { afterAll, describe, expect, it } from 'vitest';
import { catalog, openedBy } from './support/catalog.ts';
import { hashOf, newTokens, openFolder } from './support/http-server.ts';
import { runHere } from './support/run-here.ts';

const token = newTokens('ann', 'bob');
const folder = openFolder();
afterAll(() => folder.remove());

const env = { NORTH_KEY: 'sk_test_explain_123456789', LIVE_KEY: 'sk_live_explain_123456789' };
const file = folder.write(
  'agents.yaml',
  `audit-log: stderr
environments:
  north: { api-key-env: NORTH_KEY }
  live: { api-key-env: LIVE_KEY }
agents:
  ann: { environment: north, allow: 'users:full', deny: delete_user, tokens: ['${hashOf(token.ann)}'] }
  bob: { environment: live, allow: '*:full', tokens: ['${hashOf(token.bob)}'] }
`,
);

const all = catalog.tools.length;
const users = catalog.tools.filter(({ area }) => area === 'users').length;
/** All of users that takes no credentials, but for delete_user. */
const ann = openedBy('users', 'read', 'write', 'delete').length - 1;

describe('of the agents of a file', () => {
  it.each([
    ['explain delete_user --agent ann', ['for              ann (staging)', 'off: deny delete_user keeps it off']],
    ['explain delete_user --agent bob', ['for              bob (production)', 'say production-writes']],
    ['explain users --agent ann', [`${ann} of ${users} tools on`, 'take deny delete_user away']],
    [
      'tools --agent ann',
      [/delete_user +users +delete +off +deny delete_user keeps it off/, `${ann} of ${all} tools are on`],
    ],
    ['tools --agent bob', [`${openedBy('*', 'read').length} of ${all} tools are on`]],
  ])('%s answers for the one that is named', async (line, said) => {
    const { code, stdout, stderr } = await runHere([...line.split(' '), '--config', file], env);
    expect([code, stderr]).toEqual([0, '']);
    for (const text of said) expect(stdout).toMatch(text);
    expect(stdout).not.toContain('--');
  });

  it.each([
    ['explain delete_user', 'The file has the agents ann, bob: choose one with --agent NAME.'],
    ['tools', 'The file has the agents ann, bob: choose one with --agent NAME.'],
    ['explain delete_user --agent an', 'The file has no agent "an". Did you mean "ann"? It has ann, bob.'],
  ])('%s has to be told which', async (line, said) => {
    const { code, stdout, stderr } = await runHere([...line.split(' '), '--config', file], env);
    expect([code, stdout, stderr]).toEqual([2, '', `workos-mcp: ${said}\n`]);
  });

  it('check tells machines of their grants what it tells of flags, and no more', async () => {
    const { stdout } = await runHere(['check', '--json', '--config', file], env);
    const [ann] = JSON.parse(stdout).agents;
    expect(ann.grants).toEqual({
      allow: ['users:full'],
      deny: ['delete_user'],
      readOnly: false,
      productionGuard: false,
    });
  });

  it('a missing key is told, as a start would', async () => {
    const { code, stderr } = await runHere(['explain', 'delete_user', '--agent', 'ann', '--config', file]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('NORTH_KEY')]);
  });
});

it.each([
  'explain delete_user',
  'tools',
  'check',
])('%s refuses a confirmation that only agents of a file have, as a start does', async (line) => {
  const { code, stderr } = await runHere([
    ...line.split(' '),
    ...'--sandbox --allow *:full --confirm person'.split(' '),
  ]);
  expect(code).toBe(2);
  expect(stderr).toContain('--confirm person works over HTTP alone');
});
