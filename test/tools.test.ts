import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSigner, openSandbox } from '../sandbox/index.ts';
import { CALLS } from './support/calls.ts';
import { catalog } from './support/catalog.ts';
import { ofTool } from './support/requests.ts';
import { answer, requestOf, sandboxCallOf } from './support/sandbox-calls.ts';
import { CLIENT } from './support/seeded.ts';
import { connect, PEERS, type Session } from './support/session.ts';
import { listen, type Upstream } from './support/upstream.ts';

const { tools } = catalog;

const signer = createSigner();

/** What the server adds to an answer of WorkOS's, or makes of one without a body. */
const OWN = ['notes', 'environment', 'ok', 'status'];

/** An answer of WorkOS's as far as it has to come back: all that is shown has to be in it. */
function toShown(text: string): Record<string, unknown> {
  const value = text === '' ? {} : JSON.parse(text);
  return Array.isArray(value) ? { object: 'list', data: value } : value;
}

describe.each(PEERS)('behind the %s', (peer) => {
  let upstream: Upstream;
  let session: Session;

  beforeAll(async () => {
    upstream = await listen(answer);
    const env = {
      WORKOS_API_KEY: CLIENT.client_secret,
      WORKOS_BASE_URL: upstream.url,
      WORKOS_CLIENT_ID: CLIENT.client_id,
    };
    session = await connect(
      [...['--allow', '*:full,*:credentials', '--list', 'all', '--confirm', 'off', '--no-status-tool']],
      env,
      peer,
    );
  });
  afterAll(async () => {
    await session.close();
    await upstream.close();
  });

  it('lists every tool there is a case of', async () => {
    const names = (await session.listTools()).map((tool) => tool.name);
    expect(names).toEqual([...tools.map(({ name }) => name), 'wait_for_events']);
  });

  // What is asked, what leaves for WorkOS, what comes back.
  it.each(tools)('$name', async (tool) => {
    const { name } = tool;
    const call = sandboxCallOf(tool);
    const sandbox = openSandbox(undefined, signer);
    let said = '';
    upstream.answer = async (request) => {
      const response = await (call === undefined ? answer(request) : sandbox.fetch(request));
      said = await response.clone().text();
      return response;
    };
    const { args, sends = requestOf(tool, args), answers } = call ?? { args: CALLS[name]?.[0] ?? expect.fail() };

    const before = upstream.received.length;
    const result = await session.call(name, args);
    expect(result.isError, result.text).toBeUndefined();
    expect(JSON.parse(result.text)).toEqual(result.structured);
    if (answers !== undefined) expect(result.structured).toMatchObject(answers);
    else {
      const shown = Object.entries(Object(result.structured)).filter(([member]) => !OWN.includes(member));
      expect(toShown(said)).toMatchObject(Object.fromEntries(shown));
    }

    const sent = ofTool(name, upstream.received.slice(before));
    if (sends === 'none') return expect(sent).toEqual([]);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject(sends);
    expect(sent[0]?.headers).toMatchObject({
      authorization: 'Bearer sk_test_sandbox',
      'user-agent': expect.stringMatching(/^workos-mcp\//),
    });
  });

  it('never writes the key to its log', async () => {
    await session.call('get_user', { user_id: 'user_1' });
    expect(session.log()).toContain('"tool":"get_user"');
    expect(session.log()).not.toContain('sk_test');
  });
});
