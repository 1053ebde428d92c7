import { generateKeyPair } from 'jose';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { toLinkToken } from '../src/agents/console-link.ts';
import { StartError } from '../src/errors.ts';
import { deriveKey } from '../src/keys.ts';
import type { IssuerConfig } from '../src/settings/agents-config.ts';
import { openTestConsole, type TestConsole, toApprover, toConsoleConfig } from './support/console.ts';
import type { Answer } from './support/console-client.ts';
import { newKey } from './support/issuer.ts';
import { openProvider, type Provider, type ProviderState } from './support/openid-provider.ts';

const URLS = { http: undefined, https: 'https://console.example' };

/** The hidden fields of a page's forms. */
const fieldsIn = ({ body }: Answer): Record<string, string> =>
  Object.fromEntries(
    [...body.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  );
const addressIn = ({ body }: Answer): string =>
  (/data-goes href="([^"]+)"/.exec(body)?.[1] ?? '').replaceAll('&amp;', '&');
const textOf = ({ body }: Answer): string =>
  (/<main[^>]*>(.*)<\/main>/s.exec(body)?.[1] ?? '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .replaceAll('&#39;', "'")
    .trim();
const seconds = () => Math.floor(Date.now() / 1_000);

/** A page that the issuer, another origin, leads to. */
const FROM_ELSEWHERE = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

describe.each(['http', 'https'] as const)('sign-in by an issuer over %s', (scheme) => {
  let provider: Provider;
  let console: TestConsole;
  let secret: () => string | undefined;
  const toIssuer = (parts: Partial<IssuerConfig> = {}): IssuerConfig => ({
    name: 'staff',
    issuer: provider.url,
    jwksUrl: `${provider.url}/jwks`,
    algorithms: ['RS256'],
    m2mAudience: undefined,
    environment: undefined,
    signIn: { clientId: provider.clientId, clientSecretEnv: undefined, clientSecretFile: undefined },
    ...parts,
  });
  const ada = { ...toApprover('ada'), person: { issuer: 'staff', sub: 'user_ada' } };
  const use = (issuer: IssuerConfig, approvers = [ada, toApprover('grace')]) => {
    console.state.config = toConsoleConfig({ issuers: [issuer], approvers });
  };
  beforeAll(async () => {
    provider = await openProvider();
    const url = URLS[scheme];
    console = await openTestConsole({ ...(url && { url }), clientSecretOf: () => secret() });
    return async () => {
      await console.close();
      await provider.close();
    };
  });
  beforeEach(() => {
    provider.reset();
    secret = () => provider.secret;
    console.state.now = Date.now();
    use(toIssuer());
    console.notes.length = 0;
    console.logged.length = 0;
  });

  const begin = async (to = '/waiting') => {
    const answer = await console.send('/sign-in', { form: { issuer: 'staff', to } });
    return { answer, address: addressIn(answer), attempt: console.tokenIn(answer, 'attempt') ?? '' };
  };
  type Begun = Pick<Awaited<ReturnType<typeof begin>>, 'address' | 'attempt'>;
  /** What the page that the provider leads back to would post. */
  const visit = async ({ address }: Pick<Begun, 'address'>) => {
    const { pathname, search } = await provider.visit(address);
    return fieldsIn(await console.send(`${pathname}${search}`, { headers: FROM_ELSEWHERE }));
  };
  const post = (attempt: string, form: Record<string, string>) =>
    console.send('/signed-in/staff', { headers: console.carry(attempt, 'attempt'), form });
  const signIn = async (to?: string) => {
    const begun = await begin(to);
    return post(begun.attempt, await visit(begun));
  };
  const expectRefused = (answer: Answer, status: number, said: string) => {
    expect([answer.status, textOf(answer)]).toEqual([status, expect.stringContaining(said)]);
    expect(console.tokenIn(answer)).toBeUndefined();
    expect(console.notes).toEqual([]);
  };

  it('signs an approver in by issuer and sub, and goes to the page that was asked for', async () => {
    const { answer, address, attempt } = await begin('/waiting?from=here');
    expect([answer.status, answer.headers.refresh]).toEqual([200, `0; url=${address}`]);
    const sent = new URL(address).searchParams;
    expect([sent.get('redirect_uri'), sent.get('scope')]).toEqual([`${console.origin}/signed-in/staff`, 'openid']);
    const signedIn = await post(attempt, await visit({ address }));
    expect(signedIn.headers.location).toBe('/waiting?from=here');
    expect(console.tokenIn(signedIn, 'attempt')).toBe('');
    expect(console.notes).toEqual([{ kind: 'note', text: 'ada signed in to the console by staff' }]);
    const page = await console.send('/waiting', { headers: console.carry(console.tokenIn(signedIn) ?? '') });
    expect([page.status, page.body]).toEqual([200, expect.stringContaining('ada')]);
  });

  it.each([
    '//evil.example/x',
    'https://evil.example/waiting',
    'https://evil.example//evil.example/waiting',
    '/\\evil.example',
    '/sign-out',
    '/no-such-page',
    'javascript:alert(1)',
    `/waiting?${'x'.repeat(1_000)}`,
  ])('goes to the first page in the place of %.40s', async (to) => {
    expect((await signIn(to)).headers.location).toBe('/waiting');
  });

  it('has browsers keep no cookie that is too long for them', async () => {
    for (const text of ['x'.repeat(900), 'é'.repeat(900)]) {
      const { attempt } = await begin(`/waiting?${text}`);
      expect(attempt.length).toBeLessThan(3_500); // of 4,096, with the name and what else is said of it
    }
  });

  const json = (status: number, value: object): Partial<ProviderState> => ({
    token: (response) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value)),
  });
  const withClaims = (changed: object): Partial<ProviderState> => ({ claims: (claims) => ({ ...claims, ...changed }) });
  const withBack = (name: string, value: string): Partial<ProviderState> => ({
    back: (address) => {
      address.searchParams.set(name, value);
      if (name === 'error') address.searchParams.delete('code');
      return address;
    },
  });
  const CLAIM = 'OAUTH_JWT_CLAIM_COMPARISON_FAILED';
  const TIME = 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED';
  const INVALID = 'OAUTH_INVALID_RESPONSE';
  it.each<[what: string, state: () => Partial<ProviderState> | Promise<Partial<ProviderState>>, said: string]>([
    ['another audience', () => withClaims({ aud: 'client_other' }), CLAIM],
    ['no audience', () => withClaims({ aud: undefined }), INVALID],
    ['another party', () => withClaims({ aud: ['client_console', 'client_other'], azp: 'client_other' }), CLAIM],
    ['another party of its only audience', () => withClaims({ azp: 'client_other' }), 'to another application'],
    ['another nonce', () => withClaims({ nonce: 'other' }), CLAIM],
    ['no nonce', () => withClaims({ nonce: undefined }), INVALID],
    ['another issuer', () => withClaims({ iss: 'https://evil.example' }), CLAIM],
    ['an expiry that is over', () => withClaims({ exp: seconds() - 60 }), TIME],
    ['no expiry', () => withClaims({ exp: undefined }), INVALID],
    ['no time of issue', () => withClaims({ iat: undefined }), INVALID],
    ['a time of issue to come', () => withClaims({ iat: seconds() + 120 }), "staff is ahead of the server's"],
    ['a time from which on it holds', () => withClaims({ nbf: seconds() + 120 }), TIME],
    ['no sub', () => withClaims({ sub: undefined }), INVALID],
    ['a sub that is too long', () => withClaims({ sub: 'x'.repeat(256) }), 'a sub that is too long'],
    ['a sub that is a number', () => withClaims({ sub: 1 }), INVALID],
    ['a sub that is nothing', () => withClaims({ sub: null }), INVALID],
    ['a list with the sub of an approver', () => withClaims({ sub: ['user_ada'] }), INVALID],
    ['a sub that is made of HTML', () => withClaims({ sub: { html: '<b>x</b>' } }), INVALID],
    ['an actor', () => withClaims({ act: { sub: 'user_admin' } }), 'acts for another person (impersonation)'],
    [
      'a key of another issuer',
      async () => ({ key: { kid: 'provider-1', alg: 'RS256', ...(await generateKeyPair('RS256')) } }),
      INVALID,
    ],
    [
      'an algorithm that the file does not list',
      async () => {
        const key = await newKey('provider-2', 'RS384');
        use(toIssuer({ m2mAudience: 'asks for the keys anew' }));
        return { key, published: [key] };
      },
      INVALID,
    ],
    ['no ID token', () => json(200, { access_token: 'at', token_type: 'Bearer' }), INVALID],
    [
      'an unsigned ID token',
      () => json(200, { access_token: 'at', token_type: 'Bearer', id_token: 'e30.e30.' }),
      INVALID,
    ],
    ['an error for the code', () => json(400, { error: 'invalid_grant' }), 'OAUTH_RESPONSE_BODY_ERROR'],
    [
      'a redirect for the code',
      () => ({ token: (response) => response.writeHead(307, { location: 'https://evil.example' }).end() }),
      'OAUTH_RESPONSE_IS_NOT_CONFORM',
    ],
    ['another state', () => withBack('state', 'other'), INVALID],
    ['another issuer beside the code', () => withBack('iss', 'https://evil.example'), INVALID],
    ['a refusal', () => withBack('error', 'access_denied'), 'staff did not sign you in (access_denied).'],
  ])('refuses %s', async (_, state, said) => {
    Object.assign(provider.state, await state());
    expectRefused(await signIn(), 403, said);
  });

  it('takes the keys of the file, and not those that the issuer names', async () => {
    provider.state.metadata = { jwks_uri: 'https://evil.example/jwks' };
    use(toIssuer({ algorithms: ['RS256', 'PS256'] })); // asks for the metadata anew
    expect((await signIn()).headers.location).toBe('/waiting');
  });

  it.each<[what: string, metadata: Record<string, unknown>, status: number]>([
    ['another issuer', { issuer: 'https://evil.example' }, 403],
    ['a plain address for the browser', { authorization_endpoint: 'http://evil.example/authorize' }, 503],
    ['a plain address for the code', { token_endpoint: 'http://evil.example/token' }, 503],
    ['no address for the code', { token_endpoint: undefined }, 503],
  ])('does not begin where the issuer says of itself: %s', async (what, metadata, status) => {
    provider.state.metadata = metadata;
    use(toIssuer({ m2mAudience: what })); // asks for the metadata anew
    const { answer } = await begin();
    expectRefused(answer, status, 'You are not signed in');
    // It is asked again after five seconds, and no earlier.
    provider.reset();
    provider.asked.length = 0;
    console.state.now += 4_999;
    expect([(await begin()).answer.status, provider.asked]).toEqual([status, []]);
    console.state.now += 1;
    expect((await begin()).answer.status).toBe(200);
  });

  it('says that the issuer cannot be reached', async () => {
    use(toIssuer({ issuer: 'http://127.0.0.1:9', jwksUrl: 'http://127.0.0.1:9/jwks' }));
    expectRefused((await begin()).answer, 503, 'staff cannot be reached');
  });

  it('says that the client secret cannot be read, and not why', async () => {
    secret = () => {
      throw new StartError('the file /etc/secret is not there');
    };
    const { answer } = await begin();
    expectRefused(answer, 503, 'cannot read its client secret for staff');
    expect(answer.body).not.toContain('/etc');
  });

  it.each<[methods: readonly string[] | undefined, secret: string | undefined]>([
    [undefined, 'of the provider: a +%/é secret'],
    [['client_secret_basic'], 'of the provider: a +%/é secret'],
    [['client_secret_post'], 'of the provider: a +%/é secret'],
    [['none', 'client_secret_post', 'client_secret_basic'], 'of the provider: a +%/é secret'],
    [['none'], undefined],
    [['none', 'client_secret_basic'], undefined],
  ])('shows the issuer who the client is by one of its methods: %j', async (methods, own) => {
    provider.state.metadata = { token_endpoint_auth_methods_supported: methods };
    provider.state.secret = own;
    secret = () => own;
    use(toIssuer({ m2mAudience: `${methods} ${own}` })); // asks for the metadata anew
    expect((await signIn()).headers.location).toBe('/waiting');
  });

  it('asks the issuer once what it says of itself', async () => {
    use(toIssuer({ m2mAudience: 'once' }));
    provider.asked.length = 0;
    await Promise.all([signIn(), signIn(), signIn()]);
    expect(provider.asked.filter((one) => one.includes('.well-known'))).toHaveLength(1);
  });

  it.each<
    [what: string, change: (begun: Begun, form: Record<string, string>) => Promise<Answer> | Answer, said: string]
  >([
    [
      'without what the browser keeps',
      (_, form) => console.send('/signed-in/staff', { form }),
      'not begun in this window',
    ],
    ['with what another window keeps', async (_, form) => post((await begin()).attempt, form), INVALID],
    ['with what the browser has made up', (_, form) => post('AAAA', form), 'not begun in this window'],
    [
      'with a session in its place',
      async (_, form) => post((await linked()).session, form),
      'not begun in this window',
    ],
    [
      'with another code',
      ({ attempt }, form) => post(attempt, { ...form, code: 'other' }),
      'OAUTH_RESPONSE_BODY_ERROR',
    ],
    [
      'with the code of another attempt, which PKCE binds to it',
      async ({ attempt }, form) => post(attempt, { ...form, code: (await visit(await begin())).code ?? '' }),
      'OAUTH_RESPONSE_BODY_ERROR',
    ],
  ])('refuses to end a sign-in %s', async (_, change, said) => {
    const begun = await begin();
    const answer = await change(begun, await visit(begun));
    console.notes.length = 0; // of the link that a row uses
    expectRefused(answer, 403, said);
  });
  const linked = async () => {
    const answer = await console.send('/link', { form: { link: console.toLink('grace') } });
    return { session: console.tokenIn(answer) ?? '' };
  };

  it('hands no issuer the code of another one, with which that one could sign in as the person', async () => {
    // It sends the person on to staff, in the name of an attempt of its own.
    const evil = await openProvider({ clientId: provider.clientId });
    try {
      const other = { name: 'evil', issuer: evil.url, jwksUrl: `${evil.url}/jwks` };
      evil.state.metadata = {
        authorization_endpoint: `${provider.url}/authorize`,
        authorization_response_iss_parameter_supported: false,
      };
      provider.state.back = (address) => {
        address.searchParams.delete('iss');
        return address;
      };
      console.state.config = toConsoleConfig({ issuers: [toIssuer(), toIssuer(other)], approvers: [ada] });
      const begun = await console.send('/sign-in', { form: { issuer: 'evil', to: '/waiting' } });
      const address = new URL(addressIn(begun));
      expect(address.origin).toBe(provider.url);
      // staff leads back to the addresses alone that its application has.
      address.searchParams.set('redirect_uri', `${console.origin}/signed-in/staff`);
      const form = await visit({ address: address.href });
      expect(form.code).toBeDefined();
      evil.asked.length = 0;
      const answer = await post(console.tokenIn(begun, 'attempt') ?? '', form);
      expectRefused(answer, 403, 'begun with another issuer');
      expect(evil.asked).toEqual([]);
    } finally {
      await evil.close();
    }
  });

  it('refuses what comes back after ten minutes', async () => {
    const begun = await begin();
    const form = await visit(begun);
    console.state.now += 10 * 60_000;
    expectRefused(await post(begun.attempt, form), 403, 'more than ten minutes ago');
  });

  it.each([
    [false, 'OAUTH_RESPONSE_BODY_ERROR'],
    [true, 'This sign-in was used already.'],
  ])('refuses what comes back a second time, where the issuer takes the code again: %s', async (forgets, said) => {
    provider.state.forgets = forgets;
    const begun = await begin();
    const form = await visit(begun);
    expect((await post(begun.attempt, form)).headers.location).toBe('/waiting');
    console.notes.length = 0;
    expectRefused(await post(begun.attempt, form), 403, said);
  });

  it('remembers nothing of a person who is not an approver: many of them could keep approvers out', async () => {
    Object.assign(provider.state, { forgets: true, user: { sub: 'user_eve' } });
    const used = vi.spyOn(console.deps.once, 'use');
    const begun = await begin();
    const form = await visit(begun);
    expectRefused(await post(begun.attempt, form), 403, 'You are not an approver');
    expectRefused(await post(begun.attempt, form), 403, 'You are not an approver');
    expect(used).not.toHaveBeenCalled();
    used.mockRestore();
  });

  it('refuses what comes back once the file has another issuer under the name', async () => {
    const begun = await begin();
    const form = await visit(begun);
    use(toIssuer({ issuer: 'https://other.example' }));
    expectRefused(await post(begun.attempt, form), 403, 'does not have this issuer any more');
  });

  it('tells a person who is not an approver their issuer and sub, and signs them in to nothing', async () => {
    provider.state.user = { sub: 'user_<eve>' };
    const refused = await signIn();
    expectRefused(refused, 403, 'The issuer staff signed you in as user_&lt;eve&gt; .');
    expect(console.logged.join()).not.toContain('eve');
  });

  it.each([
    { email: 'ada@acme.test', email_verified: true, name: 'ada', preferred_username: 'ada' },
    { role: 'admin', roles: ['admin', 'approver'], permissions: ['*'], org_id: 'org_1' },
    { approver: 'ada', metadata: { sub: 'user_ada' }, user: { sub: 'user_ada' } },
  ])('does not make an approver of a user with %j', async (claims) => {
    provider.state.user = { sub: 'user_eve', ...claims };
    expectRefused(await signIn(), 403, 'You are not an approver');
  });

  it('does not take the sub of one issuer for that of another', async () => {
    use(toIssuer(), [{ ...ada, person: { issuer: 'customers', sub: 'user_ada' } }]);
    expectRefused(await signIn(), 403, 'You are not an approver');
  });

  it('ends the session where the file gives the name to another issuer, or the approver another sub', async () => {
    const session = console.carry(console.tokenIn(await signIn()) ?? '');
    const status = async () => (await console.send('/waiting', { headers: session })).status;
    expect(await status()).toBe(200);
    use(toIssuer({ issuer: 'https://other.example' }));
    expect(await status()).toBe(401);
    use(toIssuer(), [{ ...ada, person: { issuer: 'staff', sub: 'user_eve' } }]);
    expect(await status()).toBe(401);
  });
});

