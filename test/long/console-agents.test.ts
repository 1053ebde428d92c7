import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuditRecord } from '../../src/audit/record.ts';
import { DECISION, folder, memorySink, outcome } from '../support/audit.ts';
import { describeInBrowser } from '../support/browser.ts';
import { createCertificate, hasOpenssl } from '../support/certificate.ts';
import { openTestConsole, type TestConsole } from '../support/console.ts';
import { openPages, TODAY } from '../support/console-pages.ts';
import { findPort } from '../support/find-port.ts';

const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const STAFF = 'staff.user_01E4ZCR3C56J083X43JQXF3JK5';

/** Each page, and one that says what is wrong. */
const PAGES = [
  '/agents',
  '/agents/ops-job?tool=delete_user&area=users',
  '/agents/support-bot',
  '/agents/staff',
  '/calls',
  '/calls?outcome=fine&since=yesterday',
  '/calls?agent=nobody',
  '/calls/run-1/2',
  '/calls/verify',
] as const;

describeInBrowser('the pages of agents and calls', (launch) => {
  let server: TestConsole;
  const opened: Page[] = [];
  const faults: string[] = [];
  afterEach(async () => {
    for (const page of opened.splice(0)) await page.context().close();
    await server.close();
    expect(faults.splice(0)).toEqual([]);
  });

  /** The console with a record of 120 calls, and an agent whose calls are held. */
  async function start(given: Parameters<typeof openTestConsole>[0] = {}): Promise<void> {
    const file = join(folder(), 'audit.jsonl');
    writeFileSync(file, '');
    let time = TODAY;
    const now = () => {
      time += 1_000;
      return new Date(time);
    };
    const sink = { ...memorySink().sink, append: (line: string) => appendFileSync(file, `${line}\n`) };
    const record = createAuditRecord({ sink, run: 'run-1', now });
    await record.append({ kind: 'note', text: 'begun' });
    for (let index = 0; index < 120; index += 1) {
      const agent = ['ops-job', 'support-bot', STAFF][index % 3] ?? '';
      const isRefused = index % 10 === 7;
      const text = `${agent} asked for ${index}`;
      const seq = await record.append({ ...DECISION, agent, text, decision: isRefused ? 'refused' : 'allowed' });
      if (!isRefused) await record.append(outcome(seq, { agent, text: `${agent} did ${index}` }));
    }
    const { agents, config } = await openPages();
    server = await openTestConsole({ agents, recordFile: file, record, ...given });
    server.state.config = config;
    for (let no = 0; no < 3; no += 1) await server.deps.approvals.countNo(STAFF);
  }

  const open = async (name: string, options: object = {}): Promise<Page> => {
    const context = await (await launch()).newContext({ viewport: WIDE, ...options });
    const page = await context.newPage();
    opened.push(page);
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) faults.push(message.text());
    });
    await page.goto(`${server.deps.url}/link?token=${server.toLink(name)}`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { level: 1, name: 'Waiting' }).waitFor();
    return page;
  };
  const show = async (page: Page, path: string) => {
    await page.goto(`${server.deps.url}${path}`);
    await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor();
  };
  const textOf = (page: Page) => page.getByRole('main').innerText();

  describe('over http', () => {
    beforeEach(() => start());

    it.each([
      ['light', WIDE],
      ['dark', PHONE],
    ] as const)('have no fault by axe-core (%s)', { timeout: 60_000 }, async (colorScheme, viewport) => {
      const page = await open('cleo', { viewport, colorScheme });
      for (const path of PAGES) {
        await show(page, path);
        await page.evaluate(axe.source);
        const { violations, passes } = Object(await page.evaluate(() => Object(globalThis).axe.run()));
        expect(passes.length).toBeGreaterThan(5);
        const told = violations.map(({ id, nodes }: { id: string; nodes: { html: string }[] }) => [id, nodes[0]?.html]);
        expect([path, told]).toEqual([path, []]);
      }
    });

    it('do not scroll sideways on a phone: what is wide does so in a region of its own', async () => {
      const page = await open('cleo', { viewport: PHONE });
      for (const path of PAGES) {
        await show(page, path);
        const width = await page.evaluate(() => Object(globalThis).document.documentElement.scrollWidth);
        expect([path, width]).toEqual([path, 390]);
      }
      await show(page, '/agents');
      const region = page.getByRole('region', { name: 'Access by area' });
      await region.focus();
      for (let key = 0; key < 5; key += 1) await page.keyboard.press('ArrowRight');
      await expect.poll(() => region.evaluate(({ scrollLeft }) => scrollLeft)).toBeGreaterThan(100);
    });

    it('have each count in one line at 1280 pixels', async () => {
      const page = await open('cleo', { viewport: { width: 1_280, height: 800 } });
      await show(page, '/agents');
      const lines = await page.locator('.count').evaluateAll((all) => all.map((one) => one.getClientRects().length));
      expect(lines.length).toBeGreaterThan(5);
      expect(new Set(lines)).toEqual(new Set([1]));
    });

    it('filter calls in the address, which shows the same to another approver of these agents', async () => {
      const page = await open('cleo');
      await show(page, '/calls');
      await page.getByLabel('Agent').fill('ops-job');
      await page.getByLabel('Outcome').selectOption('refused');
      await page.getByRole('button', { name: 'Show' }).click();
      await page.waitForURL(/outcome=refused/);
      await expect.poll(() => page.locator('tbody tr').count()).toBe(4);
      expect(await page.getByLabel('Agent').inputValue()).toBe('ops-job');
      const { pathname, search } = new URL(page.url());
      for (const [name, rows] of [
        ['ben', 4],
        ['ada', 0],
      ] as const) {
        const other = await open(name);
        await show(other, `${pathname}${search}`);
        expect(await other.locator('tbody tr').count()).toBe(rows);
      }
    });

    it('lead from the newest calls to the oldest, and to each entry', async () => {
      const page = await open('cleo');
      await show(page, '/calls');
      expect(await page.locator('tbody tr').count()).toBe(100);
      await page.getByRole('link', { name: 'Older' }).click();
      await expect.poll(() => page.locator('tbody tr').count()).toBe(22); // with the note of the sign-in
      expect(await textOf(page)).toContain('begun');
      await page.locator('tbody tr').nth(20).getByRole('link').click();
      await page.getByRole('heading', { level: 1, name: 'ops-job did 0' }).waitFor();
      await page.getByRole('link', { name: DECISION.ids.user_id }).click();
      await expect.poll(() => page.locator('tbody tr').count()).toBe(100);
    });

    it('explain a tool by a form', async () => {
      const page = await open('ben');
      await show(page, '/agents');
      await page.getByRole('link', { name: 'ops-job' }).first().click();
      await page.getByLabel('Tool', { exact: true }).selectOption('delete_user');
      await page.getByRole('button', { name: 'Show why' }).click();
      await page.getByRole('heading', { name: 'delete_user is off' }).waitFor();
      expect(await textOf(page)).toContain('take deny users:delete away');
      await page.getByRole('link', { name: 'users', exact: true }).click();
      await page.getByRole('heading', { name: 'Tools of users' }).waitFor();
    });

    it('lift what three noes hold', async () => {
      const page = await open('ada');
      await show(page, '/agents');
      await page.getByRole('button', { name: `Ask again about calls of ${STAFF}` }).click();
      await page.getByRole('heading', { level: 1, name: 'staff' }).waitFor();
      expect(await server.deps.approvals.heldCallers()).toEqual([]);
      await show(page, '/calls');
      expect(await page.locator('tbody tr').first().innerText()).toContain(
        `${STAFF}: calls are asked about again, lifted by ada`,
      );
    });
  });

  it.skipIf(!hasOpenssl)('are read without script over https', async () => {
    const certificate = createCertificate();
    const port = await findPort();
    await start({ port, url: `https://127.0.0.1:${port}`, tls: certificate });
    certificate.remove();
    const page = await open('ada', { javaScriptEnabled: false, ignoreHTTPSErrors: true });
    for (const path of PAGES.filter((path) => !path.includes('ops-job'))) {
      await show(page, path);
      expect(await textOf(page)).not.toBe('');
    }
    await show(page, '/calls');
    await page.getByLabel('Agent').fill('support-bot');
    await page.getByRole('button', { name: 'Show' }).click();
    expect(await page.locator('tbody tr').count()).toBe(40);
    await show(page, '/agents/staff');
    await page.getByRole('button', { name: 'Ask again' }).click();
    await page.getByRole('heading', { level: 1, name: 'staff' }).waitFor();
    expect(await server.deps.approvals.heldCallers()).toEqual([]);
  });
});
