import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestConsole } from './support/console.ts';

describe.each(['http://127.0.0.1', 'https://console.example'])('the console under %s', (base) => {
  let console: Awaited<ReturnType<typeof openTestConsole>>;
  beforeAll(async () => {
    console = await openTestConsole(base.startsWith('https') ? { url: base } : {});
  });
  afterAll(() => console.close());

  it('signs in by a link and shows pages to that session', async () => {
    const { answer, session } = await console.signIn('ada');
    expect([answer.status, answer.headers.location]).toEqual([base.startsWith('https') ? 303 : 200, '/waiting']);
    const { status, body } = await console.send('/waiting', { headers: session });
    expect([status, body]).toEqual([200, expect.stringContaining('ada')]);
    expect(console.notes).toContainEqual({ kind: 'note', text: 'ada signed in to the console by link' });
  });
});
