import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Approval, ApprovalAnswer } from '../../src/call/confirm/approvals.ts';
import { pageScript } from '../../src/console/pages/page-script.ts';
import { toApproval, toUpdate, USER_ID } from '../support/approval.ts';
import { describeInBrowser } from '../support/browser.ts';
import { createCertificate, hasOpenssl } from '../support/certificate.ts';
import { openTestConsole, toConsoleAgent, toConsoleConfig } from '../support/console.ts';
import { findPort } from '../support/find-port.ts';

type TestConsole = Awaited<ReturnType<typeof openTestConsole>>;

const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const HOSTILE = `"><script>alert(1)</script>${'x'.repeat(300)}`;

describeInBrowser('the pages of waiting calls', (launch) => {
  let server: TestConsole;
  const faults: string[] = [];
  const opened: Page[] = [];
  beforeEach(async () => {
    server = await openTestConsole();
    faults.length = 0;
  });
  afterEach(async () => {
    for (const page of opened.splice(0)) await page.context().close();
    await server.close();
    expect(faults).toEqual([]);
  });

  /** A window of its own, signed in. */
  const open = async (name = 'ada', options: object = {}): Promise<Page> => {
    const browser = await launch();
    const context = await browser.newContext({ viewport: WIDE, ...options });
    const page = await context.newPage();
    opened.push(page);
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('dialog', (dialog) => {
      faults.push(dialog.message());
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) faults.push(message.text());
    });
    await page.goto(`${server.deps.url}/link?token=${server.toLink(name)}`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { level: 1, name: 'Waiting' }).waitFor();
    return page;
  };
  const at = (path: string) => `${server.deps.url}${path}`;
  const put = (approval: Approval) => server.deps.approvals.put({ ...approval, ...times() });
  const times = () => ({ askedAt: server.state.now, until: server.state.now + 60 * 60_000 });
  const answerOf = async (handle: string) => (await server.deps.approvals.find(handle))?.answer;
  const byGrace = (answer: ApprovalAnswer['answer']): ApprovalAnswer => ({
    answer,
    approver: 'grace',
    by: 'link',
    isSamePerson: false,
    at: server.state.now,
  });
  const show = async (page: Page, path: string) => {
    await page.goto(at(path));
    await page.getByRole('heading', { level: 1 }).waitFor();
  };
  const yes = (page: Page) => page.getByRole('button', { name: /^Yes/ });
  const tabTo = async (page: Page, selector: string) => {
    const isFocused = () => page.locator(`${selector}:focus`).count();
    for (let n = 0; n < 20 && (await isFocused()) === 0; n += 1) await page.keyboard.press('Tab');
    expect(await isFocused()).toBe(1);
  };
  /** The page's sizes, wherever it was scrolled. */
  const sizeOf = (page: Page) =>
    page.evaluate(() => {
      const { scrollWidth, scrollHeight } = Object(globalThis).document.documentElement;
      return { scrollWidth, scrollHeight };
    });

  describe('a delete', () => {
    it('has one field and one button at 1280 by 800, needs no scrolling, and focuses nothing', async () => {
      await put(toApproval('one', { reason: 'r'.repeat(200), requester: { owner: 'grace' } }));
      const page = await open();
      await show(page, '/waiting/one');
      expect(await sizeOf(page)).toEqual({ scrollWidth: 1280, scrollHeight: 800 });
      const main = page.getByRole('main');
      expect(await main.locator('input:visible, textarea:visible, select:visible').count()).toBe(1);
      expect(await main.getByRole('button').allInnerTexts()).toEqual(['Yes, delete user']);
      expect(await page.locator(':focus').count()).toBe(0);
    });

    it('is confirmed by the end of its ID, and not by another text', async () => {
      await put(toApproval('one'));
      const page = await open();
      await show(page, '/waiting/one');
      await page.getByRole('textbox').fill('4N2B0D');
      await yes(page).click();
      const alert = page.getByRole('alert');
      await expect.poll(() => alert.textContent()).toContain('You typed something other than 4N2B0C');
      expect(await answerOf('one')).toBe(undefined);
      await page.getByRole('textbox').fill('4n2b0c');
      await yes(page).click();
      await expect.poll(() => page.getByRole('main').innerText()).toContain('Yes, said by ada (signed in by a link)');
      expect(new URL(page.url()).pathname).toBe('/waiting/one');
      expect(await answerOf('one')).toMatchObject({ answer: 'yes', approver: 'ada', by: 'link' });
    });

    it('is confirmed by keyboard alone', async () => {
      await put(toApproval('one'));
      const page = await open();
      await tabTo(page, '#call-one');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/waiting/one');
      await page.getByRole('textbox').waitFor();
      await tabTo(page, '#typed');
      await page.keyboard.type('4N2B0C');
      await expect.poll(() => yes(page).isEnabled()).toBe(true);
      await page.keyboard.press('Enter');
      await expect.poll(() => answerOf('one')).toMatchObject({ answer: 'yes' });
    });

    it('is refused with words for the agent, by keyboard alone', async () => {
      await put(toApproval('one'));
      const page = await open();
      await show(page, '/waiting/one');
      await tabTo(page, 'summary');
      await page.keyboard.press('Enter');
      await tabTo(page, '#words');
      await page.keyboard.type('Not on a Friday.');
      await tabTo(page, 'details button');
      await page.keyboard.press('Enter');
      await expect.poll(() => answerOf('one')).toMatchObject({ answer: 'no', words: 'Not on a Friday.' });
      await expect.poll(() => page.getByRole('main').innerText()).toContain('No, said by ada');
    });
  });

  it('has a button that does nothing at first, and again when its window comes to the front', async () => {
    await put(toUpdate('one'));
    const page = await open();
    await show(page, '/waiting/one');
    await expect.poll(() => yes(page).isEnabled()).toBe(true);
    expect(await page.locator('button[data-inert]').count()).toBe(1);
    await page.evaluate(() => Object(globalThis).dispatchEvent(new Event('focus')));
    expect(await yes(page).isDisabled()).toBe(true);
    await yes(page).click({ force: true });
    expect(await answerOf('one')).toBe(undefined);
    await yes(page).click(); // it waits until the button is enabled
    await expect.poll(() => answerOf('one')).toMatchObject({ answer: 'yes' });
  });

  it('shows the calls that come and go without being loaded again, and keeps the focus', async () => {
    await put(toApproval('one'));
    const page = await open();
    expect(await page.title()).toBe('(1) Waiting · workos-mcp');
    await page.locator('#call-one').focus();
    await put(toUpdate('two'));
    await expect.poll(() => page.title()).toBe('(2) Waiting · workos-mcp');
    expect(await page.locator(':focus').getAttribute('id')).toBe('call-one');
    expect(await page.getByRole('status').textContent()).toBe('2 calls wait for a yes.');
    await server.deps.approvals.answer('two', byGrace('no'));
    await expect.poll(() => page.getByRole('listitem').locator('h2').allInnerTexts()).toEqual(['Delete user']);
  });

  it('says at once that another approver has answered, and takes no second answer', async () => {
    await put(toApproval('one'));
    const [page, other] = [await open(), await open('grace')];
    await show(page, '/waiting/one');
    await show(other, '/waiting/one');
    await page.getByRole('textbox').fill('4N2B');
    await other.getByText('No, refuse it').click();
    await other.getByRole('button', { name: 'No, do not delete user' }).click();
    await expect.poll(() => page.getByRole('main').innerText()).toContain('No, said by grace');
    expect(await page.getByRole('main').getByRole('button').count()).toBe(0);
    expect(await page.title()).toBe('No: Delete user · workos-mcp');
  });

  it('leaves what is being typed alone while nothing changes', async () => {
    const page = await (await launch()).newPage();
    opened.push(page);
    await page.setContent('<main><p>1 &amp; 2<input data-title="One"></main>');
    const typed = await page.evaluate(`
      const main = document.querySelector('main');
      const script = (${pageScript})(0);
      script.prepare(main);
      const fill = (text) => main.querySelector('input').value = text;
      const show = (text) => (script.replace(main, text), main.querySelector('input').value);
      fill('4N2B');
      [show('<p>1 &amp; 2<input data-title="One">'), show('<p>1 &amp; 3<input data-title="One">')];
    `);
    expect(typed).toEqual(['4N2B', '']);
  });

  it('comes too late', async () => {
    await put(toApproval('one'));
    const page = await open();
    await show(page, '/waiting/one');
    await page.getByRole('textbox').fill('4N2B0C');
    server.state.now += 60 * 60_000 + 1;
    await yes(page).click();
    await expect.poll(() => page.getByRole('main').innerText()).toContain('Too late: it waited until');
  });

  const hostile = () =>
    toApproval('one', {
      caller: HOSTILE,
      reason: HOSTILE.slice(0, 200),
      requester: { issuer: 'acme', sub: HOSTILE },
      shown: {
        names: [`\`${HOSTILE}\``, '`\u202egnp.exe`'],
        changes: [{ name: 'email', before: `"${HOSTILE}"`, after: `"${HOSTILE}"` }],
        lines: [`It removes \`${HOSTILE}\``],
        warnings: [`Careful: the word \`${HOSTILE}\` mixes letters.`],
      },
    });

  it.each(['/waiting', '/waiting/one'])('scrolls nothing sideways at 390 pixels: %s', async (path) => {
    server.state.config = toConsoleConfig({ agents: [toConsoleAgent(HOSTILE)] });
    await put(hostile());
    for (let n = 0; n < 3; n += 1) await server.deps.approvals.countNo(HOSTILE);
    const page = await open('ada', { viewport: PHONE });
    await show(page, path);
    expect((await sizeOf(page)).scrollWidth).toBe(390);
    expect(await page.getByRole('main').innerText()).toContain('"><script>alert(1)</script>xxx');
    expect(await page.locator('main script').count()).toBe(0);
  });

  it.each(['light', 'dark'] as const)('has no serious fault by axe-core (%s)', {
    timeout: 60_000,
  }, async (colorScheme) => {
    const page = await open('ada', { colorScheme });
    const look = async (what: string, of: Page) => {
      await expect.poll(() => of.locator('button:disabled').count()).toBe(0);
      await of.evaluate(axe.source);
      const { violations, passes } = Object(await of.evaluate(() => Object(globalThis).axe.run()));
      expect(passes.length).toBeGreaterThan(5);
      expect([what, ...violations.map(({ id, impact }: { id: string; impact: string }) => `${impact}: ${id}`)]).toEqual(
        [what],
      );
    };
    const visitor = await (await launch()).newPage({ colorScheme });
    opened.push(visitor);
    for (const path of ['/waiting', `/link?token=${server.toLink('ada')}`, '/link?token=x']) {
      await show(visitor, path);
      await look(path, visitor);
    }
    await look('nothing waits', page);
    await put(toApproval('one', { reason: 'She has left.', shown: { warnings: ['Careful: `аda`.'] } }));
    await put(toUpdate('two'));
    for (let n = 0; n < 3; n += 1) await server.deps.approvals.countNo('cleaner');
    for (const path of ['/waiting', '/waiting/one', '/waiting/two', '/waiting/none']) {
      await show(page, path);
      await look(path, page);
    }
    await show(page, '/waiting/one');
    await page.getByText('No, refuse it').click();
    await page.getByRole('textbox').first().fill('x');
    await yes(page).click();
    await page.getByRole('alert').waitFor();
    await look('another text', page);
    await server.deps.approvals.answer('two', byGrace('yes'));
    await show(page, '/waiting/two');
    await look('answered', page);
  });

  it.skipIf(!hasOpenssl)('is read and answered without script over https', async () => {
    await server.close();
    const certificate = createCertificate();
    const port = await findPort();
    server = await openTestConsole({ port, url: `https://127.0.0.1:${port}`, tls: certificate });
    certificate.remove();
    await put(toApproval('one'));
    const page = await open('ada', { javaScriptEnabled: false, ignoreHTTPSErrors: true });
    await page.getByRole('link', { name: 'Delete user' }).click();
    await page.getByRole('textbox').fill(USER_ID);
    await yes(page).click();
    await expect.poll(() => page.getByRole('main').innerText()).toContain('Yes, said by ada');
    expect(new URL(page.url()).pathname).toBe('/waiting/one');
    expect(await answerOf('one')).toMatchObject({ answer: 'yes', approver: 'ada' });
  });
});
