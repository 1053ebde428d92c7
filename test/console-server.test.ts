import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ConsoleServer, openConsoleServer } from './support/console-server.ts';
import { openWorkosStandIn, type WorkosStandIn } from './support/view-workos.ts';

const AGENTS = {
  reader: { allow: 'users:read', list: 'all', 'requests-per-minute': 50 },
  other: { allow: 'users:read', list: 'all' },
};
const SETTINGS = { agents: AGENTS, approvers: { ada: { agents: ['reader'], allow: ['*:full'] } } };

let workos: WorkosStandIn;
let server: ConsoleServer;
beforeAll(async () => {
  workos = await openWorkosStandIn();
  server = await openConsoleServer(SETTINGS, workos.env);
}, 60_000);
afterAll(async () => {
  await server?.close();
  await workos?.close();
});

/** Signs in by a link, and returns what loads a page as the console's script does. */
async function signIn(name: string) {
  const link = new URL(server.linkFor(name)).searchParams.get('token') ?? '';
  const headers = { origin: server.url, 'sec-fetch-site': 'same-origin' };
  const body = new URLSearchParams({ link });
  const { headers: given } = await fetch(`${server.url}/link`, { method: 'POST', headers, body, redirect: 'manual' });
  const session = given.get('x-console-session') ?? '';
  return async (path: string) => {
    const response = await fetch(`${server.url}${path}`, { headers: { 'x-console-session': session } });
    const text = (await response.text()).replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    return { status: response.status, text };
  };
}

it('tells what agents have done, by the settings that hold', async () => {
  const get = await signIn('ada');
  const row = async () => (await get('/agents')).text.match(/ reader (.*?) Last calls/)?.[1];
  expect(await row()).toMatch(/ 0 of 50 0 of 20 none yet never/);

  const client = await server.connect('reader');
  await client.call('list_users', {});
  await client.call('list_users', { limit: 1_000_000 });
  await client.close();
  // The requests that open a session count as well.
  expect(await row()).toMatch(/ [3-9] of 50 0 of 20 \S+ \S+ UTC : list_users, not sent never/);
  const { text } = await get('/calls?agent=reader&tool=list_users');
  expect(text).toMatch(/ refused reader asked to list users .* ok reader listed users /);
  const { run, seq } = server.entries().find((entry) => entry.tool === 'list_users') ?? expect.fail();
  expect((await get(`/calls/${run}/${seq}`)).text).toContain('Decision allowed Rule users:read');
  expect((await get('/calls/verify')).text).toContain('The record is whole.');

  const other = await server.connect('other');
  await other.call('list_users', {});
  await other.close();
  expect((await get('/agents/other')).status).toBe(404);
  expect((await get('/calls')).text).not.toContain('other listed');

  const approvers = { ada: { agents: ['*'], allow: ['*:full'] } };
  expect(
    await server.reload({ agents: { ...AGENTS, reader: { ...AGENTS.reader, allow: 'users:full' } }, approvers }),
  ).toBe(true);
  expect((await get('/agents/reader?tool=delete_user')).text).toContain('delete_user is on');
  expect((await get('/agents/other')).text).toContain('delete_user');
  expect((await get('/calls')).text).toContain('other listed');
});
