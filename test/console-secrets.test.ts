import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveKey } from '../src/keys.ts';
import { toLink } from './support/console-client.ts';
import { findPort } from './support/find-port.ts';
import {
  type Entry,
  entriesIn,
  type HttpServer,
  hashOf,
  newId,
  newTokens,
  openFolder,
  openWorkos,
  post,
  serve,
} from './support/http-server.ts';
import { openProvider, type Provider } from './support/openid-provider.ts';
import { createVisitor, type Visited, type Visitor } from './support/visitor.ts';

// Everything that a server with a console says of itself, in a run that has all that is secret in it: in the log at its
// most talkative, the record, metrics, the list of processes, and what the agents and each approver are answered.

const KEY = 'sk_test_secrets_123456789';
const DEPLOYMENT_KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 3 + 1));
const CLIENT_SECRET = 'client-secret-canary-5f1d';
const CONSOLE = 'https://console.acme.test';
const WORDS = 'words-canary: ask Bea first';
const REASON = 'reason-canary: Ada left';
const token = newTokens('ann', 'eve');
const folder = openFolder();

let server: HttpServer;
let provider: Provider;
let workos: Awaited<ReturnType<typeof openWorkos>>;
let consolePort: number;
let metricsPort: number;
/** Sees all agents, and signs in by a link. */
let grace: Visitor;
/** Sees ann alone, and signs in by an issuer. */
let ada: Visitor;
const secrets = new Map<string, string>();
/** What each was answered. */
const heard = { grace: '', ada: '', ann: '', eve: '' };

const keep = (name: string, secret: string | undefined): string => {
  if (secret === undefined || secret.length < 12) return expect.fail(`${name}: ${secret}`);
  secrets.set(name, secret);
  return secret;
};

/** A browser whose answers are kept. */
function listened(visitor: Visitor, who: 'grace' | 'ada'): Visitor {
  const note = (visited: Visited) => {
    heard[who] += `${visited.location ?? ''}\n${visited.body}\n`;
    return visited;
  };
  return {
    ...visitor,
    get: async (...args) => note(await visitor.get(...args)),
    send: async (...args) => note(await visitor.send(...args)),
  };
}

const USERS = { yes: newId('user'), no: newId('user'), hidden: newId('user') };

/** Calls as a client that can open addresses, which is told at once by which ID its call goes on. */
async function remove(of: 'ann' | 'eve', user_id: string, confirm_token?: string, headers = {}) {
  const args = { user_id, confirm_reason: REASON, ...(confirm_token !== undefined && { confirm_token }) };
  const { result, text } = await post(server.url, token[of].token, {
    method: 'tools/call',
    params: { name: 'delete_user', arguments: args },
    abilities: { elicitation: { url: {} } },
    headers,
  });
  heard[of] += `${text}\n`;
  return result;
}

const handles = async (visitor: Visitor): Promise<readonly string[]> =>
  [...(await visitor.get('/waiting')).body.matchAll(/href="\/waiting\/([\w-]+)"/g)].map(([, handle = '']) => handle);
async function handleOf(visitor: Visitor, user_id: string): Promise<string> {
  for (const handle of await handles(visitor)) {
    if ((await visitor.get(`/waiting/${handle}`)).body.includes(user_id)) return handle;
  }
  return expect.fail(`${user_id} does not wait`);
}

const records = () => folder.read('audit.jsonl');
const entryOf = (id: string): Entry =>
  entriesIn(records()).find((entry) => JSON.stringify(entry).includes(id)) ?? expect.fail(`no entry of ${id}`);