describe.each(['http', 'https'] as const)('sign-in by a link over %s', (scheme) => {
  let console: TestConsole;
  let canRecord = true;
  beforeAll(async () => {
    const url = URLS[scheme];
    const notes: unknown[] = [];
    console = await openTestConsole({
      ...(url && { url }),
      record: {
        append: async (fields) => {
          if (!canRecord) throw new Error('the disk is full');
          return notes.push(fields);
        },
        head: () => ({ run: '', seq: 0, hash: '' }),
      },
    });
    return () => console.close();
  });
  beforeEach(() => {
    canRecord = true;
    console.state.now = Date.now();
    console.state.config = toConsoleConfig();
  });
  const open = (link: string) => console.send('/link', { form: { link } });

  it('shows who would sign in, and consumes nothing by it', async () => {
    const link = console.toLink('ada');
    for (let n = 0; n < 3; n += 1) {
      const shown = await console.send(`/link?token=${link}`);
      expect([shown.status, textOf(shown)]).toEqual([200, expect.stringContaining('Sign in as ada?')]);
      expect(console.tokenIn(shown)).toBeUndefined();
    }
    expect((await open(link)).headers.location).toBe('/waiting');
  });

  it('signs in once', async () => {
    const link = console.toLink('ada');
    const [one, other] = await Promise.all([open(link), open(link)]);
    expect([one.headers.location, other.headers.location].sort()).toEqual(['/waiting', undefined]);
    expect([(await open(link)).status, (await console.send(`/link?token=${link}`)).status]).toEqual([403, 403]);
  });

  const key = deriveKey(new Uint8Array(32).fill(8), 'console');
  it.each<[what: string, link: () => string]>([
    [
      'after two minutes',
      () => {
        const link = console.toLink('ada');
        console.state.now += 2 * 60_000;
        return link;
      },
    ],
    ['of another deployment', () => toLinkToken(key, 'ada', Date.now())],
    ['of an approver who is not in the file', () => console.toLink('eve')],
    [
      'of an approver who has an issuer',
      () => {
        const person = { issuer: 'staff', sub: 'user_ada' };
        console.state.config = toConsoleConfig({ approvers: [{ ...toApprover('ada'), person }] });
        return console.toLink('ada');
      },
    ],
    ['that is made up', () => 'AAAA'],
    ['that is empty', () => ''],
  ])('refuses a link %s', async (_, toLink) => {
    const link = toLink();
    for (const refused of [await console.send(`/link?token=${link}`), await open(link)]) {
      expect([refused.status, textOf(refused)]).toEqual([403, expect.stringContaining('This link is not valid')]);
      expect(console.tokenIn(refused)).toBeUndefined();
    }
  });

  it('refuses a sign-in that cannot be recorded', async () => {
    canRecord = false;
    const refused = await open(console.toLink('ada'));
    expect([refused.status, textOf(refused)]).toEqual([503, expect.stringContaining('The record cannot be written')]);
    expect(console.tokenIn(refused)).toBeUndefined();
  });

  it('does not take a session for a link, nor a link for a session', async () => {
    const link = console.toLink('ada');
    expect((await console.send('/waiting', { headers: console.carry(link) })).status).toBe(401);
    const session = console.tokenIn(await open(link)) ?? '';
    expect((await open(session)).status).toBe(403);
  });
});
