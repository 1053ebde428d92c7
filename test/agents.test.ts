import { describe, expect, it } from 'vitest';
import { decide, narrow, type Policy } from '../src/access/policy.ts';
import { type AgentGrants, policyOf } from '../src/agents/agent-policy.ts';
import { metadataPath, parsePublicUrl, protectedResourceMetadata, wwwAuthenticate } from '../src/agents/challenge.ts';
import { type DistinctHeaders, narrowByHeaders } from '../src/agents/headers.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import { declarations } from '../tools/index.ts';

const catalog = createCatalog(declarations);
const allow = (...grants: string[]) =>
  decide(catalog, { allow: grants, deny: [], readOnly: false, productionGuard: false });
/** What a policy leaves on: tools, and those whose secrets are shown. */
const on = (policy: Policy) => ({
  tools: catalog.tools.filter((tool) => policy.whyOff(tool) === undefined).map(({ name }) => name),
  shown: catalog.tools.filter((tool) => policy.whyRestricted(tool) === undefined).map(({ name }) => name),
});
const toolOf = (name: string) => catalog.tools.find((tool) => tool.name === name) ?? expect.fail(name);

describe('two policies together', () => {
  const texts = [
    '*:read',
    '*:full',
    '*:credentials',
    'users:write',
    'users:full',
    'get_user',
    'sso:credentials',
    'preset:support',
  ];
  const pairs = texts.flatMap((one) => texts.map((two) => [one, two] as const));

  it.each(pairs)('%s and %s leave on what both do, credentials apart', (one, two) => {
    const both = narrow(allow(one), allow(two), 'no');
    for (const tool of catalog.tools) {
      const isOn = [allow(one), allow(two)].every((policy) => policy.whyOff(tool) === undefined);
      const isShown = [allow(one), allow(two)].every((policy) => policy.whyRestricted(tool) === undefined);
      expect([tool.name, both.whyOff(tool) === undefined]).toEqual([tool.name, isOn]);
      expect([tool.name, both.whyRestricted(tool) === undefined]).toEqual([tool.name, isShown]);
      expect([tool.name, both.grantOf(tool)]).toEqual([tool.name, isOn ? allow(one).grantOf(tool) : undefined]);
    }
  });

  it('say which of them keeps a tool off', () => {
    const both = narrow(allow('users:full'), allow('*:read'), 'the ceiling of x keeps it off');
    expect(both.whyOff(toolOf('get_user'))).toBeUndefined();
    expect(both.whyOff(toolOf('delete_user'))).toBe('the ceiling of x keeps it off');
    expect(both.whyOff(toolOf('get_organization'))).toBe('needs the grant organizations:read');
  });

  it('take a tool that needs credentials only where both give them', () => {
    const tool = toolOf('authenticate_user');
    const full = allow('*:full', '*:credentials');
    expect(narrow(full, allow('*:full'), 'no').whyOff(tool)).toBe('no');
    expect(narrow(full, full, 'no').whyOff(tool)).toBeUndefined();
  });
});

describe('the policy of an agent', () => {
  const agent: AgentGrants = {
    environment: 'e',
    allow: ['*:full'],
    deny: ['users:delete'],
    readOnly: false,
    productionWrites: false,
  };

  it.each<[string, AgentGrants, Parameters<typeof policyOf>[2], Parameters<typeof policyOf>[3], string[]]>([
    ['in staging', agent, 'staging', undefined, ['get_user', 'update_user', 'delete_organization']],
    ['in production', agent, 'production', undefined, ['get_user']],
    [
      'in production with its writes',
      { ...agent, productionWrites: true },
      'production',
      undefined,
      ['get_user', 'update_user', 'delete_organization'],
    ],
    ['read-only', { ...agent, readOnly: true }, 'staging', undefined, ['get_user']],
    ['on a read-only server', agent, 'staging', { deny: [], readOnly: true }, ['get_user']],
    [
      'on a server that denies more',
      agent,
      'staging',
      { deny: ['*:delete', 'get_user'], readOnly: false },
      ['update_user'],
    ],
    [
      'within a ceiling',
      { ...agent, within: { template: 't', ceiling: ['users:full'] } },
      'staging',
      undefined,
      ['get_user', 'update_user'],
    ],
    [
      'within a ceiling in production',
      { ...agent, within: { template: 't', ceiling: ['users:full'] } },
      'production',
      undefined,
      ['get_user'],
    ],
  ])('%s', (_, granted, label, forbidden, expected) => {
    const { tools } = on(policyOf(catalog, granted, label, forbidden));
    const asked = ['get_user', 'update_user', 'delete_user', 'delete_organization'];
    expect(asked.filter((name) => tools.includes(name))).toEqual(expected);
  });
});

