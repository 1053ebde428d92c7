import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContext, Page } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOnceStore } from '../../src/agents/once.ts';
import { html } from '../../src/console/html.ts';
import type { ConsoleRoute } from '../../src/console/routes.ts';
import { RefusedError } from '../../src/errors.ts';
import { describeInBrowser } from '../support/browser.ts';
import { createCertificate } from '../support/certificate.ts';
import { openTestConsole, type TestConsole, toApprover, toConsoleConfig } from '../support/console.ts';
import { findPort } from '../support/find-port.ts';
import { openProvider, type Provider } from '../support/openid-provider.ts';

/** A page with a form, and one that is followed. */
function toPages() {
  const acts: string[] = [];
  const listeners = new Set<() => void>();
  let shown = 'one';
  const wait = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      listeners.add(resolve);
      signal.addEventListener('abort', () => resolve());
    });
  const routes: readonly ConsoleRoute[] = [
    {
      path: '/waiting',
      show: async ({ viewer }) => ({
        title: 'Waiting',
        main: html`<h1>Waiting for ${viewer.approver.name}</h1>
<form method="post" action="/waiting/1"><input type="hidden" name="token" value="${viewer.formToken}"><button name="answer" value="yes">Yes</button></form>`,
      }),
    },
    {
      path: '/waiting/:handle',
      show: async ({ query }) => ({ title: 'Done', main: html`<h1>Done ${query.get('after') ?? ''}</h1>` }),
      act: async ({ viewer, form }) => {
        acts.push(`${viewer.approver.name}: ${form.get('answer')}`);
        return { to: '/waiting/1?after=yes' };
      },
    },
    {
      path: '/live',
      show: async () => ({ title: 'Live', main: html`<h1>${shown}</h1>`, isLive: true }),
      follow: async function* ({ signal }) {
        while (!signal.aborted) {
          yield html`<h1>${shown}</h1>`;
          await wait(signal);
        }
      },
    },
  ];
  return {
    routes,
    acts,
    change: (text: string) => {
      shown = text;
      for (const listener of listeners) listener();
      listeners.clear();
    },
  };
}

/** What is remembered of sessions, which a test can put out of reach. */
function toOnce() {
  const kept = createOnceStore(Date.now);
  let error: Error | undefined;
  const orFail = <T>(value: Promise<T>) => (error === undefined ? value : Promise.reject(error));
  return {
    use: (id: string, until: number) => orFail(kept.use(id, until)),
    isUsed: (id: string) => orFail(kept.isUsed(id)),
    fail: (given: Error | undefined) => {
      error = given;
    },
  };
}

