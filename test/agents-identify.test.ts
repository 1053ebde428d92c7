import { createHmac, KeyObject, sign } from 'node:crypto';
import { exportJWK } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { policyOf } from '../src/agents/agent-policy.ts';
import { createIdentifier } from '../src/agents/identify.ts';
import { createToken } from '../src/agents/token.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import { createLog } from '../src/log.ts';
import { toAgents } from '../src/settings/agents-config.ts';
import { readSettingsFile } from '../src/settings/settings-file.ts';
import { warnings } from '../src/settings/warnings.ts';
import { openIssuerKeys } from '../src/start/issuer-keys.ts';
import { declarations } from '../tools/index.ts';
import { type Answer, forge, newKey, openIssuer, toPem } from './support/issuer.ts';

const catalog = createCatalog(declarations);
const publicUrl = 'https://mcp.acme.test/mcp';
const NOW = 1_800_000_000;
let issuer: Awaited<ReturnType<typeof openIssuer>>;
const keys = openIssuerKeys({
  variable: () => undefined,
  log: createLog('silent', { offer: () => {} }),
  now: () => performance.now(),
});

beforeAll(async () => {
  issuer = await openIssuer();
});
afterAll(async () => {
  await keys.close();
  await issuer.close();
});
beforeEach(() => {
  Object.assign(issuer.state, { published: [issuer.key], answer: 'keys', asked: 0 });
});

const one = createToken();
const two = createToken();
const old = createToken();
const over = createToken();
const lasting = createToken();
const owned = createToken();
const hashOf = ({ hash }: typeof one) => `${hash.id}:${hash.sha256}`;

const open = async (deps: { now?: () => number; publicUrl?: string } = {}) => {
  const file = await readSettingsFile(
    `
environments:
  staging: { api-key-env: STAGING_KEY }
  production: { api-key-env: PRODUCTION_KEY }
issuers:
  authkit: { issuer: '${issuer.url}', jwks-url: '${issuer.jwksUrl}', environment: other }
agents:
  support-bot:
    environment: production
    allow: [preset:support]
    tokens: ['${hashOf(one)}', '${hashOf(two)}']
  gone: { environment: staging, allow: '*:read', tokens: ['${hashOf(old)}'], expires: 2020-01-01 }
  renewed:
    environment: staging
    allow: '*:read'
    tokens: ['${hashOf(over)}:${new Date(NOW * 1_000).toISOString()}', '${hashOf(lasting)}:${new Date(NOW * 1_000 + 1).toISOString()}']
  ops: { environment: staging, allow: '*:full', jwt: { client-id: client_ops, org-id: org_1 } }
  owned: { environment: staging, allow: '*:read', owner: ann, tokens: ['${hashOf(owned)}'] }
approvers:
  ann: { agents: owned, allow: '*:full' }
templates:
  engineers:
    environment: staging
    jwt: { permission: 'workos-mcp:use' }
    grants-claim: workos_mcp_grants
    ceiling: ['*:read', 'users:write']
`,
    'w.yaml',
  );
  const config = toAgents(file);
  return createIdentifier(config, { catalog, publicUrl, now: () => NOW * 1_000, fetchJwks: keys.fetchJwks, ...deps });
};

const fitting = { aud: publicUrl, sub: 'user_1', exp: NOW + 60, iat: NOW, client_id: 'client_ops', org_id: 'org_1' };
const engineer = {
  ...fitting,
  client_id: 'client_x',
  permissions: ['workos-mcp:use'],
  workos_mcp_grants: ['users:full'],
};

