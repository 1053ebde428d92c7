import axe from 'axe-core';
import type { FrameLocator } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeInBrowser } from '../support/browser.ts';
import { openViewHost, type ViewHostPage } from '../support/view-host.ts';
import { openWorkosStandIn, type WorkosStandIn } from '../support/view-workos.ts';
import { connectViewing, type Viewing } from '../support/viewing.ts';

describeInBrowser('the view in a host page', (launch) => {
  let workos: WorkosStandIn;
  let session: Viewing;
  let host: ViewHostPage;
  beforeAll(async () => {
    workos = await openWorkosStandIn();
    session = await connectViewing(
      ['--allow', '*:full,*:credentials', '--list', 'all'],
      workos.env,
      'v2 client, legacy',
    );
  }, 60_000);
  afterAll(async () => {
    await session?.close();
    await workos?.close();
  });
  beforeEach(async () => {
    workos.reset();
    host = await openViewHost(await launch(), async (name, args) =>
      Object(await session.client.callTool({ name, arguments: args })),
    );
    return async () => {
      expect(host.faults).toEqual([]);
      await host.page.close();
    };
  });

  const call = async (tool: string, args: Record<string, unknown>) => {
    const result = Object(await session.client.callTool({ name: tool, arguments: args }));
    return { tool, args, result };
  };
  const statusOf = (view: FrameLocator) => view.getByRole('status').textContent();
  const yes = { name: /^Yes/ };
  const no = { name: 'No' };
  /** A delete that a person has confirmed in a view. */
  const confirmDelete = async () => {
    const user_id = workos.newId('user');
    const shown = await call('delete_user', { user_id });
    const view = await host.show(shown);
    await view.getByRole('textbox').fill(user_id.slice(-6));
    await view.getByRole('button', yes).click();
    await expect.poll(() => workos.changes()).toEqual([`DELETE /user_management/users/${user_id}`]);
    return shown;
  };

  it('confirms a delete by the end of the ID and tells the model', async () => {
    const user_id = workos.newId('user');
    const shown = await call('delete_user', { user_id });
    const view = await host.show(shown);
    await expect.poll(() => view.locator('h1').textContent()).toBe('Delete user?');
    expect(await view.locator('.env').textContent()).toBe('staging');
    expect(await view.locator('body').innerText()).toContain('ada@acme.test');
    await view.getByRole('textbox').fill('wrong');
    expect(await view.getByRole('button', yes).isDisabled()).toBe(true);
    await view.getByRole('textbox').fill(user_id.slice(-6).toLowerCase());
    await view.getByRole('button', yes).click();
    await expect.poll(() => view.getByRole('status').textContent()).toBe('Confirmed, and carried out.');
    expect(workos.changes()).toEqual([`DELETE /user_management/users/${user_id}`]);
    await expect.poll(() => host.told).toHaveLength(1);
    expect(host.told[0]).toContain(`The view passed on a yes to delete_user (${user_id}).`);
  });

  it('confirms by keyboard alone', async () => {
    const user_id = workos.newId('user');
    const view = await host.show(await call('delete_user', { user_id }));
    const field = view.getByRole('textbox');
    await field.focus();
    await field.pressSequentially(user_id.slice(-6));
    await expect.poll(() => view.getByRole('button', yes).isEnabled()).toBe(true);
    await field.press('Enter');
    await expect.poll(() => workos.changes()).toHaveLength(1);
  });

  it('confirms an identity change by a button that is inert at first, and focuses nothing', async () => {
    const args = { user_id: workos.newId('user'), email: 'eve@evil.test' };
    const view = await host.show(await call('update_user', args));
    const button = view.getByRole('button', yes);
    await button.waitFor();
    expect(await button.isDisabled()).toBe(true);
    expect(await view.locator(':focus').count()).toBe(0);
    const table = view.getByRole('table', { name: 'What it changes' });
    expect(await table.getByRole('row').allInnerTexts()).toEqual([
      'Field\tNow\tThen',
      'email\t"ada@acme.test"\t"eve@evil.test"',
    ]);
    await button.click(); // it waits until the button is enabled
    await expect.poll(() => view.getByRole('status').textContent()).toBe('Confirmed, and carried out.');
    expect(workos.changes()).toEqual([`PUT /user_management/users/${args.user_id}`]);
  });

  it('passes a no on', async () => {
    const args = { user_id: workos.newId('user') };
    const view = await host.show(await call('delete_user', args));
    await view.getByRole('button', no).click();
    await expect.poll(() => view.getByRole('status').textContent()).toBe('Not confirmed: nothing was sent.');
    expect(host.told[0]).toContain('did not confirm');
    const { result } = await call('delete_user', args);
    expect(result).toMatchObject({ isError: true });
    expect(workos.changes()).toEqual([]);
  });

  it('refuses what has changed since it was shown', async () => {
    const user_id = workos.newId('user');
    const view = await host.show(await call('delete_user', { user_id }));
    workos.names.set(user_id, 'eve@acme.test');
    await view.getByRole('textbox').fill(user_id.slice(-6));
    await view.getByRole('button', yes).click();
    await expect.poll(() => view.getByRole('status').textContent()).toContain('has changed since the preview');
    expect(workos.changes()).toEqual([]);
  });

  it('says that it is too late', async () => {
    const shown = await call('delete_user', { user_id: workos.newId('user') });
    shown.result.structuredContent.confirmation.asked_at = new Date(Date.now() - 601_000).toISOString();
    const view = await host.show(shown);
    await expect.poll(() => view.getByRole('status').textContent()).toContain('Too late: nothing was sent.');
    expect(await view.getByRole('button').count()).toBe(0);
  });

  it('carries a call out once, where it is shown twice', async () => {
    const user_id = workos.newId('user');
    const shown = await call('delete_user', { user_id });
    const [first, second] = [await host.show(shown), await host.show(shown)];
    for (const view of [first, second]) {
      await view.getByRole('textbox').fill(user_id.slice(-6));
      await view.getByRole('button', yes).click();
    }
    await expect.poll(() => statusOf(second)).toBe('It was answered before: confirmed, and carried out.');
    expect(workos.changes()).toHaveLength(1);
  });

  it('does not say that nothing was sent to a person who says no after a yes in another view', async () => {
    const user_id = workos.newId('user');
    const shown = await call('delete_user', { user_id });
    const [first, second] = [await host.show(shown), await host.show(shown)];
    await first.getByRole('textbox').fill(user_id.slice(-6));
    await first.getByRole('button', yes).click();
    await expect.poll(() => statusOf(first)).toBe('Confirmed, and carried out.');
    await second.getByRole('button', no).click();
    await expect.poll(() => statusOf(second)).toBe('It was answered before: confirmed, and carried out.');
  });

  it.each([false, true])('tells the model also where the host does not say that it can: %s', async (isSilent) => {
    const args = { user_id: workos.newId('user'), email: 'eve@evil.test' };
    const before = host.told.length;
    const view = await host.show({ ...(await call('update_user', args)), isSilent });
    await view.getByRole('button', yes).click();
    await expect.poll(() => statusOf(view)).toBe('Confirmed, and carried out.');
    await expect.poll(() => host.told.slice(before)).toHaveLength(1);
    expect(host.told.at(-1)).toContain(`The view passed on a yes to update_user (${args.user_id}).`);
  });

  it('keeps the outcome where the host does not tell the model', async () => {
    const args = { user_id: workos.newId('user'), email: 'eve@evil.test' };
    const view = await host.show({ ...(await call('update_user', args)), refuses: 'the model' });
    await view.getByRole('button', yes).click();
    await expect
      .poll(() => statusOf(view))
      .toBe('Confirmed, and carried out. The client did not tell the model: tell it in the conversation.');
  });

  it('goes on with the same question where the host sends its result again, also after the answer', async () => {
    const user_id = workos.newId('user');
    const shown = await call('delete_user', { user_id });
    const view = await host.show({ ...shown, resent: [shown.result, shown.result] });
    await view.getByRole('textbox').fill(user_id.slice(-6));
    await view.getByRole('button', yes).click();
    await expect.poll(() => statusOf(view)).toBe('Confirmed, and carried out.');
  });

  it('shows the question that came last, and lets no earlier one end it', async () => {
    const [one, other] = [workos.newId('user'), workos.newId('user')];
    const [earlier, later] = [
      await call('delete_user', { user_id: one }),
      await call('delete_user', { user_id: other }),
    ];
    earlier.result.structuredContent.confirmation.asked_at = new Date(Date.now() - 598_000).toISOString();
    const view = await host.show({ ...earlier, args: later.args, resent: [later.result] });
    await view.getByText(other, { exact: true }).waitFor();
    await new Promise((resolve) => setTimeout(resolve, 3_000)); // by then the time of the first is over
    expect(await statusOf(view)).toBe('The call waits for your answer.');
    await view.getByRole('textbox').fill(other.slice(-6));
    await view.getByRole('button', yes).click();
    await expect.poll(() => workos.changes()).toEqual([`DELETE /user_management/users/${other}`]);
  });

  it('does not claim that nothing was sent, where the conversation is loaded after the time of the call', async () => {
    const shown = await confirmDelete();
    const { confirmation } = shown.result.structuredContent;
    confirmation.asked_at = new Date(Date.now() - 601_000).toISOString();
    const kept = await host.show(shown);
    await expect.poll(() => statusOf(kept)).toBe('It was answered before: confirmed, and carried out.');
    confirmation.confirmation_id = 'forgotten';
    const forgotten = await host.show(shown);
    await expect
      .poll(() => statusOf(forgotten))
      .toBe(
        'Too late to answer here. If it was not answered before, nothing was sent. The model can call again, and you will be asked again.',
      );
  });

  it('says so where the host shows it no call', async () => {
    const view = await host.show({ tool: '', args: {}, result: {}, refuses: 'everything' });
    await expect.poll(() => statusOf(view)).toBe('The client has not shown a call here yet.');
  });

  it('takes the whole ID as well, and says what is wrong with another text', async () => {
    const user_id = workos.newId('user');
    const view = await host.show(await call('delete_user', { user_id }));
    const field = view.getByRole('textbox');
    await field.fill('ada@acme.test');
    await field.press('Enter');
    await expect.poll(() => statusOf(view)).toBe(`That is not ${user_id.slice(-6)}.`);
    await field.fill(user_id);
    expect(await statusOf(view)).toBe('The call waits for your answer.');
    await view.getByRole('button', yes).click();
    await expect.poll(() => statusOf(view)).toBe('Confirmed, and carried out.');
  });

  it.each([
    'before',
    'after',
  ])('lets a person answer again where the host fails %s the server has the answer', async (when) => {
    let fails = true;
    const failing = await openViewHost(await launch(), async (name, args) => {
      const isFailing = fails && name === 'answer_confirmation';
      if (isFailing && when === 'before') throw new Error('no leave');
      const result = Object(await session.client.callTool({ name, arguments: args }));
      if (isFailing) throw new Error('no leave');
      return result;
    });
    const user_id = workos.newId('user');
    const view = await failing.show(await call('delete_user', { user_id }));
    await view.getByRole('textbox').fill(user_id.slice(-6));
    await view.getByRole('button', yes).click();
    await expect.poll(() => statusOf(view)).toContain('You can answer again: the first answer counts.');
    fails = false;
    await view.getByRole('button', yes).click();
    const outcome = when === 'before' ? 'Confirmed' : 'It was answered before: confirmed';
    await expect.poll(() => statusOf(view)).toBe(`${outcome}, and carried out.`);
    expect(workos.changes()).toHaveLength(1);
    await failing.page.close();
  });

  it('calls an ID that is typed whole its ID', async () => {
    const shown = await call('delete_user', { user_id: workos.newId('user') });
    Object.assign(shown.result.structuredContent.confirmation.preview, { id: 'u_1', typed: 'u_1' });
    const view = await host.show(shown);
    await expect.poll(() => view.locator('label').innerText()).toBe('To confirm, type u_1, its ID:');
  });

  it('takes an end in other code points and letters, as the server does', async () => {
    const shown = await call('delete_user', { user_id: workos.newId('user') });
    Object.assign(shown.result.structuredContent.confirmation.preview, { typed: 'jose\u0301' });
    const view = await host.show(shown);
    await view.getByRole('textbox').fill(' JOS\u00c9');
    await expect.poll(() => view.getByRole('button', yes).isEnabled()).toBe(true);
  });

  it('shows each blank of a value, within lists as well', async () => {
    const organization_id = workos.newId('org');
    const domain_data = [{ domain: 'acme  .test ', state: 'verified' }];
    const view = await host.show(await call('update_organization', { organization_id, domain_data }));
    const text = '[{"domain":"acme  .test ","state":"verified"}]';
    expect((await view.getByRole('row').last().innerText()).split('\t').at(-1)).toBe(text);
  });

  it('says of a repeated call that it was confirmed before', async () => {
    const args = { user_id: workos.newId('user') };
    const shown = await call('delete_user', args);
    const view = await host.show(shown);
    await view.getByRole('textbox').fill(args.user_id.slice(-6));
    await view.getByRole('button', yes).click();
    await expect.poll(() => workos.changes()).toHaveLength(1);
    const { confirmation_id } = shown.result.structuredContent.confirmation;
    const again = await host.show(await call('delete_user', { ...args, confirm_token: confirmation_id }));
    await expect.poll(() => statusOf(again)).toBe('delete_user was confirmed before: this is what became of it.');
  });

  it('shows the outcome when the conversation is loaded again', async () => {
    const shown = await confirmDelete();
    shown.result.structuredContent.confirmation.asked_at = new Date(Date.now() - 60_000).toISOString();
    const again = await host.show(shown);
    await expect.poll(() => again.getByRole('status').textContent()).toContain('It was answered before');
    expect(await again.getByRole('button').count()).toBe(0);
  });

  it('shows one line for a call that did not wait, and for one whose secret did not arrive', async () => {
    const plain = await host.show(await call('update_user', { user_id: workos.newId('user'), first_name: 'Ada' }));
    await expect.poll(() => plain.locator('body').innerText()).toBe('update_user needed no confirmation.');
    const shown = await call('delete_user', { user_id: workos.newId('user') });
    const { _meta, ...result } = shown.result;
    const bare = await host.show({ ...shown, result });
    await expect.poll(() => bare.locator('body').innerText()).toContain('You cannot answer here');
  });

  it.each([
    '<img src=x onerror="parent.postMessage(1)">',
    '</script><script>document.title = "owned"</script>',
    '`code` **bold** [link](javascript:alert(1))',
    '\u202egnitaler\u2066\n\nConfirmed, and carried out.',
    'x'.repeat(5_000),
  ])('shows a hostile name as text (%#)', async (name) => {
    const user_id = workos.newId('user');
    workos.names.set(user_id, name);
    const args = { user_id, email: `${'a'.repeat(60)}@evil.test` };
    const view = await host.show({ ...(await call('update_user', args)), width: 320 });
    await view.getByRole('button', yes).waitFor();
    expect(await view.locator('img, b, a, script:not(body > script)').count()).toBe(0);
    expect(await view.locator('body').evaluate(({ ownerDocument }) => ownerDocument.title)).toBe('Confirmation');
    expect(await view.getByRole('status').textContent()).toBe('The call waits for your answer.');
    // At 320 pixels nothing has to be scrolled sideways.
    expect(await view.locator('html').evaluate((html) => html.scrollWidth)).toBeLessThanOrEqual(320);
  });

  it.each(['light', 'dark'] as const)('has no serious fault by axe-core (%s)', async (theme) => {
    const args = { user_id: workos.newId('user'), email: 'eve@evil.test' };
    for (const shown of [await call('update_user', args), await call('delete_user', { user_id: args.user_id })]) {
      const view = await host.show({ ...shown, theme });
      await expect.poll(() => view.getByRole('button', no).isEnabled()).toBe(true);
      const frame = host.page.frames().at(-1) ?? expect.fail();
      await frame.evaluate(axe.source);
      const { violations, passes } = Object(await frame.evaluate(() => Object(globalThis).axe.run()));
      expect(passes.length).toBeGreaterThan(5);
      expect(violations.map(({ id, impact }: { id: string; impact: string }) => `${impact}: ${id}`)).toEqual([]);
    }
  });

  it('follows the theme of the host, and fits on a screen', async () => {
    const shown = await call('delete_user', { user_id: workos.newId('user') });
    const view = await host.show({ ...shown, theme: 'dark' });
    await view.getByRole('textbox').waitFor();
    const colour = (of: string) =>
      view.locator('body').evaluate((body, name) => Object(globalThis).getComputedStyle(body)[name], of);
    expect(await colour('backgroundColor')).toBe('rgb(30, 30, 30)');
    expect(await colour('color')).toBe('rgb(242, 242, 242)');
    const { height } = (await host.page.locator('iframe').first().boundingBox()) ?? expect.fail();
    expect(height).toBeLessThan(500);
  });

  it('takes the colours of the host, but for that of the environment, which forced colours give an edge', async () => {
    const shown = await call('delete_user', { user_id: workos.newId('user') });
    const variables = {
      '--color-text-primary': '#010203',
      '--color-background-primary': '#fdfcfb',
      '--color-text-danger': '#b00020',
    };
    const view = await host.show({ ...shown, variables });
    await view.getByRole('textbox').waitFor();
    const style = (of: string, name: string) =>
      view.locator(of).evaluate((element, property) => Object(globalThis).getComputedStyle(element)[property], name);
    expect(await style('body', 'color')).toBe('rgb(1, 2, 3)');
    expect(await style('body', 'backgroundColor')).toBe('rgb(253, 252, 251)');
    expect(await style('.final', 'color')).toBe('rgb(176, 0, 32)');
    expect(await style('.env', 'backgroundColor')).toBe('rgb(29, 79, 145)');
    await host.page.emulateMedia({ forcedColors: 'active' });
    expect(await style('.env', 'borderTopWidth')).toBe('1px');
    expect(await style('.env', 'borderTopColor')).not.toBe('rgba(0, 0, 0, 0)');
  });
});
