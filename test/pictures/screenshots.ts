// npm run screenshots: makes the pictures of docs/pictures from the sandbox, at the width of a laptop and of a phone.
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeInBrowser } from '../support/browser.ts';
import { built } from '../support/built.ts';
import { type ConsoleServer, openConsoleServer, signInByLink } from '../support/console-server.ts';
import type { Connected } from '../support/http-server.ts';
import { toSmallPng } from '../support/small-png.ts';
import { openViewHost } from '../support/view-host.ts';
import { connectViewing, type Viewing } from '../support/viewing.ts';

const OUT = 'docs/pictures';
const WIDTHS = [1280, 390] as const;
/** A company of the sandbox, Bluefern Health, and a person. */
const BLUEFERN = 'org_01JBFERN000000000000EFYD6Q';
const ADA = 'user_01JADA0000000000000054K0EG';

const CONSOLE = {
  sandbox: true,
  agents: {
    support: { allow: 'preset:support' },
    cleanup: { allow: 'users:full,users:credentials,organizations:full', confirm: 'person' },
    'sso-watch': { allow: 'preset:sso-debug', 'read-only': true, expires: '2099-01-31' },
  },
  approvers: { ada: { agents: ['*'], allow: ['users:full', 'users:credentials', 'organizations:full'] } },
};

/** A conversation as clients show one, around the frame that a view gets. */
const CONVERSATION = `<!doctype html><html lang="en"><title>Conversation</title><style>
body { margin: 0; padding: 20px 16px; font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #f4f3ef; }
main { max-width: 720px; margin: 0 auto; }
.asked { width: fit-content; max-width: 85%; margin: 0 0 14px auto; padding: 9px 14px; border-radius: 14px; background: #e3e0d6; }
.called { margin: 0 0 8px; color: #6b6759; font-size: 13px; }
.called code { font-family: ui-monospace, monospace; }
iframe { display: block; border-radius: 10px; box-shadow: 0 0 0 1px #cfcbbf; }
</style><body><main>
<p class="asked">Bluefern Health has left us. Delete their organization.</p>
<p class="called">Called <code>delete_organization</code> of workos-mcp</p>
</main>`;

mkdirSync(OUT, { recursive: true });

describeInBrowser('the pictures', (launch) => {
  /** Takes what fits on a screen. @param until the lowest element that the picture shows */
  const take = async (name: string, page: Page, until = 'body') => {
    const { width, height: screen } = page.viewportSize() ?? expect.fail();
    const { y, height } = (await page.locator(until).boundingBox()) ?? expect.fail();
    const clip = { x: 0, y: 0, width, height: Math.min(screen, Math.ceil(y + height + 20)) };
    const png = await page.screenshot({ animations: 'disabled', caret: 'hide', clip });
    const small = await toSmallPng(await (await launch()).newPage(), png);
    writeFileSync(`${OUT}/${name}-${width}.png`, small);
    expect(small.length).toBeLessThan(60_000);
  };

  describe.each(WIDTHS)('of the view, at %i pixels', (width) => {
    let session: Viewing;
    beforeAll(async () => {
      session = await connectViewing(['--sandbox', '--allow', '*:full'], {}, 'v2 client, auto', { server: built });
    });
    afterAll(() => session?.close());

    it('show a delete', async () => {
      const call = async (name: string, args: Record<string, unknown>) =>
        Object(await session.client.callTool({ name, arguments: args }));
      const host = await openViewHost(await launch(), call, CONVERSATION);
      await host.page.setViewportSize({ width, height: 500 });
      const [tool, args] = ['delete_organization', { organization_id: BLUEFERN }] as const;
      const result = await call(tool, args);
      const view = await host.show({ tool, args, result, width: Math.min(width - 32, 720) });
      await view.getByRole('textbox').fill(BLUEFERN.slice(-6));
      await expect.poll(() => view.getByRole('button', { name: /^Yes/ }).isEnabled()).toBe(true);
      await view.getByRole('textbox').blur();
      await take('view', host.page, 'main');
      expect(host.faults).toEqual([]);
    });
  });

  describe('of the console', () => {
    let server: ConsoleServer;
    const clients: Connected[] = [];
    const waiting: Promise<unknown>[] = [];
    let page: Page;
    beforeAll(async () => {
      server = await openConsoleServer(CONSOLE);
      const connect = async (agent: string) => {
        const client = await server.connect(agent);
        clients.push(client);
        return client;
      };
      const [support, cleanup, sso] = [await connect('support'), await connect('cleanup'), await connect('sso-watch')];
      await support.call('list_users', { email: 'ada.hart@acme.example.com' });
      await support.call('get_user', { user_id: ADA });
      await support.call('list_organization_memberships', { user_id: ADA });
      await sso.call('list_connections', { organization_id: BLUEFERN });
      await sso.call('get_user', { user_id: ADA }).catch(() => {}); // a tool that it does not have
      await cleanup.call('get_organization', { organization_id: BLUEFERN });
      page = await (await launch()).newPage({ viewport: { width: 1280, height: 800 } });
      await signInByLink(page, server, 'ada');
      const calls = [
        [
          'update_user',
          { user_id: ADA, email: 'ada@hart.example.org', confirm_reason: 'She asked for it in ticket 4711.' },
        ],
        ['delete_organization', { organization_id: BLUEFERN, confirm_reason: 'Their contract ended in October.' }],
      ] as const;
      for (const [index, [tool, args]] of calls.entries()) {
        waiting.push(cleanup.call(tool, args).catch(() => {})); // the server ends before they are answered
        await page.getByRole('main').getByRole('listitem').nth(index).waitFor(); // one after the other
      }
    });
    afterAll(async () => {
      await page?.close();
      await server?.close();
      await Promise.all([...waiting, ...clients.map(({ close }) => close().catch(() => {}))]);
    });

    it.each(WIDTHS)('show what waits, agents and calls, at %i pixels', async (width) => {
      await page.setViewportSize({ width, height: 800 });
      for (const name of ['waiting', 'agents', 'calls']) {
        await page.goto(`${server.url}/${name}`);
        await page.getByRole('heading', { level: 1, name, exact: false }).waitFor();
        await take(name, page, 'main');
      }
      await page.goto(`${server.url}/waiting`);
      await page.getByRole('link', { name: 'Delete organization' }).click();
      await page.getByRole('heading', { level: 1, name: 'Delete organization?' }).waitFor();
      await expect.poll(() => page.getByRole('button', { name: /^Yes/ }).isEnabled()).toBe(true);
      await take('call', page, 'main');
    });
  });
});