describe('static tokens', () => {
  it.each([
    ['the one in use', one.token],
    ['the one that replaces it', two.token],
  ])('%s is let in', async (_, token) => {
    const identify = await open();
    expect(await identify(`Bearer ${token}`)).toMatchObject({
      ok: true,
      agent: { name: 'support-bot', environment: 'production', allow: ['preset:support'], deletesPerHour: 20 },
    });
  });

  it.each<[string, string | undefined, string]>([
    ['nothing', undefined, 'missing'],
    ['another scheme', 'Basic dXNlcjpwYXNz', 'malformed'],
    ['two in one header', `Bearer ${one.token}, Bearer ${one.token}`, 'malformed'],
    ['a token without its scheme', one.token, 'malformed'],
    ['a token that was never made', `Bearer ${createToken().token}`, 'unknown'],
    ['the ID of one with the secret of another', `Bearer wmcp_${one.id}_${two.token.slice(16)}`, 'unknown'],
    ['a hash in place of a token', `Bearer ${hashOf(one)}`, 'malformed'],
    ['a hash in the shape of a token', `Bearer wmcp_${one.id}_${one.hash.sha256.slice(0, 43)}`, 'unknown'],
    ['a secret that is cut', `Bearer ${one.token.slice(0, -1)}`, 'malformed'],
    ['a secret with more behind it', `Bearer ${one.token}A`, 'malformed'],
    ['a token of an expired agent', `Bearer ${old.token}`, 'agent-expired'],
    ['a token at its expiry', `Bearer ${over.token}`, 'expired'],
    ['anything else', 'Bearer hunter2', 'malformed'],
  ])('%s is refused', async (_, authorization, reason) => {
    const identify = await open();
    expect(await identify(authorization)).toMatchObject({ ok: false, status: 401, reason });
  });

  it('tells for whom an agent works, where the file says so', async () => {
    const identify = await open();
    expect(await identify(`Bearer ${owned.token}`)).toMatchObject({ ok: true, requester: { owner: 'ann' } });
    expect(await identify(`Bearer ${one.token}`)).not.toHaveProperty('requester');
  });

  it('lets a token in until its own expiry, also after that of the other one of its agent', async () => {
    const bearer = `Bearer ${lasting.token}`;
    expect(await (await open())(bearer)).toMatchObject({ ok: true, agent: { name: 'renewed' } });
    const later = await open({ now: () => NOW * 1_000 + 1 });
    expect(await later(bearer)).toMatchObject({ ok: false, status: 401, reason: 'expired', agent: 'renewed' });
    expect(await later(`Bearer wmcp_${lasting.id}_${'A'.repeat(43)}`)).toMatchObject({ reason: 'unknown' });
  });

  it('names an expired agent for the record, and nobody else', async () => {
    const identify = await open();
    expect(await identify(`Bearer ${old.token}`)).toMatchObject({ agent: 'gone' });
    expect(await identify(`Bearer wmcp_${old.id}_${'A'.repeat(43)}`)).not.toHaveProperty('agent');
  });

  it('challenges without an error where nothing was tried', async () => {
    const identify = await open();
    expect(await identify(undefined)).toMatchObject({ challenge: {} });
    expect(await identify('Bearer hunter2')).toMatchObject({ challenge: { error: 'invalid_token' } });
  });
});

