import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, FrameLocator, Page } from 'playwright-core';
import { MAIN } from './built.ts';
import type { ShownResult } from './view-host-page.ts';

/** The sandbox of the specification for a view that asks for nothing. */
const CSP =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'none'";

type ToolCall = { readonly name: string; readonly arguments: Record<string, unknown> };

/** A page that hosts views with the official AppBridge. */
export type ViewHostPage = {
  readonly page: Page;
  /** Shows a result in one more view. */
  readonly show: (shown: ShownResult) => Promise<FrameLocator>;
  /** What the views told the model. */
  readonly told: string[];
  /** What went wrong in a window, and what a view tried to load. */
  readonly faults: string[];
};

/**
 * @param call passes a tool call of a view on to the server
 * @param around the page, which shows views at its end, or at that of its `main`
 */
export async function openViewHost(
  browser: Browser,
  call: (name: string, args: Record<string, unknown>) => Promise<object>,
  around = '<!doctype html><body>',
): Promise<ViewHostPage> {
  const { outputFiles } = await build({
    entryPoints: [`${import.meta.dirname}/view-host-page.ts`],
    bundle: true,
    write: false,
    format: 'iife',
    logLevel: 'error',
  });
  const { page: view } = await import(join(dirname(MAIN), 'view.js')); // as it is shipped
  const script = outputFiles[0]?.text ?? '';
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const told: string[] = [];
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  await page.route('**/*', async (route) => {
    const url = route.request().url();
    if (url === 'http://host.test/')
      return route.fulfill({ contentType: 'text/html', body: `${around}<script src="/host.js"></script>` });
    if (url === 'http://host.test/host.js') return route.fulfill({ contentType: 'text/javascript', body: script });
    if (url === 'http://view.test/')
      return route.fulfill({
        contentType: 'text/html; charset=utf-8',
        headers: { 'content-security-policy': CSP },
        body: view,
      });
    if (!url.endsWith('/favicon.ico')) faults.push(`asked for ${url}`);
    return route.abort();
  });
  await page.exposeFunction('callTool', ({ name, arguments: args }: ToolCall) => call(name, args));
  await page.exposeFunction('tell', (_: string, params: unknown) => told.push(JSON.stringify(params)));
  await page.goto('http://host.test/');
  let count = 0;
  return {
    page,
    told,
    faults,
    show: async (shown) => {
      const nth = count;
      count += 1;
      await page.evaluate((result) => Object(globalThis).show(result), shown);
      return page.frameLocator('iframe').nth(nth);
    },
  };
}