beforeAll(async () => {
  [workos, provider] = await Promise.all([openWorkos('north', KEY), openProvider({ secret: CLIENT_SECRET })]);
  [consolePort, metricsPort] = [await findPort(), await findPort()];
  provider.state.user = { sub: 'user_ada', email: 'ada@acme.test' };
  folder.write(
    'workos-mcp.yaml',
    `
public-url: https://mcp.acme.test/mcp
console-port: ${consolePort}
console-url: ${CONSOLE}
metrics-port: ${metricsPort}
deployment-key-env: OWN_KEY
log-level: trace
audit-log: ${folder.path}/audit.jsonl
environments:
  north: { api-key-env: NORTH_KEY, base-url: '${workos.url}', expect: staging }
issuers:
  staff:
    issuer: ${provider.url}
    jwks-url: ${provider.url}/jwks
    environment: other
    sign-in: { client-id: ${provider.clientId}, client-secret-env: CONSOLE_SECRET }
agents:
  ann: { allow: 'users:full', confirm: person, tokens: ['${hashOf(token.ann)}'] }
  eve: { allow: 'users:full', confirm: person, tokens: ['${hashOf(token.eve)}'] }
approvers:
  grace: { agents: '*', allow: '*:full' }
  ada: { issuer: staff, sub: user_ada, agents: ann, allow: '*:full' }
`,
  );
  server = await serve(['--config', `${folder.path}/workos-mcp.yaml`], {
    NORTH_KEY: KEY,
    OWN_KEY: DEPLOYMENT_KEY.toString('base64'),
    CONSOLE_SECRET: CLIENT_SECRET,
  });
  keep('the API key', KEY);
  keep('the deployment key', DEPLOYMENT_KEY.toString('base64'));
  keep('the key of the console', deriveKey(DEPLOYMENT_KEY, 'console').toString('base64url'));
  keep('the client secret', CLIENT_SECRET);
  keep("ann's token", token.ann.token);
  keep("eve's token", token.eve.token);
  keep("an approver's words", WORDS);
  keep("an agent's reason", REASON);

  // grace, by a link. The page of the link holds it.
  const first = createVisitor(CONSOLE, consolePort);
  grace = listened(first, 'grace');
  const link = keep('a used link', toLink(DEPLOYMENT_KEY, 'grace'));
  expect((await first.get(`/link?token=${link}`)).body).toContain(link);
  expect((await grace.send('/link', { link })).status).toBe(303);
  expect((await grace.send('/link', { link })).status).toBe(403);
  keep("grace's session", grace.cookie('session'));

  // ada, by the issuer. The page that it leads back to holds the code.
  const second = createVisitor(CONSOLE, consolePort);
  ada = listened(second, 'ada');
  const begun = await second.send('/sign-in', { issuer: 'staff', to: '/waiting' });
  const address = /data-goes href="([^"]+)"/.exec(begun.body)?.[1]?.replaceAll('&amp;', '&') ?? expect.fail(begun.body);
  keep('the attempt to sign in', ada.cookie('attempt'));
  const back = await provider.visit(address);
  const form = Object.fromEntries(back.searchParams);
  keep('the code of the issuer', form.code);
  keep('the state', form.state);
  await second.get(`${back.pathname}${back.search}`);
  expect((await ada.send('/signed-in/staff', { ...form, state: 'x'.repeat(43) })).status).toBe(403);
  const again = await second.send('/sign-in', { issuer: 'staff', to: '/waiting' });
  const fresh = await provider.visit(
    /data-goes href="([^"]+)"/.exec(again.body)?.[1]?.replaceAll('&amp;', '&') ?? expect.fail(again.body),
  );
  keep('the second code of the issuer', fresh.searchParams.get('code') ?? undefined);
  expect(await ada.send('/signed-in/staff', Object.fromEntries(fresh.searchParams))).toMatchObject({ status: 303 });
  keep("ada's session", ada.cookie('session'));

  // ann gets a yes and a no, and eve waits.
  const approved = keep('the ID of a call with a yes', (await remove('ann', USERS.yes)).requestState);
  const declined = keep('the ID of a call with a no', (await remove('ann', USERS.no)).requestState);
  keep("the ID of eve's call", (await remove('eve', USERS.hidden)).requestState);
  const yes = { answer: 'yes', typed: USERS.yes.slice(-6) };
  expect((await ada.send(`/waiting/${await handleOf(ada, USERS.yes)}`, yes)).status).toBe(303);
  const no = { answer: 'no', words: WORDS };
  expect((await grace.send(`/waiting/${await handleOf(grace, USERS.no)}`, no)).status).toBe(303);
  expect((await remove('ann', USERS.yes, approved)).isError).toBeUndefined();
  expect((await remove('ann', USERS.no, declined)).isError).toBe(true);
  // Used twice, by another agent, and secrets where they do not belong.
  expect((await remove('ann', USERS.yes, approved)).isError).toBe(true);
  expect((await remove('eve', USERS.yes, approved)).isError).toBe(true);
  await remove('eve', USERS.no, grace.cookie('session'));
  const cookie = `__Host-console-session=${grace.cookie('session')}`;
  await remove('eve', USERS.no, undefined, { cookie, 'x-console-session': grace.cookie('session') });
  expect((await grace.get('/waiting', { authorization: `Bearer ${token.ann.token}` })).status).toBe(400);
  expect((await ada.get('/waiting', { 'x-console-session': grace.cookie('session') })).status).toBe(400);
  for (const path of [`/nowhere/${link}`, `/waiting?token=${link}`, `/calls?agent=${link}`, `/waiting/${approved}`]) {
    await second.get(path); // a page may say what was looked for
  }
  await grace.send('/signed-in/staff', form);
}, 60_000);
afterAll(async () => {
  await server?.stop();
  await Promise.all([workos?.close(), provider?.close()]);
  folder.remove();
});