describe('signed tokens', () => {
  it.each<[string, object, object]>([
    ['an access token', {}, { typ: 'at+jwt' }],
    ['a token of an older issuer', {}, { typ: 'JWT' }],
    ['a token for several servers', { aud: ['https://else.test', publicUrl] }, {}],
    ['a clock that is a little ahead', { nbf: NOW + 20 }, {}],
    ['a clock that is a little behind', { exp: NOW - 20 }, {}],
  ])('%s is let in', async (_, claims, header) => {
    const identify = await open();
    const token = await issuer.sign({ ...fitting, ...claims }, { header: { ...header } });
    expect(await identify(`Bearer ${token}`)).toMatchObject({ ok: true, agent: { name: 'ops' } });
  });

  it.each<[string, object, string]>([
    ['for another server', { aud: 'https://else.test/mcp' }, 'audience'],
    ['for the same host', { aud: 'https://mcp.acme.test' }, 'audience'],
    ['for a URL that only begins like it', { aud: `${publicUrl}/` }, 'audience'],
    ['for nobody', { aud: undefined }, 'audience'],
    ['of another issuer', { iss: 'https://evil.test' }, 'issuer'],
    ['of no issuer', { iss: undefined }, 'issuer'],
    ['that has expired', { exp: NOW - 31 }, 'expired'],
    ['that never expires', { exp: undefined }, 'claims'],
    ['that expires at some text', { exp: 'never' }, 'claims'],
    ['that is not valid yet', { nbf: NOW + 31 }, 'early'],
    ['that is bound to a key', { cnf: { jkt: 'x' } }, 'claims'],
    ['with a list of subjects', { sub: ['user_1'] }, 'claims'],
    ['with an object as its subject', { sub: { html: '<b>user_1</b>' } }, 'claims'],
    ['with a number as its subject', { sub: 1 }, 'claims'],
    ['with nothing as its subject', { sub: null }, 'claims'],
  ])('a token %s is refused', async (_, claims, reason) => {
    const identify = await open();
    const token = await issuer.sign({ ...fitting, ...claims });
    expect(await identify(`Bearer ${token}`)).toMatchObject({ ok: false, status: 401, reason });
  });

  it.each<[string, () => Promise<string> | string, string]>([
    ['no algorithm', () => forge({ alg: 'none' }, { iss: issuer.url, ...fitting }), 'algorithm'],
    ['no algorithm in capitals', () => forge({ alg: 'NONE' }, { iss: issuer.url, ...fitting }), 'algorithm'],
    [
      'the public key as a shared secret',
      async () => {
        const pem = await toPem(issuer.key);
        return forge({ alg: 'HS256', kid: 'key-1' }, { iss: issuer.url, ...fitting }, (input) =>
          createHmac('sha256', pem).update(input).digest(),
        );
      },
      'algorithm',
    ],
    ['another key of the same ID', async () => issuer.sign(fitting, { key: await newKey('key-1') }), 'signature'],
    ['an unknown key', async () => issuer.sign(fitting, { key: await newKey('key-9') }), 'signature'],
    [
      'a key that it brings along',
      async () => {
        const key = await newKey('key-9');
        return issuer.sign(fitting, { key, header: { jwk: await exportJWK(key.publicKey) } });
      },
      'signature',
    ],
    [
      'an algorithm that is not allowed',
      async () => issuer.sign(fitting, { key: await newKey('key-1', 'PS256') }),
      'algorithm',
    ],
    ['a signature cut off', async () => (await issuer.sign(fitting)).replace(/[^.]*$/, ''), 'signature'],
    [
      'claims changed after signing',
      async () => {
        const [header, , signature] = (await issuer.sign(fitting)).split('.');
        const claims = Buffer.from(JSON.stringify({ iss: issuer.url, ...fitting, sub: 'admin' })).toString('base64url');
        return `${header}.${claims}.${signature}`;
      },
      'signature',
    ],
    ['a type for something else', async () => issuer.sign(fitting, { header: { typ: 'logout+jwt' } }), 'claims'],
    ['a list of types', async () => issuer.sign(fitting, { header: { typ: ['JWT'] } }), 'claims'],
    ['a number for its type', async () => issuer.sign(fitting, { header: { typ: 7 } }), 'claims'],
    [
      'a key of its issuer that is too short',
      async () => {
        const usages = ['sign', 'verify'] as const;
        const rsa = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 1_024, publicExponent: new Uint8Array([1, 0, 1]) };
        const weak = await crypto.subtle.generateKey({ ...rsa, hash: 'SHA-256' }, true, usages);
        issuer.state.published = [issuer.key, { kid: 'weak', alg: 'RS256', ...weak }];
        const key = KeyObject.from(weak.privateKey);
        const claims = { iss: issuer.url, ...fitting };
        return forge({ alg: 'RS256', kid: 'weak' }, claims, (input) => sign('sha256', Buffer.from(input), key));
      },
      'signature',
    ],
    [
      'critical headers',
      async () => forge({ alg: 'RS256', crit: ['x'], x: 1 }, { iss: issuer.url, ...fitting }),
      'algorithm',
    ],
    ['two parts', () => 'eyJhbGciOiJub25lIn0.e30', 'malformed'],
    ['five parts', () => 'a.b.c.d.e', 'malformed'],
    ['claims that are no JSON', () => 'eyJhbGciOiJSUzI1NiJ9.bm9wZQ.AA', 'malformed'],
    ['20,000 characters', () => issuer.sign({ ...fitting, more: 'a'.repeat(20_000) }), 'malformed'],
  ])('a token with %s is refused', async (_, make, reason) => {
    const identify = await open();
    expect(await identify(`Bearer ${await make()}`)).toMatchObject({ ok: false, reason });
  });

  it('takes either spelling of a public URL without a path', async () => {
    const identify = await open({ publicUrl: 'https://mcp.acme.test' });
    for (const aud of ['https://mcp.acme.test', 'https://mcp.acme.test/']) {
      expect(await identify(`Bearer ${await issuer.sign({ ...fitting, aud })}`)).toMatchObject({ ok: true });
    }
    expect(await identify(`Bearer ${await issuer.sign(fitting)}`)).toMatchObject({ reason: 'audience' });
  });

  it('says nothing of the token in what it answers', async () => {
    const identify = await open();
    const token = await issuer.sign({ ...fitting, iss: 'https://hunter2.test' });
    const answer = JSON.stringify(await identify(`Bearer ${token}`));
    expect(answer).not.toContain('hunter2');
    expect(answer).not.toContain(token);
  });
});

