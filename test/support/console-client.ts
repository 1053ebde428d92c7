import { expect } from 'vitest';
import { toLinkToken } from '../../src/agents/console-link.ts';
import { deriveKey } from '../../src/keys.ts';

/** An approver at the console of a server, as the script of its pages is over loopback http. */
export async function signInAt(url: string, deploymentKey: Uint8Array, name: string) {
  const send = async (path: string, headers: Record<string, string>, form?: Record<string, string>) =>
    fetch(`${url}${path}`, {
      redirect: 'manual',
      headers: { ...headers, ...(form && { origin: url, 'sec-fetch-site': 'same-origin' }) },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
  const link = toLinkToken(deriveKey(deploymentKey, 'console'), name, Date.now());
  const session = { 'x-console-session': (await send('/link', {}, { link })).headers.get('x-console-session') ?? '' };
  const read = async (path: string): Promise<string> => (await send(path, session)).text();
  return {
    read,
    /** The address of the only call that waits for this approver, once one does. */
    next: async (): Promise<string> => {
      let found: readonly string[] = [];
      await expect
        .poll(
          async () => {
            found = [...new Set((await read('/waiting')).match(/\/waiting\/[\w-]{43}/g))];
            return found;
          },
          { timeout: 10_000 },
        )
        .toHaveLength(1);
      return found[0] ?? expect.fail('no call waits');
    },
    /** Sends a form of the page that is shown at an address, and resolves to the status. */
    post: async (path: string, form: Readonly<Record<string, string>> = {}, shown = path): Promise<number> => {
      const [, token = ''] = /name="token" value="([^"]+)"/.exec(await read(shown)) ?? [];
      return (await send(path, session, { token, ...form })).status;
    },
  };
}
