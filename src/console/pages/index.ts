import type { ConsoleDeps } from '../console-deps.ts';
import { html } from '../html.ts';
import type { ConsoleRoute } from '../routes.ts';

/** The pages behind the sign-in. */
export function createRoutes(_deps: ConsoleDeps): readonly ConsoleRoute[] {
  return [
    { path: '/waiting', show: async () => ({ title: 'Waiting', main: html`<h1>Waiting</h1><p>Nothing waits.</p>` }) },
  ];
}
