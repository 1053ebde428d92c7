import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeInBrowser } from '../support/browser.ts';
import { openFolder } from '../support/http-server.ts';
import { type Inspector, openInspector } from '../support/inspector.ts';
import { openWorkosStandIn, type WorkosStandIn } from '../support/view-workos.ts';
import { describeWith } from '../support/witnesses.ts';

describeWith('the Inspector 2', (witness) => {
  describeInBrowser('the view in its page', (launch) => {
    describe.each(['legacy', 'modern'] as const)('as a %s client', (era) => {
      const folder = openFolder();
      let workos: WorkosStandIn;
      let inspector: Inspector;
      beforeAll(async () => {
        workos = await openWorkosStandIn();
        const args = ['--allow', '*:full', '--list', 'all'];
        inspector = await openInspector(await launch(), witness, { home: folder.path, era, args, env: workos.env });
      }, 60_000);
      afterAll(async () => {
        await inspector?.close();
        await workos?.close();
        folder.remove();
      });

      it('confirms a delete', async () => {
        const user_id = workos.newId('user');
        const view = await inspector.openApp('Delete user', { user_id });
        await expect.poll(() => view.locator('body').innerText()).toContain('ada@acme.test');
        expect(await view.locator('h1').textContent()).toBe('Delete user?');
        await view.getByRole('textbox').fill(user_id.slice(-6));
        await view.getByRole('button', { name: /^Yes/ }).click();
        // This host declares no way to tell a model, so the view does not say that it failed to.
        const said = 'Confirmed, and carried out.';
        await expect.poll(() => view.getByRole('status').textContent()).toBe(said);
        expect(workos.changes()).toEqual([`DELETE /user_management/users/${user_id}`]);
      });
    });
  });
});