/** Each secret that a text has, also within an address. */
const secretsIn = (text: string, except: readonly string[] = []): readonly string[] =>
  [...secrets].flatMap(([name, secret]) =>
    !except.includes(name) &&
    [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)].some((form) => text.includes(form))
      ? [name]
      : [],
  );

describe('what is secret about the console', () => {
  it('was all there', () => {
    expect(secrets.size).toBe(18);
    expect(secretsIn([...secrets.values()].join(' '))).toHaveLength(18);
    expect(new Set(secrets.values()).size).toBe(18);
  });

  it('is not in the log at trace, which says what happened', async () => {
    expect(server.log()).toMatch(/"level":20/);
    expect(secretsIn(server.log())).toEqual([]);
    expect(server.log()).not.toContain('user_ada');
  });

  it('is not in the record, which says who answered', () => {
    expect(records()).toContain('"approver":"ada"');
    expect(records()).toContain('signed in to the console by staff');
    expect(secretsIn(records())).toEqual([]);
  });

  it('is not in the metrics, nor in the list of processes', async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(metrics).toContain('workos_mcp');
    expect(secretsIn(metrics)).toEqual([]);
    const { pid } = server.process;
    const listed =
      process.platform === 'linux'
        ? ['cmdline', 'comm'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8'))
        : [];
    expect(secretsIn(listed.join('\n'))).toEqual([]);
  });

  it('is on no page, but for what an agent and an approver say to each other', async () => {
    for (const visitor of [grace, ada]) {
      for (const path of ['/waiting', '/agents', '/agents/ann', '/calls', '/calls/verify', '/sign-in', '/']) {
        await visitor.get(path);
      }
      const { run, seq } = entryOf(USERS.yes);
      expect((await visitor.get(`/calls/${run}/${seq}`)).status).toBe(200);
    }
    const said = ["an agent's reason", "an approver's words"];
    expect(secretsIn(heard.grace, said)).toEqual([]);
    expect(secretsIn(heard.ada, said)).toEqual([]);
    expect(heard.grace).toContain(REASON);
  });

  it('reaches no agent but by the ID of its own call, and the words that are for it', () => {
    expect(secretsIn(heard.ann)).toEqual([
      "an approver's words",
      'the ID of a call with a yes',
      'the ID of a call with a no',
    ]);
    expect(secretsIn(heard.eve)).toEqual(["the ID of eve's call"]);
  });
});

describe('an approver who does not see an agent', () => {
  it('finds nothing of it on any page', async () => {
    const handle = await handleOf(grace, USERS.hidden);
    const { run, seq } = entryOf(USERS.hidden);
    for (const path of [`/waiting/${handle}`, '/agents/eve', `/calls/${run}/${seq}`]) {
      expect([path, (await ada.get(path)).status]).toEqual([path, 404]);
      expect([path, (await grace.get(path)).status]).toEqual([path, 200]);
    }
    for (const path of [
      '/waiting',
      '/agents',
      '/calls',
      '/calls?agent=eve',
      `/calls?object=${USERS.hidden}`,
      '/calls/verify',
    ]) {
      const { status, body } = await ada.get(path);
      expect([path, status]).toEqual([path, 200]);
      // The page may repeat what was asked for.
      const said = body.replaceAll(`value="${USERS.hidden}"`, '').replaceAll('value="eve"', '');
      expect(said, path).not.toContain(USERS.hidden);
      expect(said, path).not.toContain(handle);
      expect(said, path).not.toMatch(/\beve\b/);
    }
  });

  it('can neither answer its call nor lift its hold', async () => {
    const path = `/waiting/${await handleOf(grace, USERS.hidden)}`;
    for (const form of [{ answer: 'yes', typed: USERS.hidden.slice(-6) }, { answer: 'no' }]) {
      const { status, body } = await ada.send(path, form);
      expect(status).toBe(409);
      // As for a call that there never was.
      expect(body).toBe((await ada.send(`/waiting/${'x'.repeat(43)}`, form)).body);
    }
    expect((await ada.send('/agents/eve/lift', {})).status).toBe(404);
    expect(await handles(grace)).toContain(path.split('/').at(-1));
    expect(
      workos.received.filter(({ method }) => method === 'DELETE').map(({ path }) => path.split('/').at(-1)),
    ).toEqual([USERS.yes]);
  });
});
