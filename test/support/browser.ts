import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, describe, it } from 'vitest';

/** A Chromium that is installed apart: playwright-core has none. */
const path = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (candidate) => candidate !== undefined && existsSync(candidate),
);

/** Has tests run in Chromium. Where there is none, a skipped test says why, or with DEMAND_BROWSER=1 an error. */
export function describeInBrowser(name: string, tests: (launch: () => Promise<Browser>) => void): void {
  if (path === undefined) {
    const reason = 'needs Chromium: CHROMIUM names it, or it is /usr/bin/chromium';
    if (process.env.DEMAND_BROWSER === '1') throw new Error(`${name} ${reason}, and DEMAND_BROWSER=1 asks for it.`);
    describe(name, () => it.skip(reason, () => {}));
    return;
  }
  describe(name, () => {
    let browser: Promise<Browser> | undefined;
    afterAll(async () => (await browser)?.close());
    tests(() => {
      browser ??= chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-gpu'] });
      return browser;
    });
  });
}
