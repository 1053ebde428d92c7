import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeInBrowser } from '../support/browser.ts';
import { hasOpenssl } from '../support/certificate.ts';
import { type ConsoleServer, openConsoleServer, signInByLink } from '../support/console-server.ts';
import type { ClientOptions, Connected } from '../support/http-server.ts';
import { openProvider, type Provider } from '../support/openid-provider.ts';
import { openTlsProxy } from '../support/tls-proxy.ts';
import { openWorkosStandIn, type WorkosStandIn } from '../support/view-workos.ts';

const toSettings = ({ url, clientId }: Provider) => ({
  'log-level': 'trace',
  issuers: {
    login: {
      issuer: url,
      'jwks-url': `${url}/jwks`,
      environment: 'other',
      'sign-in': { 'client-id': clientId, 'client-secret-env': 'CONSOLE_SECRET' },
    },
  },
  agents: {
    cleanup: { allow: '*:full,*:credentials', confirm: 'person', list: 'all' },
    other: { allow: 'users:full', confirm: 'person', list: 'all' },
  },
  approvers: {
    ada: { agents: ['*'], allow: ['*:full', '*:credentials'] },
    grace: { agents: ['cleanup'], allow: ['organizations:full'] },
    lin: { issuer: 'login', sub: LIN, agents: ['*'], allow: ['*:full'] },
  },
});
/** As the issuer and WorkOS know them. */
const LIN = 'user_01JLIN00000000000000000000';

