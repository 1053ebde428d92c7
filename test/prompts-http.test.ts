import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entriesIn, hashOf, newTokens, openFolder, openWorkos, post, serve } from './support/http-server.ts';
import { connectOverHttp } from './support/prompts.ts';
import { PEERS } from './support/session.ts';

describe('prompts over HTTP', () => {
  const KEY = 'sk_test_prompts_1234567890';
  const token = newTokens('ann', 'sol', 'nat');
  const folder = openFolder();
  let workos: Awaited<ReturnType<typeof openWorkos>>;
  let server: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    const page = {
      object: 'list',
      data: [{ id: 'org_1', name: 'Acme' }],
      list_metadata: { before: null, after: null },
    };
    workos = await openWorkos('north', KEY, () => Response.json(page));
    const config = folder.write(
      'workos-mcp.yaml',
      `
audit-log: ${folder.path}/audit.jsonl
environments:
  north: { api-key-env: NORTH_KEY, base-url: '${workos.url}' }
agents:
  ann: { environment: north, allow: ['sso:read', 'organizations:read'], tokens: ['${hashOf(token.ann)}'] }
  sol: { environment: north, allow: ['users:full'], confirm: 'off', tokens: ['${hashOf(token.sol)}'] }
  nat: { environment: north, allow: ['get_user'], tokens: ['${hashOf(token.nat)}'] }
`,
    );
    server = await serve(['--config', config], { NORTH_KEY: KEY });
  });
  afterAll(async () => {
    await server?.stop();
    await workos?.close();
    folder.remove();
  });

  describe.each(PEERS)('a %s', (peer) => {
    it('has the prompts of its agent and no other', async () => {
      const [ann, sol] = await Promise.all([
        connectOverHttp(server.url, token.ann.token, peer),
        connectOverHttp(server.url, token.sol.token, peer),
      ]);
      expect(await ann.names()).toEqual(['debug_sso']);
      expect(await sol.names()).toEqual(['offboard_user', 'review_access']);
      expect(ann.instructions()).toMatch(/^- sso: /m);
      expect(sol.instructions()).not.toMatch(/^- sso: /m);
      expect(await sol.text('offboard_user', { email: 'a@b.test' })).toContain('delete_user takes effect at once');
      await expect(ann.text('offboard_user', { email: 'a@b.test' })).rejects.toThrow('Prompt offboard_user not found');
      await expect(sol.text('debug_sso', { organization: 'Acme' })).rejects.toThrow('Prompt debug_sso not found');
      expect((await ann.complete('debug_sso', 'organization', 'Acme')).values).toEqual(['Acme (org_1)']);
      expect((await sol.complete('review_access', 'organization', 'Acme')).values).toEqual([]);
      await Promise.all([ann.close(), sol.close()]);
    });
  });

  it('records a completion under the agent', async () => {
    const ann = await connectOverHttp(server.url, token.ann.token, 'v2 client, auto');
    await ann.complete('debug_sso', 'organization', 'Acme');
    await ann.close();
    const entry = entriesIn(folder.read('audit.jsonl')).findLast(({ kind }) => kind === 'decision');
    expect(entry).toMatchObject({ agent: 'ann', tool: 'list_organizations', decision: 'allowed' });
  });

  it('says for how long a list holds, and for whom', async () => {
    const { result } = await post(server.url, token.ann.token, { method: 'prompts/list' });
    expect(result).toMatchObject({ ttlMs: 60_000, cacheScope: 'private' });
  });

  it('knows no prompts where an agent has none', async () => {
    const { error } = await post(server.url, token.nat.token, { method: 'prompts/list' });
    expect(error).toMatchObject({ code: -32601 });
  });

  it('narrows prompts together with tools', async () => {
    const headers = { 'x-workos-mcp-allow': 'list_connections' };
    const whole = await post(server.url, token.sol.token, { method: 'prompts/list' });
    expect(whole.result.prompts).toHaveLength(2);
    const read = await post(server.url, token.sol.token, {
      method: 'prompts/list',
      headers: { 'x-workos-mcp-read-only': 'true' },
    });
    expect(read.result.prompts.map(({ name }: { name: string }) => name)).toEqual(['review_access']);
    const { result } = await post(server.url, token.ann.token, { method: 'prompts/list', headers });
    expect(result.prompts.map(({ name }: { name: string }) => name)).toEqual(['debug_sso']);
  });
});
