import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Session } from './support/session.ts';
import { listen, type Upstream } from './support/upstream.ts';

const LIMITED = { status: 429, headers: { 'retry-after': '60' } };
const FACTOR = { authentication_factor_id: 'auth_factor_1' };
const CALLS: readonly (readonly [tool: string, args: Record<string, unknown>])[] = [
  ['challenge_auth_factor', FACTOR],
  ['get_directory', { directory_id: 'directory_1' }],
  ['get_connection', { connection_id: 'conn_1' }],
];

let upstream: Upstream;
let session: Session | undefined;
beforeAll(async () => {
  upstream = await listen(() => Response.json({ message: 'Too many' }, LIMITED));
});
afterAll(() => upstream.close());
afterEach(() => session?.close());

const start = async (): Promise<Session> => {
  upstream.answer = () => Response.json({ message: 'Too many' }, LIMITED);
  session = await connect(['--allow', '*:full'], { WORKOS_API_KEY: 'sk_test_1', WORKOS_BASE_URL: upstream.url });
  return session;
};

describe('a 429 of an endpoint without a documented limit of its own', () => {
  it('closes that endpoint, and no other', async () => {
    const { call } = await start();
    const limited = await call('challenge_auth_factor', FACTOR);
    expect(limited.text).toContain('with 429 Too Many Requests');
    upstream.answer = () => Response.json({ object: 'list', data: [] });
    expect(await call('list_organizations', {})).toMatchObject({ structured: { data: [] } });
    const again = await call('challenge_auth_factor', FACTOR);
    expect(again.text).toMatch(
      /^challenge_auth_factor was not sent\. WorkOS answered another call of challenge_auth_factor with 429 Too Many Requests\. Wait at least (59|60) seconds, then call again\.$/,
    );
  });

  it.each([
    [2, false],
    [3, true],
  ])('closes all of them once %d have answered so: %s', async (count, isClosed) => {
    const { call } = await start();
    for (const [tool, args] of CALLS.slice(0, count)) await call(tool, args);
    upstream.answer = () => Response.json({ object: 'list', data: [] });
    const { text } = await call('list_organizations', {});
    expect(text.includes("WorkOS's rate limit general (6,000 requests per 60 seconds) is used up.")).toBe(isClosed);
  });
});