describe('headers of a request', () => {
  const policy = allow('users:full', 'users:credentials', 'organizations:read');
  const send = (headers: DistinctHeaders) => narrowByHeaders(catalog, policy, headers);

  it.each<[DistinctHeaders, Policy]>([
    [{}, policy],
    [{ 'x-other': ['a', 'b'] }, policy],
    [{ 'x-workos-mcp-read-only': ['false'] }, policy],
    [{ 'x-workos-mcp-read-only': ['TRUE'] }, allow('users:read', 'organizations:read')],
    [{ 'x-workos-mcp-read-only': ['1'] }, allow('users:read', 'organizations:read')],
    [{ 'x-workos-mcp-allow': ['*:full,*:credentials'] }, policy],
    [{ 'x-workos-mcp-allow': ['*:full'] }, allow('users:full', 'organizations:read')],
    [{ 'x-workos-mcp-allow': [' users:read , get_organization '] }, allow('users:read', 'get_organization')],
    [{ 'x-workos-mcp-allow': ['directory_sync:read'] }, allow()],
    [{ 'x-workos-mcp-allow': ['users:write'], 'x-workos-mcp-read-only': ['true'] }, allow()],
  ])('%j narrow', (headers, expected) => {
    const narrowed = send(headers);
    expect(narrowed.ok && on(narrowed.policy)).toEqual(on(expected));
  });

  it.each<[DistinctHeaders, RegExp]>([
    [{ 'x-workos-mcp-allow': ['users:read', 'users:write'] }, /^x-workos-mcp-allow is given more than once/],
    [{ 'x-workos-mcp-read-only': ['true', 'true'] }, /^x-workos-mcp-read-only is given more than once/],
    [{ 'x-workos-mcp-allow': [''] }, /^x-workos-mcp-allow has an empty item/],
    [{ 'x-workos-mcp-allow': ['users:read,'] }, /has an empty item/],
    [{ 'x-workos-mcp-allow': ['user:read'] }, /^x-workos-mcp-allow user:read: there is no area "user"/],
    [{ 'x-workos-mcp-allow': ['a'.repeat(2_001)] }, /longer than/],
    [{ 'x-workos-mcp-read-only': ['yes'] }, /takes true or false/],
    [{ 'x-workos-mcp-read-only': [''] }, /takes true or false/],
    [
      { 'x-workos-mcp-readonly': ['true'] },
      /no header x-workos-mcp-readonly\. Did you mean "x-workos-mcp-read-only"\?/,
    ],
    [{ 'x-workos-mcp-deny': ['users:read'] }, /no header x-workos-mcp-deny/],
  ])('%j is a 400', (headers, message) => {
    expect(send(headers)).toEqual({ ok: false, status: 400, message: expect.stringMatching(message) });
  });
});

describe('the way to a token', () => {
  const issuer = {
    name: 'i',
    issuer: 'https://a.authkit.app',
    jwksUrl: '',
    algorithms: [],
    m2mAudience: undefined,
    environment: undefined,
    signIn: undefined,
  } as const;

  it.each([
    ['https://mcp.acme.test', '/.well-known/oauth-protected-resource'],
    ['https://mcp.acme.test/mcp', '/.well-known/oauth-protected-resource/mcp'],
    ['https://acme.test:8443/a/mcp', '/.well-known/oauth-protected-resource/a/mcp'],
  ])('to %s is told at %s', (publicUrl, path) => {
    expect(metadataPath(publicUrl)).toBe(path);
    expect(wwwAuthenticate(publicUrl, [issuer])).toBe(
      `Bearer realm="workos-mcp", resource_metadata="${new URL(publicUrl).origin}${path}"`,
    );
    expect(protectedResourceMetadata(publicUrl, [issuer])).toEqual({
      resource: publicUrl,
      authorization_servers: ['https://a.authkit.app'],
      bearer_methods_supported: ['header'],
      resource_name: 'WorkOS MCP server',
    });
  });

  it('is told to nobody where no issuer is trusted', () => {
    expect(protectedResourceMetadata('https://mcp.acme.test/mcp', [])).toBeUndefined();
    expect(wwwAuthenticate('https://mcp.acme.test/mcp', [])).toBe('Bearer realm="workos-mcp"');
  });

  it('says what is wrong, in characters that cannot end the value', () => {
    const given = { error: 'invalid_token', description: 'a "b" \\c\r\nX: ü' } as const;
    expect(wwwAuthenticate('https://mcp.acme.test/mcp', [], given)).toBe(
      'Bearer realm="workos-mcp", error="invalid_token", error_description="a ?b? ?c??X: ?"',
    );
  });

  it.each([
    ['https://MCP.acme.test:443/', 'https://mcp.acme.test'],
    ['https://mcp.acme.test/mcp', 'https://mcp.acme.test/mcp'],
    ['https://mcp.acme.test/mcp/', 'https://mcp.acme.test/mcp/'],
    ['http://127.0.0.1:8080/mcp', 'http://127.0.0.1:8080/mcp'],
  ])('%s is %s', (text, url) => {
    expect(parsePublicUrl(text)).toBe(url);
  });

  it.each([
    'http://mcp.acme.test',
    'mcp.acme.test',
    'https://u:p@a.test',
    'https://a.test/?x=1',
    'https://a.test/#x',
    '',
  ])('%s is no public URL', (text) => {
    expect(() => parsePublicUrl(text)).toThrow('--public-url');
  });
});
