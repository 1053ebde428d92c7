import { html } from '../html.ts';
import type { ConsolePage, Viewer } from '../routes.ts';

/** What a page stands in. */
export type LayoutParts = {
  /** Absent where no approver is signed in: there is nothing to go to then. */
  readonly viewer?: Viewer | undefined;
  /** The path of the request. */
  readonly path: string;
};

const PAGES = [
  { path: '/waiting', title: 'Waiting' },
  { path: '/agents', title: 'Agents' },
  { path: '/calls', title: 'Calls' },
] as const;

const isWithin = (path: string, page: string) => path === page || path.startsWith(`${page}/`);

/** A page as one document. All that it loads is the console's own style and script, and it can be read without either. */
export function layout({ title, main, isLive }: ConsolePage, { viewer, path }: LayoutParts): string {
  const links = PAGES.map(
    (page) =>
      html`<li><a href="${page.path}"${isWithin(path, page.path) && html` aria-current="page"`}>${page.title}</a></li>`,
  );
  const signedIn =
    viewer !== undefined &&
    html`<nav aria-label="Pages"><ul>${links}</ul></nav>
<form class="who" method="post" action="/sign-out"><input type="hidden" name="token" value="${viewer.formToken}"><bdi>${viewer.approver.name}</bdi><button>Sign out</button></form>`;
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · workos-mcp</title>
<link rel="icon" href="/console.svg" type="image/svg+xml"><link rel="stylesheet" href="/console.css"><script src="/console.js" defer></script></head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header><p class="brand">workos-mcp</p>
${signedIn}</header>
<main id="main" tabindex="-1"${viewer === undefined && html` class="signed-out"`}${isLive === true && html` data-live`}>${main}</main>
${isLive === true && html`<noscript><p class="aside">Without its script, this page does not update itself. Reload it to see changes.</p></noscript>`}
<p id="told" class="unseen" role="status"></p>
</body>
</html>
`.html;
}