describeInBrowser('the console of the built server', (launch) => {
  let workos: WorkosStandIn;
  let provider: Provider;
  let server: ConsoleServer;
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
    workos = await openWorkosStandIn();
    provider = await openProvider();
    server = await openConsoleServer(toSettings(provider), { ...workos.env, CONSOLE_SECRET: provider.secret });
  }, 60_000);
  afterAll(async () => {
    await server?.close();
    await provider?.close();
    await workos?.close();
  });

  const opened: { readonly close: () => Promise<void> }[] = [];
  beforeEach(async () => {
    workos.reset();
    provider.reset();
    return async () => {
      for (const one of opened.splice(0)) await one.close().catch(() => {}); // its server may have ended
    };
  });

  /** In a context of its own: nothing is kept from another approver. */
  const openBlank = async (): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(15_000);
    opened.push(context);
    return context.newPage();
  };
  const openPage = async (name: string): Promise<Page> => {
    const page = await openBlank();
    await signInByLink(page, server, name);
    return page;
  };
  /** Signs in as whom the provider has signed in. */
  const openByIssuer = async (): Promise<Page> => {
    const page = await openBlank();
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Sign in with login' }).click();
    await page.getByRole('heading', { level: 1, name: /^(Waiting|You are not an approver)$/ }).waitFor();
    return page;
  };
  const connect = async (agent: string, options?: ClientOptions): Promise<Connected> => {
    const client = await server.connect(agent, options);
    opened.push(client);
    return client;
  };
  /** Opens the page of a call from the list of what waits, which shows it once it waits. */
  const openCall = async (page: Page, id: string) => {
    await page.goto(`${server.url}/waiting`);
    await page.getByRole('listitem').filter({ hasText: id }).getByRole('link').click();
    await page.waitForURL('**/waiting/*');
    await page.getByRole('heading', { level: 1, name: /\?$/ }).waitFor();
  };
  const sayYes = async (page: Page, id?: string) => {
    if (id !== undefined) await page.getByRole('textbox').first().fill(id.slice(-6));
    await page.getByRole('button', { name: /^Yes/ }).click();
    await page
      .getByRole('main')
      .getByText(/^Yes, said by/)
      .waitFor();
  };
  const sayNo = async (page: Page, words = '') => {
    await page.getByText('No, refuse it').click();
    await page.locator('textarea').fill(words);
    await page.getByRole('button', { name: /^No/ }).click();
    await page
      .getByRole('main')
      .getByText(/^No, said by/)
      .waitFor();
  };
  /** What an agent gets for a call that was sent. */
  const SENT = { structured: { object: 'done', environment: 'staging' } };
  const lastDecision = () => server.entries().findLast(({ kind }) => kind === 'decision');

  it('confirms a delete by the end of the ID, on record with the approver', async () => {
    const [page, agent, user_id] = [await openPage('ada'), await connect('cleanup'), workos.newId('user')];
    const calling = agent.call('delete_user', { user_id, confirm_reason: 'She left in October.' });
    await openCall(page, user_id);
    const main = page.getByRole('main');
    expect(await main.innerText()).toMatch(/ada@acme\.test[\s\S]*This cannot be undone\.[\s\S]*She left in October\./);
    await sayYes(page, user_id);
    expect(await calling).toMatchObject(SENT);
    expect(workos.changes()).toEqual([`DELETE /user_management/users/${user_id}`]);
    expect(lastDecision()).toMatchObject({ confirmation: 'console', approver: 'ada', approver_by: 'link' });
  });

  it('takes no other text than the end of the ID', async () => {
    const [page, agent, user_id] = [await openPage('ada'), await connect('cleanup'), workos.newId('user')];
    const calling = agent.call('delete_user', { user_id });
    await openCall(page, user_id);
    await page.getByRole('textbox').first().fill('wrong');
    await page.getByRole('button', { name: /^Yes/ }).click();
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('Nothing was answered.');
    expect(workos.changes()).toEqual([]);
    await sayYes(page, user_id);
    await calling;
  });

  it('confirms an identity change by a button, which shows both values', async () => {
    const [page, agent, user_id] = [await openPage('ada'), await connect('cleanup'), workos.newId('user')];
    const calling = agent.call('update_user', { user_id, email: 'eve@evil.test' });
    await openCall(page, user_id);
    expect(await page.getByRole('row').allInnerTexts()).toEqual([
      'Field\tNow\tThen',
      'email\t"ada@acme.test"\t"eve@evil.test"',
    ]);
    await sayYes(page);
    await calling;
    expect(workos.changes()).toEqual([`PUT /user_management/users/${user_id}`]);
  });

  it('refuses with words that reach the agent and not the record, also for another reason', async () => {
    const [page, agent, user_id] = [await openPage('ada'), await connect('cleanup'), workos.newId('user')];
    const calling = agent.call('delete_user', { user_id });
    await openCall(page, user_id);
    await sayNo(page, 'Deactivate her instead.');
    expect(await calling).toMatchObject({ isError: true, text: expect.stringContaining('"Deactivate her instead."') });
    const again = await agent.call('delete_user', { user_id, confirm_reason: 'Ada said that it is fine now.' });
    expect(again).toMatchObject({ isError: true, text: expect.stringContaining('declined') });
    expect(JSON.stringify(server.entries())).not.toContain('Deactivate her');
    expect(workos.changes()).toEqual([]);
  });

  it('sends nothing where the object has changed since it was shown', async () => {
    const [page, agent, user_id] = [await openPage('ada'), await connect('other'), workos.newId('user')];
    const calling = agent.call('delete_user', { user_id });
    await openCall(page, user_id);
    workos.names.set(user_id, 'eve@acme.test');
    await sayYes(page, user_id);
    expect(await calling).toMatchObject({ isError: true, text: expect.stringContaining('changed') });
    expect(workos.changes()).toEqual([]);
  });

  it('lets an approver see the agents of their entry, and answer what their grants have', async () => {
    const [grace, ada, agent] = [await openPage('grace'), await openPage('ada'), await connect('cleanup')];
    const other = await connect('other');
    const [user_id, unseen] = [workos.newId('user'), workos.newId('user')];
    const calls = [agent.call('delete_user', { user_id }), other.call('delete_user', { user_id: unseen })];
    await ada.getByRole('listitem').filter({ hasText: unseen }).waitFor();
    await openCall(grace, user_id);
    expect(await grace.getByRole('main').innerText()).toContain('You may not answer this call:');
    expect(await grace.getByRole('main').getByRole('button').count()).toBe(0);
    await grace.goto(`${server.url}/waiting`);
    await grace.getByRole('listitem').filter({ hasText: user_id }).waitFor();
    expect(await grace.getByRole('main').innerText()).not.toContain(unseen);
    for (const id of [user_id, unseen]) {
      await openCall(ada, id);
      await sayYes(ada, id);
    }
    expect(await Promise.all(calls)).toMatchObject([SENT, SENT]);
  }, 60_000);

  it('shows what waits without being loaded again, and what became of it', async () => {
    const [ada, also, agent, user_id] = [
      await openPage('ada'),
      await openPage('ada'),
      await connect('cleanup'),
      workos.newId('user'),
    ];
    const calling = agent.call('delete_user', { user_id });
    await ada.getByRole('listitem').filter({ hasText: user_id }).waitFor();
    await openCall(also, user_id);
    await openCall(ada, user_id);
    await sayYes(ada, user_id);
    await also
      .getByRole('main')
      .getByText(/^Yes, said by/)
      .waitFor();
    await calling;
  });

  it('holds the calls of an agent after three noes, until that is lifted', async () => {
    const [page, agent] = [await openPage('ada'), await connect('other')];
    for (let count = 0; count < 3; count += 1) {
      const user_id = workos.newId('user');
      const calling = agent.call('delete_user', { user_id });
      await openCall(page, user_id);
      await sayNo(page);
      await calling;
    }
    const user_id = workos.newId('user');
    expect(await agent.call('delete_user', { user_id })).toMatchObject({
      isError: true,
      text: expect.stringContaining('three of your calls'),
    });
    await page.goto(`${server.url}/waiting`);
    await page.getByRole('button', { name: /^Ask/ }).click();
    await page.waitForURL('**/agents/other');
    expect(await page.getByRole('button', { name: /^Ask/ }).count()).toBe(0);
    const calling = agent.call('delete_user', { user_id });
    await openCall(page, user_id);
    await sayYes(page, user_id);
    expect(await calling).toMatchObject(SENT);
  });

  it.each([
    'v2 client, legacy',
    'v2 client, auto',
  ] as const)('hands its address to a client that opens URLs, whose answer decides nothing (%s)', async (peer) => {
    const page = await openPage('ada');
    const user_id = workos.newId('user');
    const agent = await connect('cleanup', {
      peer,
      elicitation: { url: {} },
      person: () => ({ action: 'accept' }),
    });
    const calling = agent.call('delete_user', { user_id });
    await expect.poll(() => agent.asked.length).toBe(1);
    const { url } = Object(agent.asked[0]);
    expect(url).toMatch(new RegExp(`^${server.url}/waiting/[\\w-]+$`));
    expect(workos.changes()).toEqual([]);
    await page.goto(url);
    await page.getByRole('heading', { level: 1, name: 'Delete user?' }).waitFor();
    expect(workos.changes()).toEqual([]);
    await sayYes(page, user_id);
    expect(await calling).toMatchObject(SENT);
  });

  it('does not ask a client that is not trusted', async () => {
    const [page, user_id] = [await openPage('ada'), workos.newId('user')];
    const agent = await connect('cleanup', { elicitation: { form: {} }, person: () => ({ action: 'accept' }) });
    const calling = agent.call('delete_user', { user_id });
    await openCall(page, user_id);
    expect(agent.asked).toEqual([]);
    await sayYes(page, user_id);
    await calling;
  });

  it('confirms for an approver of an issuer, but nothing about their own user', async () => {
    provider.state.user = { sub: LIN };
    const [page, ada, agent, user_id] = [
      await openByIssuer(),
      await openPage('ada'),
      await connect('other'),
      workos.newId('user'),
    ];
    const calls = [agent.call('delete_user', { user_id: LIN }), agent.call('delete_user', { user_id })];
    await openCall(page, LIN);
    expect(await page.getByRole('main').innerText()).toContain('it is about your own user');
    await openCall(page, user_id);
    await sayYes(page, user_id);
    expect(await calls[1]).toMatchObject(SENT);
    expect(workos.changes()).toEqual([`DELETE /user_management/users/${user_id}`]);
    expect(lastDecision()).toMatchObject({ confirmation: 'console', approver: 'lin', approver_by: 'issuer' });
    await openCall(ada, LIN);
    await sayYes(ada, LIN);
    expect(await calls[0]).toMatchObject(SENT);
  }, 60_000);

  it('lets in by the sub alone: not by an email, a name or a role', async () => {
    provider.state.user = { sub: 'user_01JEVE', email: 'lin@example.org', name: 'lin', role: 'admin', approver: 'lin' };
    const page = await openByIssuer();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('You are not an approver');
    expect(await page.getByRole('main').innerText()).toContain('user_01JEVE');
    await page.goto(`${server.url}/waiting`);
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  });

  it('forgets who has signed out', async () => {
    const page = await openPage('ada');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    await page.goto(`${server.url}/waiting`);
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  });

  it('takes no answer of an approver who has left the file', async () => {
    const [page, ada, agent, organization_id] = [
      await openPage('grace'),
      await openPage('ada'),
      await connect('cleanup'),
      workos.newId('org'),
    ];
    const calling = agent.call('delete_organization', { organization_id });
    await openCall(page, organization_id);
    const settings = toSettings(provider);
    const { grace: _, ...approvers } = settings.approvers;
    expect(await server.reload({ ...settings, approvers })).toBe(true);
    // The page does not know it yet.
    await page.getByRole('textbox').first().fill(organization_id.slice(-6));
    await page.getByRole('button', { name: /^Yes/ }).click();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    expect(workos.changes()).toEqual([]);
    expect(await server.reload(settings)).toBe(true);
    await openCall(ada, organization_id);
    await sayYes(ada, organization_id);
    await calling;
  });

  describe('for axe-core', () => {
    it.each(['light', 'dark'] as const)('has no serious fault on any page (%s)', async (colorScheme) => {
      const [page, agent, user_id] = [await openPage('ada'), await connect('cleanup'), workos.newId('user')];
      await page.emulateMedia({ colorScheme });
      const calling = agent.call('delete_user', { user_id, confirm_reason: 'She left.' });
      await openCall(page, user_id);
      const address = page.url();
      const paths = ['/waiting', '/agents', '/agents/cleanup?tool=delete_user', '/calls', '/calls/verify'];
      const faults: string[] = [];
      for (const path of [address, ...paths.map((path) => `${server.url}${path}`)]) {
        await page.goto(path);
        await page.getByRole('button', { name: 'Sign out' }).waitFor();
        // The policy of the pages lets no other script in than their own.
        await page.evaluate(axe.source);
        const { violations, passes } = Object(await page.evaluate(() => Object(globalThis).axe.run()));
        expect(passes.length).toBeGreaterThan(5);
        for (const { id, impact } of violations) faults.push(`${path.replace(address, 'a call')}: ${impact} ${id}`);
      }
      expect(faults).toEqual([]);
      await page.goto(address);
      await sayYes(page, user_id);
      await calling;
    }, 60_000);
  });

  it.skipIf(!hasOpenssl)(
    'is answered without script, over https behind a proxy',
    async () => {
      const proxy = await openTlsProxy();
      const { grace, ada } = toSettings(provider).approvers;
      const settings = { agents: { cleanup: { allow: '*:full', confirm: 'person' } }, approvers: { grace, ada } };
      const behind = await openConsoleServer({ ...settings, 'console-url': proxy.url }, workos.env);
      proxy.passTo(behind.port);
      const context = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false });
      const agent = await behind.connect('cleanup');
      opened.push(agent, context, behind, proxy);
      const page = await context.newPage();
      await signInByLink(page, behind, 'ada');
      expect(await context.cookies()).toMatchObject([
        { name: expect.stringMatching(/^__Host-/), httpOnly: true, secure: true, sameSite: 'Strict', path: '/' },
      ]);
      const user_id = workos.newId('user');
      const calling = agent.call('delete_user', { user_id });
      await expect
        .poll(async () => {
          await page.reload();
          return page.getByRole('listitem').filter({ hasText: user_id }).count();
        })
        .toBe(1);
      await page.getByRole('listitem').filter({ hasText: user_id }).getByRole('link').click();
      await sayYes(page, user_id);
      expect(await calling).toMatchObject(SENT);
      expect(workos.changes()).toEqual([`DELETE /user_management/users/${user_id}`]);
    },
    60_000,
  );

  // The last, since it ends what waits.
  it('refuses after a restart what waited, and keeps who has signed in', async () => {
    const [page, agent, user_id] = [await openPage('ada'), await connect('cleanup'), workos.newId('user')];
    const calling = agent.call('delete_user', { user_id }).catch(() => 'cut');
    await openCall(page, user_id);
    await server.restart();
    await calling;
    await page.goto(page.url());
    await page.getByRole('heading', { level: 1, name: 'No such call waits' }).waitFor();
    expect(workos.changes()).toEqual([]);
  });
});