/** Pages of another port of loopback. */
async function openStranger() {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>elsewhere</title><body>');
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo; // listens on TCP
  return {
    /** Another port of the console's host, and another host. */
    origins: (host: string) => [`http://${host}:${port}`, `http://elsewhere.localhost:${port}`],
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describeInBrowser('the console in a browser', (launch) => {
  describe.each(['http', 'https'] as const)('over %s', (scheme) => {
    const pages = toPages();
    const once = toOnce();
    let console: TestConsole;
    let provider: Provider;
    let stranger: Awaited<ReturnType<typeof openStranger>>;
    let context: BrowserContext;
    let page: Page;
    const faults: string[] = [];
    beforeAll(async () => {
      provider = await openProvider();
      stranger = await openStranger();
      const [port, certificate] = [await findPort(), createCertificate()];
      console = await openTestConsole(
        {
          port,
          url: scheme === 'http' ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
          tls: scheme === 'http' ? undefined : certificate,
          once,
          clientSecretOf: () => provider.secret,
        },
        pages.routes,
      );
      certificate.remove();
      return async () => {
        await console.close();
        await provider.close();
        stranger.close();
      };
    });
    beforeEach(async () => {
      const person = { issuer: 'staff', sub: 'user_ada' };
      const signIn = { clientId: provider.clientId, clientSecretEnv: undefined, clientSecretFile: undefined };
      const issuer = { name: 'staff', issuer: provider.url, jwksUrl: `${provider.url}/jwks`, signIn };
      const rest = { algorithms: ['RS256'], m2mAudience: undefined, environment: undefined } as const;
      console.state.config = toConsoleConfig({
        issuers: [{ ...issuer, ...rest }],
        approvers: [toApprover('grace'), { ...toApprover('ada'), person }],
      });
      pages.acts.length = 0;
      faults.length = 0;
      context = await (await launch()).newContext({ ignoreHTTPSErrors: true });
      page = await context.newPage();
      page.on('pageerror', ({ message }) => faults.push(message));
      return async () => {
        await context.close();
        expect(faults).toEqual([]);
      };
    });
    const heading = (of: Page = page) => of.locator('h1').textContent();
    const signInByLink = async (of: Page = page) => {
      await of.goto(`${console.origin}/link?token=${console.toLink('grace')}`);
      await of.getByRole('button', { name: 'Sign in as grace' }).click();
      await expect.poll(() => heading(of)).toBe('Waiting for grace');
    };

    it('signs in by a link, shows pages, sends forms and signs out', async () => {
      await signInByLink();
      expect(page.url()).toBe(`${console.origin}/waiting`);
      await page.getByRole('button', { name: 'Yes' }).click();
      await expect.poll(() => heading()).toBe('Done yes');
      expect([page.url(), pages.acts]).toEqual([`${console.origin}/waiting/1?after=yes`, ['grace: yes']]);
      await page.goBack();
      await expect.poll(() => heading()).toBe('Waiting for grace');
      await page.getByRole('button', { name: 'Sign out' }).click();
      await expect.poll(() => heading()).toBe('Sign in');
      await page.goto(`${console.origin}/waiting`);
      await expect.poll(() => heading()).toBe('Sign in');
      expect(pages.acts).toHaveLength(1);
    });

    it('is loaded again where the browser brings a page back as it was', async () => {
      await signInByLink();
      const loaded = page.waitForEvent('load');
      await page.evaluate(() => {
        document.body.textContent = 'as it was';
        window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
      });
      await loaded;
      await page.getByRole('heading', { name: 'Waiting for grace' }).waitFor();
    });

    it('signs in by an issuer of another origin, and goes to the page that was asked for', async () => {
      await page.goto(`${console.origin}/waiting/7?after=signing+in`);
      await page.getByRole('button', { name: 'Sign in with staff' }).click();
      await expect.poll(() => heading()).toBe('Done signing in');
      expect(page.url()).toBe(`${console.origin}/waiting/7?after=signing+in`);
    });

    it('shows what changes, until the session ends', async () => {
      await signInByLink();
      pages.change('one');
      await page.goto(`${console.origin}/live`);
      await expect.poll(() => heading()).toBe('one');
      pages.change('two <b>');
      await expect.poll(() => heading()).toBe('two <b>');
      console.state.config = toConsoleConfig({ approvers: [] });
      pages.change('secret');
      await expect.poll(() => heading(), { timeout: 15_000 }).toBe('Sign in');
    });

    it('says that what it shows may have changed, and shows what holds once it can', async () => {
      await signInByLink();
      pages.change('before');
      await page.goto(`${console.origin}/live`);
      await expect.poll(() => heading()).toBe('before');
      once.fail(new RefusedError('Redis cannot be reached.'));
      pages.change('meanwhile');
      const said = page.getByRole('alert');
      await expect
        .poll(() => said.textContent(), { timeout: 15_000 })
        .toBe('Redis cannot be reached. What this page shows may have changed since.');
      expect(await heading()).toBe('before');
      once.fail(undefined);
      await expect.poll(() => heading(), { timeout: 15_000 }).toBe('meanwhile');
      expect(await said.count()).toBe(0);
    });

    it('opens a page that another origin links to', async () => {
      await signInByLink();
      const [, elsewhere = ''] = stranger.origins(new URL(console.origin).hostname);
      await page.goto(elsewhere);
      await page.setContent(`<a href="${console.origin}/waiting/2?after=link">go</a>`);
      await page.getByRole('link').click();
      await expect.poll(() => heading()).toBe('Done link');
    });

    describe.each([0, 1])('against a page of another port or host (%i)', (nth) => {
      let evil: Page;
      beforeEach(async () => {
        await signInByLink();
        evil = await context.newPage();
        await evil.goto(stranger.origins(new URL(console.origin).hostname)[nth] ?? '');
      });

      it('lets it read nothing by fetch', async () => {
        const read = await evil.evaluate(async (origin) => {
          const attempt = async (path: string, options: object) => {
            try {
              const response = await fetch(`${origin}${path}`, { credentials: 'include', ...options });
              return `${response.type} ${await response.text()}`;
            } catch {
              return 'failed';
            }
          };
          return Promise.all([
            attempt('/waiting', {}),
            attempt('/waiting', { mode: 'no-cors' }),
            attempt('/waiting', { headers: { 'x-console-session': 'AAAA' } }),
            attempt('/live', { headers: { accept: 'text/event-stream' } }),
            attempt('/console.js', {}),
          ]);
        }, console.origin);
        for (const one of read) expect(['failed', 'opaque ']).toContain(one);
      });

      it('lets it load nothing as a script, a style or an image', async () => {
        const loaded = await evil.evaluate(async (origin) => {
          const load = (name: string, attribute: string, path: string) =>
            new Promise((resolve) => {
              const document = Object(globalThis).document;
              const element = Object.assign(document.createElement(name), { rel: 'stylesheet' });
              element.onload = () => resolve('loaded');
              element.onerror = () => resolve('failed');
              element[attribute] = `${origin}${path}`;
              document.head.append(element);
            });
          return Promise.all([
            load('script', 'src', '/console.js'),
            load('link', 'href', '/console.css'),
            load('img', 'src', '/waiting'),
          ]);
        }, console.origin);
        expect(loaded).toEqual(['failed', 'failed', 'failed']);
      });

      it('does nothing for its forms, even with the right token', async () => {
        const token = await page.locator('form[action="/waiting/1"] input[name=token]').inputValue();
        const answered = await evil.evaluate(
          async ([address = '', token = '']) => {
            const body = new URLSearchParams({ token, answer: 'yes' });
            const send = (options: object) =>
              fetch(address, { method: 'POST', credentials: 'include', body, ...options }).catch(() => ({
                type: 'failed',
              }));
            return [(await send({ mode: 'no-cors' })).type, (await send({})).type];
          },
          [`${console.origin}/waiting/1`, token],
        );
        expect([answered, pages.acts]).toEqual([['failed', 'failed'], []]);
        const refused = evil.waitForResponse((response) => response.request().method() === 'POST');
        await evil.setContent(
          `<form method="post" action="${console.origin}/waiting/1"><input name="token" value="${token}"><input name="answer" value="yes"><button>x</button></form>`,
        );
        await evil.getByRole('button').click();
        expect([(await refused).status(), pages.acts]).toEqual([403, []]);
        await page.reload();
        await expect.poll(() => heading()).toBe('Waiting for grace');
      });

      it('does not let it frame a page', async () => {
        await evil.setContent(`<iframe src="${console.origin}/waiting"></iframe>`);
        await expect.poll(() => evil.frames().length).toBe(2);
        const framed = evil.frames()[1] ?? expect.fail();
        await framed.waitForLoadState();
        expect(await framed.content()).not.toContain('grace');
        expect(framed.url()).not.toContain('/waiting');
      });

      it('leaves it no hold on a window that it opens', async () => {
        const opened = context.waitForEvent('page');
        await evil.evaluate((origin) => {
          Object(globalThis).child = Object(globalThis).open(`${origin}/waiting`);
        }, console.origin);
        const child = await opened;
        // Once its script has fetched the page, or over https once it was loaded again with the cookie.
        await expect
          .poll(() => heading(child).catch(() => ''))
          .toBe(scheme === 'http' ? 'Sign in' : 'Waiting for grace');
        expect(await child.evaluate(() => Object(globalThis).opener)).toBeNull();
        const hold = await evil.evaluate(() => {
          const { child } = Object(globalThis);
          try {
            return child.closed ? 'closed' : String(child.document.body.textContent);
          } catch {
            return 'denied';
          }
        });
        expect(hold).toBe('closed');
      });

      it('does not take cookies or a session that it has set', async () => {
        // Over http it is even a good one.
        const form = { link: console.toLink('grace') };
        const set = scheme === 'http' ? (console.tokenIn(await console.send('/link', { form })) ?? '') : 'AAAA';
        await evil.evaluate((token) => {
          const { document } = Object(globalThis);
          for (const name of ['__Host-console-session', 'console-session', 'x-console-session'])
            document.cookie = `${name}=${token}; path=/`;
          Object(globalThis).sessionStorage.setItem('x-console-session', token);
        }, set);
        const fresh = await context.newPage();
        await fresh.goto(`${console.origin}/waiting`);
        // Over https grace is signed in by her cookie still; over http a new window has no session.
        await expect.poll(() => heading(fresh)).toBe(scheme === 'http' ? 'Sign in' : 'Waiting for grace');
      });
    });

    it('answers no name that leads to it by the name server alone', async () => {
      const { protocol, port } = new URL(console.origin);
      const answer = await page.goto(`${protocol}//rebound.localhost:${port}/waiting`);
      expect([answer?.status(), await page.content()]).toEqual([
        403,
        expect.stringContaining('not served under this host'),
      ]);
    });
  });

  it('can be read and answered over https without script', async () => {
    const pages = toPages();
    const [port, tls] = [await findPort(), createCertificate()];
    const console = await openTestConsole({ port, url: `https://localhost:${port}`, tls }, pages.routes);
    tls.remove();
    const context = await (await launch()).newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false });
    try {
      const page = await context.newPage();
      await page.goto(`${console.origin}/link?token=${console.toLink('ada')}`);
      await page.getByRole('button').click();
      expect(await page.locator('h1').textContent()).toBe('Waiting for ada');
      await page.getByRole('button', { name: 'Yes' }).click();
      expect([await page.locator('h1').textContent(), pages.acts]).toEqual(['Done yes', ['ada: yes']]);
    } finally {
      await context.close();
      await console.close();
    }
  });
});