describe('keys of an issuer', () => {
  it('are asked for once', async () => {
    const identify = await open();
    const token = `Bearer ${await issuer.sign(fitting)}`;
    await Promise.all([identify(token), identify(token), identify(token)]);
    await identify(token);
    expect(issuer.state.asked).toBe(1);
  });

  it('are asked for again where a token has a new one, but not for every made-up one', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const identify = await open();
      await identify(`Bearer ${await issuer.sign(fitting)}`);
      const next = await newKey('key-2');
      issuer.state.published = [next];
      const token = `Bearer ${await issuer.sign(fitting, { key: next })}`;
      expect(await identify(token)).toMatchObject({ reason: 'signature' });
      expect(issuer.state.asked).toBe(1);
      vi.setSystemTime(Date.now() + 10_001);
      expect(await identify(token)).toMatchObject({ ok: true });
      expect(await identify(`Bearer ${await issuer.sign(fitting)}`)).toMatchObject({ reason: 'signature' });
      expect(issuer.state.asked).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each<Answer>([
    'error',
    'redirect',
    'garbage',
    'huge',
  ])('that come as %s let nobody in, and are left alone for a while', async (answer) => {
    let now = NOW * 1_000;
    const identify = await open({ now: () => now });
    issuer.state.answer = answer;
    const token = `Bearer ${await issuer.sign(fitting)}`;
    const away = { ok: false, status: 503, reason: 'unverifiable', retryAfterSeconds: 5 };
    expect(await identify(token)).toMatchObject(away);
    expect(await identify(token)).toMatchObject(away);
    expect(issuer.state.asked).toBe(1);
    issuer.state.answer = 'keys';
    now += 5_001;
    expect(await identify(token)).toMatchObject({ ok: true });
  });

  it('that never come let nobody in, and are waited for three seconds', async ({ onTestFinished }) => {
    const timeout = vi.spyOn(AbortSignal, 'timeout');
    onTestFinished(() => timeout.mockRestore());
    const patience = new AbortController();
    timeout.mockReturnValue(patience.signal);
    const identify = await open();
    issuer.state.answer = 'silence';
    const identity = identify(`Bearer ${await issuer.sign(fitting)}`);
    await expect.poll(() => issuer.state.asked).toBe(1);
    patience.abort(new DOMException('too long', 'TimeoutError'));
    expect(await identity).toMatchObject({ status: 503, reason: 'unverifiable' });
    expect(timeout.mock.calls).toEqual([[3_000]]);
  });

  it('out of reach stop nobody with a static token', async () => {
    const identify = await open();
    issuer.state.answer = 'error';
    expect(await identify(`Bearer ${one.token}`)).toMatchObject({ ok: true });
  });
});

describe('who a valid token is', () => {
  it.each<[string, object, RegExp]>([
    ['all conditions of an agent hold', fitting, /^ops$/],
    ['an agent comes before a template', { ...engineer, ...fitting, permissions: ['workos-mcp:use'] }, /^ops$/],
    ['a template takes the rest', engineer, /^engineers\.user_1$/],
    ['grants as one text', { ...engineer, workos_mcp_grants: 'users:read, roles:read' }, /^engineers\.user_1$/],
    ['a subject that a record could not hold', { ...engineer, sub: 'a@b.test\n"' }, /^engineers\.-[0-9a-f]{24}$/],
    ['a subject that is too long', { ...engineer, sub: 'u'.repeat(60) }, /^engineers\.-[0-9a-f]{24}$/],
  ])('%s', async (_, claims, name) => {
    const identify = await open();
    const identity = await identify(`Bearer ${await issuer.sign({ ...claims })}`);
    const requester = { issuer: 'authkit', sub: Object(claims).sub };
    expect(identity).toMatchObject({ ok: true, agent: { name: expect.stringMatching(name) }, requester });
  });

  it.each<[string, object, string]>([
    ['any end user', { ...fitting, client_id: 'client_x' }, 'unmatched'],
    ['half of the conditions', { ...fitting, org_id: 'org_2' }, 'unmatched'],
    ['another permission', { ...engineer, permissions: ['workos-mcp:user'] }, 'unmatched'],
    ['a permission inside a text', { ...engineer, permissions: 'workos-mcp:use' }, 'unmatched'],
    ['no grants', { ...engineer, workos_mcp_grants: undefined }, 'grants'],
    ['empty grants', { ...engineer, workos_mcp_grants: [] }, 'grants'],
    ['a blank grant', { ...engineer, workos_mcp_grants: '' }, 'grants'],
    ['one unknown grant among good ones', { ...engineer, workos_mcp_grants: ['users:read', 'user:write'] }, 'grants'],
    ['grants that are no texts', { ...engineer, workos_mcp_grants: ['users:read', 1] }, 'grants'],
    ['grants as a mapping', { ...engineer, workos_mcp_grants: { 0: 'users:read' } }, 'grants'],
    ['nothing within the ceiling', { ...engineer, workos_mcp_grants: ['users:delete'] }, 'grants'],
    ['too many grants', { ...engineer, workos_mcp_grants: Array(101).fill('users:read') }, 'grants'],
    ['no subject', { ...engineer, sub: undefined }, 'grants'],
    ['a blank subject', { ...engineer, sub: '' }, 'grants'],
  ])('%s is refused', async (_, claims, reason) => {
    const identify = await open();
    const identity = await identify(`Bearer ${await issuer.sign({ ...claims })}`);
    expect(identity).toMatchObject({ ok: false, status: 403, reason });
    expect(identity).not.toHaveProperty('challenge');
  });

  it('is the same object when the same caller comes again, and another for other grants', async () => {
    const identify = await open();
    const who = async (claims: object) => {
      const identity = await identify(`Bearer ${await issuer.sign({ ...engineer, ...claims })}`);
      return identity.ok ? identity.agent : expect.fail(identity.reason);
    };
    const first = await who({ iat: NOW });
    expect(await who({ iat: NOW + 1 })).toBe(first);
    expect(await who({ workos_mcp_grants: ['users:read'] })).not.toBe(first);
    expect(await who({ sub: 'user_2' })).not.toBe(first);
  });
});

describe('grants of a claim within the ceiling *:read,users:write', () => {
  it.each([
    ['*:full', ['*:read', 'users:write']],
    ['users:full', ['users:read', 'users:write']],
    ['*:delete,users:read', ['users:read']],
    ['*:full,*:credentials', ['*:read', 'users:write']],
    ['get_user', ['get_user']],
    ['users:write', ['users:write']],
  ])('%s gives what %j gives', async (claim, same) => {
    const identify = await open();
    const identity = await identify(`Bearer ${await issuer.sign({ ...engineer, workos_mcp_grants: claim })}`);
    if (!identity.ok) return expect.fail(identity.reason);
    const policy = policyOf(catalog, identity.agent, 'staging');
    const plain = policyOf(catalog, { ...identity.agent, allow: same, within: undefined }, 'staging');
    for (const tool of catalog.tools) {
      expect([tool.name, policy.whyOff(tool) === undefined]).toEqual([tool.name, plain.whyOff(tool) === undefined]);
      expect([tool.name, policy.whyRestricted(tool) === undefined]).toEqual([tool.name, false]);
    }
  });
});

describe('a machine-to-machine token', () => {
  const ENVIRONMENT = 'client_01ENVIRONMENT';
  const APP = 'client_01APP';
  const MACHINE = { aud: ENVIRONMENT, sub: APP, client_id: APP, org_id: 'org_1', exp: NOW + 60, iat: NOW };
  const openFor = async (m2m = `m2m: { audience: ${ENVIRONMENT} }`) => {
    const file = await readSettingsFile(
      `
issuers:
  authkit: { issuer: '${issuer.url}', jwks-url: '${issuer.jwksUrl}', environment: other, ${m2m} }
agents:
  by-org: { allow: ['*:read'], jwt: { org-id: org_1 } }
  by-both: { allow: ['*:read'], jwt: { client-id: ${APP}, sub: ${APP} } }
  machine: { allow: ['*:read'], jwt: { client-id: ${APP} } }
templates:
  all: { jwt: { client-id: client_01OTHER }, grants-claim: grants, ceiling: ['*:read'] }
`,
      'w.yaml',
    );
    const config = toAgents(file);
    return {
      config,
      identify: createIdentifier(config, { catalog, publicUrl, now: () => NOW * 1_000, fetchJwks: keys.fetchJwks }),
    };
  };
  const reasonOf = async (claims: object, m2m?: string) => {
    const { identify } = await openFor(m2m);
    const found = await identify(`Bearer ${await issuer.sign({ ...MACHINE, ...claims })}`);
    return found.ok ? found.agent.name : found.reason;
  };

  it.each<[what: string, claims: object, found: string]>([
    ['is matched by its client alone', {}, 'machine'],
    ['of another application is refused', { sub: 'client_01NEW', client_id: 'client_01NEW' }, 'unmatched'],
    ['never fits a template', { sub: 'client_01OTHER', client_id: 'client_01OTHER', grants: ['*:read'] }, 'unmatched'],
    ['of another environment is refused', { aud: 'client_01ELSEWHERE' }, 'audience'],
    ['of a user, with the same audience, is refused', { sub: 'user_1' }, 'audience'],
    ['with a consent of a user is refused', { sid: 'app_consent_1' }, 'audience'],
    ['without a client is refused', { client_id: undefined }, 'audience'],
    ['for this server is a token as any other', { aud: publicUrl }, 'by-org'],
  ])('%s', async (_, claims, found) => {
    expect(await reasonOf(claims)).toBe(found);
  });

  it.each([ENVIRONMENT, publicUrl])('of the audience %s is that of no person', async (aud) => {
    const { identify } = await openFor();
    const identity = await identify(`Bearer ${await issuer.sign({ ...MACHINE, aud })}`);
    expect(identity).toMatchObject({ ok: true });
    expect(identity).not.toHaveProperty('requester');
  });

  it('is refused where its issuer does not say m2m', async () => {
    expect(await reasonOf({}, 'algorithms: [RS256]')).toBe('audience');
  });

  it('is warned of', async () => {
    const { config } = await openFor();
    expect(warnings(config, 0)).toEqual([
      'issuers.authkit takes machine-to-machine tokens: such a token is good for every resource of that environment, so each service that it is sent to could use it here.',
    ]);
    expect(warnings((await openFor('algorithms: [RS256]')).config, 0)).toEqual([]);
  });

  it('takes the Client ID of an environment as its audience', async () => {
    await expect(openFor('m2m: { audience: https://mcp.acme.test }')).rejects.toThrow(
      "issuers.authkit.m2m.audience takes the environment's Client ID (client_…)",
    );
  });
});
