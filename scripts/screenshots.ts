// npm run screenshots: makes the pictures of docs/pictures from the sandbox, at the width of a laptop and of a phone.
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeInBrowser } from '../test/support/browser.ts';
import { built } from '../test/support/built.ts';
import { toSmallPng } from '../test/support/small-png.ts';
import { openViewHost } from '../test/support/view-host.ts';
import { connectViewing, type Viewing } from '../test/support/viewing.ts';

const OUT = 'docs/pictures';
/** Bluefern Health of the sandbox. */
const ORGANIZATION = 'org_01JBFERN000000000000000000';

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
  /** @param until the lowest element that the picture shows */
  const take = async (name: string, page: Page, until = 'body') => {
    const { width } = page.viewportSize() ?? expect.fail();
    const { y, height } = (await page.locator(until).boundingBox()) ?? expect.fail();
    const clip = { x: 0, y: 0, width, height: Math.ceil(y + height + 20) };
    const png = await page.screenshot({ animations: 'disabled', caret: 'hide', fullPage: true, clip });
    const small = await toSmallPng(await (await launch()).newPage(), png);
    writeFileSync(`${OUT}/${name}-${width}.png`, small);
    expect(small.length).toBeLessThan(60_000);
  };

  describe.each([1280, 390])('at %i pixels', (width) => {
    describe('of the view', () => {
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
        const [tool, args] = ['delete_organization', { organization_id: ORGANIZATION }] as const;
        const result = await call(tool, args);
        const view = await host.show({ tool, args, result, width: Math.min(width - 32, 720) });
        await view.getByRole('textbox').fill(ORGANIZATION.slice(-6));
        await expect.poll(() => view.getByRole('button', { name: /^Yes/ }).isEnabled()).toBe(true);
        await view.getByRole('textbox').blur();
        await take('view', host.page, 'main');
        expect(host.faults).toEqual([]);
      });
    });
  });
});
