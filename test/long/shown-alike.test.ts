import { expect, it } from 'vitest';
import type { ShownCall } from '../../src/call/confirm/preview.ts';
import { drawCall } from '../../src/console/pages/waiting-call.ts';
import { draw } from '../../src/view/draw.ts';
import { toApproval } from '../support/approval.ts';
import { describeInBrowser } from '../support/browser.ts';

const HOSTILE = '"><img src=x onerror=alert(1)>&amp;</main>';
const SHOWN: Readonly<Record<string, Partial<ShownCall>>> = {
  'a delete': {},
  'a change of an identity': {
    action: 'update user',
    changes: [
      { name: 'email', before: 'ada@acme.test', after: 'eve@acme.test' },
      { name: 'external_id', after: '' },
    ],
    isFinal: false,
    lines: ['You are asked because it changes `email`.', 'Its metadata loses `plan` and `seats`.'],
    linked: [],
  },
  'text from outside': {
    environment: 'staging',
    action: `delete ${HOSTILE}`,
    names: [`\`${HOSTILE}\``, '', '`two` and `three`'],
    id: HOSTILE,
    changes: [{ name: HOSTILE, before: HOSTILE, after: HOSTILE }],
    lines: [HOSTILE, `\`${HOSTILE}\` is not what it seems`],
    linked: [
      { what: HOSTILE, count: 'more than 100' },
      { what: 'sessions', count: '0' },
    ],
    warnings: [`\`${HOSTILE}\` has letters of two scripts.`],
    typed: HOSTILE.slice(-6),
  },
};
const parts = (shown: Partial<ShownCall>) => ({
  approval: toApproval('h1', { shown }),
  stage: 'waiting' as const,
  viewer: { approver: { name: 'ada', agents: [] }, formToken: 't' } as unknown as Parameters<
    typeof drawCall
  >[0]['viewer'],
  whyNot: undefined,
  isRequester: false,
});

describeInBrowser('a waiting call', (launch) => {
  /** What a person can read of it, by the kind of element, without what each page has alone. */
  const READ = `[...document.querySelectorAll('h1, main p, th, td, main li, label[for=typed], .yes')]
    .filter((one) => !one.matches('.crumb, p.quiet'))
    .map((one) => one.tagName + ' ' + one.textContent.replace(/\\s+/g, ' ').trim())`;

  it.each(Object.entries(SHOWN))('is the same in the view and in the console: %s', async (_, given) => {
    const { approval } = parts(given);
    const page = await (await launch()).newPage();
    const faults: string[] = [];
    page.on('dialog', (dialog) => faults.push(dialog.message()));
    page.on('pageerror', ({ message }) => faults.push(message));
    await page.setContent('<main></main>');
    await page.evaluate(`(${draw})(document.querySelector('main'), ${JSON.stringify(approval.shown)})`);
    const inView = await page.evaluate(READ);
    await page.setContent(`<main>${drawCall(parts(given)).main.html}</main>`);
    const inConsole = await page.evaluate(READ);
    await page.close();
    expect(inView).toEqual(inConsole);
    expect(faults).toEqual([]);
    const { id, changes, lines, linked, warnings, typed } = approval.shown;
    const all = JSON.stringify(inView);
    for (const text of [id, typed, ...changes.map(({ after }) => after)])
      expect(all).toContain(JSON.stringify(text).slice(1, -1));
    expect([lines.length, linked.length, warnings.length]).toEqual([
      (given.lines ?? []).length,
      approval.shown.linked.length,
      (given.warnings ?? []).length,
    ]);
  });
});
