import { request as toRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOnceStore } from '../src/agents/once.ts';
import { type Html, html } from '../src/console/html.ts';
import type { ConsoleRoute } from '../src/console/routes.ts';
import { RefusedError } from '../src/errors.ts';
import { deriveKey } from '../src/keys.ts';
import type { ApproverConfig } from '../src/settings/agents-config.ts';
import { openTestConsole, type TestConsole, toApprover, toConsoleConfig } from './support/console.ts';
import type { Sent } from './support/console-client.ts';
import { handClock } from './support/hand-clock.ts';

const URLS = { http: undefined, https: 'https://console.example' };
const OTHER_KEY = deriveKey(new Uint8Array(32).fill(8), 'console');

/** Pages that say what they were asked, and remember what they did. */
function toPages() {
  const acts: string[] = [];
  const listeners = new Set<(page: Html | undefined) => void>();
  let fails: Error | undefined;
  const routes: readonly ConsoleRoute[] = [
    { path: '/waiting', show: async () => ({ title: 'Waiting', main: html`<h1>Waiting</h1>` }) },
    {
      path: '/things/:name',
      show: async ({ params, viewer, query }) => {
        if (fails !== undefined) throw fails;
        if (params.name === 'none') return undefined;
        return {
          title: 'Thing',
          main: html`<h1>${params.name} of ${viewer.approver.name}, ${query.get('q') ?? ''}</h1>`,
        };
      },
      act: async ({ params, viewer, form }) => {
        acts.push(`${viewer.approver.name}: ${params.name} ${form.get('answer')}`);
        return form.get('answer') === 'wrong'
          ? { status: 409, title: 'Wrong', main: html`<h1>Wrong</h1>` }
          : { to: '/things/done' };
      },
    },
    {
      path: '/live',
      show: async () => ({ title: 'Live', main: html`<h1>Live</h1>`, isLive: true }),
      follow: async function* ({ signal }) {
        const queue: Html[] = [html`<p>first</p>`];
        let wake = () => {};
        const listener = (page: Html | undefined) => {
          if (page !== undefined) queue.push(page);
          wake();
        };
        listeners.add(listener);
        signal.addEventListener('abort', () => wake());
        try {
          while (!signal.aborted) {
            const next = queue.shift();
            if (next !== undefined) yield next;
            else await new Promise<void>((resolve) => (wake = resolve));
          }
        } finally {
          listeners.delete(listener);
        }
      },
    },
    { path: '/act-only', act: async () => ({ to: '/waiting' }) },
  ];
  return {
    routes,
    acts,
    followers: () => listeners.size,
    tell: (page: Html) => {
      for (const listener of listeners) listener(page);
    },
    fail: (error: Error | undefined) => {
      fails = error;
    },
  };
}

describe.each(['http', 'https'] as const)('the console over %s', (scheme) => {
  const url = URLS[scheme];
  const pages = toPages();
  const clock = handClock(0);
  let console: TestConsole;
  let ada: Awaited<ReturnType<TestConsole['signIn']>>;
  let grace: typeof ada;
  beforeAll(async () => {
    console = await openTestConsole({ ...(url && { url }), clock }, pages.routes);
    return () => console.close();
  });
  beforeEach(async () => {
    console.state.now = Date.now();
    console.state.config = toConsoleConfig();
    [ada, grace] = [await console.signIn('ada'), await console.signIn('grace')];
    pages.acts.length = 0;
    pages.fail(undefined);
  });
  const setApprovers = (...approvers: readonly ApproverConfig[]) => {
    console.state.config = toConsoleConfig({ approvers });
  };
  const pass = (ms: number) => {
    console.state.now += ms;
  };
  const get = (path: string, headers: Sent['headers'] = ada.session) => console.send(path, { headers });
  const post = (path: string, form: Record<string, string> = {}, headers: Sent['headers'] = ada.session) =>
    console.send(path, { headers, form: { token: ada.token, ...form } });

  it('shows a page to an approver, with what its path and query say', async () => {
    const { status, body, headers } = await get('/things/a%2Fb%20%3Ci%3E?q=what%3F&r=?');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(body).toContain('<h1>a/b &lt;i&gt; of ada, what?</h1>');
  });

  it('does what a form says, and leads to a clean address', async () => {
    const done = await post('/things/this', { answer: 'yes' });
    // Over http the page's script goes there: fetch would follow a redirect without it.
    expect([done.status, done.headers.location, done.body]).toEqual([
      scheme === 'http' ? 200 : 303,
      '/things/done',
      '',
    ]);
    const wrong = await post('/things/this', { answer: 'wrong' });
    expect([wrong.status, wrong.body]).toEqual([409, expect.stringContaining('<h1>Wrong</h1>')]);
    expect(pages.acts).toEqual(['ada: this yes', 'ada: this wrong']);
  });

  it('answers HEAD without a body', async () => {
    const { status, body, headers } = await console.send('/things/a', { method: 'HEAD', headers: ada.session });
    expect([status, body, Number(headers['content-length']) > 100]).toEqual([200, '', true]);
  });

  const GUARDS = {
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
  it.each<[path: string, referrer: string, sent?: Sent]>([
    ['/waiting', 'same-origin'],
    ['/waiting', 'same-origin', { headers: {} }],
    ['/no-such-page', 'same-origin'],
    ['/console.js', 'no-referrer'],
    ['/console.css', 'no-referrer'],
    ['/', 'no-referrer'],
    ['/waiting', 'same-origin', { headers: { host: 'evil.example' } }],
    ['/things/a', 'no-referrer', { form: { answer: 'yes' } }],
  ])('guards its answers by headers: %s, %s', async (path, referrer, { headers = ada.session, form } = {}) => {
    const answer = form === undefined ? await get(path, headers) : await post(path, form);
    expect(answer.headers).toMatchObject({ ...GUARDS, 'referrer-policy': referrer });
    expect(answer.headers['strict-transport-security']).toBe(scheme === 'https' ? 'max-age=31536000' : undefined);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  const here = () => new URL(console.origin);
  it.each<[what: string, headers: () => Sent['headers'], status: number]>([
    ['another Host', () => ({ host: 'evil.example' }), 403],
    ['another port in Host', () => ({ host: `${here().hostname}:1` }), 403],
    ['another name of this machine as Host', () => ({ host: here().host.replace(here().hostname, 'localhost') }), 403],
    ['a name that begins alike as Host', () => ({ host: `${here().host}.evil.example` }), 403],
    ['the token of an agent', () => ({ authorization: 'Bearer wmcp_x' }), 400],
    [
      'a use by another origin as a script',
      () => ({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }),
      403,
    ],
    [
      'a use by another port as a frame',
      () => ({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }),
      403,
    ],
    [
      'a use by another port as a fetch',
      () => ({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }),
      403,
    ],
    ['too many headers', () => Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`x-${n}`, '1'])), 431],
  ])('does not show a page: %s', async (_, headers, status) => {
    const refused = await get('/things/a', { ...ada.session, ...headers() });
    expect([refused.status, refused.body]).toEqual([status, expect.not.stringContaining('a of ada')]);
  });

  it.each<[what: string, sent: () => Sent, status: number]>([
    ['no Origin', () => ({ headers: { origin: undefined } }), 403],
    ['the Origin of no page', () => ({ headers: { origin: 'null' } }), 403],
    ['another Origin', () => ({ headers: { origin: 'https://evil.example' } }), 403],
    ['the Origin of another port', () => ({ headers: { origin: `${here().protocol}//${here().hostname}:1` } }), 403],
    [
      'the Origin of the other scheme',
      () => ({ headers: { origin: console.origin.replace(/^https?/, scheme === 'http' ? 'https' : 'http') } }),
      403,
    ],
    ['an Origin with a path', () => ({ headers: { origin: `${console.origin}/` } }), 403],
    ['another Host', () => ({ headers: { host: 'evil.example' } }), 403],
    ['no Sec-Fetch-Site', () => ({ headers: { 'sec-fetch-site': undefined } }), 403],
    ['Sec-Fetch-Site of another port', () => ({ headers: { 'sec-fetch-site': 'same-site' } }), 403],
    ['Sec-Fetch-Site of elsewhere', () => ({ headers: { 'sec-fetch-site': 'cross-site' } }), 403],
    ['Sec-Fetch-Site of no page', () => ({ headers: { 'sec-fetch-site': 'none' } }), 403],
    ['no form token', () => ({ form: { token: '' } }), 403],
    ['the form token of another session', () => ({ form: { token: grace.token } }), 403],
    [
      'the form token as a cookie',
      () => ({ form: { token: '' }, headers: { cookie: `${ada.session.cookie ?? ''}; token=${ada.token}` } }),
      403,
    ],
    ['another type', () => ({ headers: { 'content-type': 'text/plain' } }), 415],
    ['no type', () => ({ headers: { 'content-type': undefined } }), 415],
    ['JSON', () => ({ headers: { 'content-type': 'application/json' }, body: '{}' }), 415],
    ['a form of parts', () => ({ headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--' }), 415],
    ['a compressed form', () => ({ headers: { 'content-encoding': 'gzip' } }), 415],
    ['a form over 16 KiB', () => ({ form: { token: ada.token, answer: 'y'.repeat(16_384) } }), 413],
    ['an Authorization header', () => ({ headers: { authorization: 'Bearer wmcp_x' } }), 400],
    ['another method', () => ({ method: 'PUT' }), 405],
    ['DELETE', () => ({ method: 'DELETE' }), 405],
    [
      'OPTIONS, as a preflight',
      () => ({ method: 'OPTIONS', headers: { 'access-control-request-method': 'POST' } }),
      405,
    ],
    ['no session', () => ({ headers: { cookie: undefined, 'x-console-session': undefined } }), 401],
    ['an empty session', () => ({ headers: console.carry('') }), 401],
    ['a session that is made up', () => ({ headers: console.carry('AAAA') }), 401],
  ])('does nothing that a form says: %s', async (_, toSent, status) => {
    const { headers, form = { token: ada.token, answer: 'yes' }, ...more } = toSent();
    const refused = await console.send('/things/this', { form, ...more, headers: { ...ada.session, ...headers } });
    expect([refused.status, pages.acts]).toEqual([status, []]);
    expect(refused.headers.location).toBeUndefined();
  });

  it.each([
    '/things/this/more',
    '/things/',
    '/things',
    '/things/%E0%A4%A',
    '/WAITING',
    '//waiting',
    '/waiting/',
    '/mcp',
    '/readyz',
    '/.env',
  ])('has no page %s', async (path) => {
    expect((await get(path)).status).toBe(404);
    expect((await post(path)).status).toBe(404);
  });

  it('has no page where a route has none for the approver, and no page that only does something', async () => {
    expect((await get('/things/none')).status).toBe(404);
    const refused = await get('/act-only');
    expect([refused.status, refused.headers.allow]).toEqual([405, 'POST']);
    expect((await console.send('/live', { headers: ada.session, form: { token: ada.token } })).headers.allow).toBe(
      'GET, HEAD',
    );
  });

  it('carries no authority by what belongs to the other scheme', async () => {
    const token = console.tokenIn(ada.answer) ?? '';
    const other = scheme === 'http' ? { cookie: `__Host-console-session=${token}` } : { 'x-console-session': token };
    const shown = await get('/things/a', other);
    // Over http: the shell, which is the same for all. Over https a header is a mistake.
    expect([shown.status, shown.body]).toEqual([
      scheme === 'http' ? 200 : 400,
      expect.not.stringContaining('a of ada'),
    ]);
    await post('/things/this', { answer: 'yes' }, other);
    expect(pages.acts).toEqual([]);
  });

  it('keeps a session by the safest way that there is', async () => {
    const cookie = ada.answer.headers['set-cookie']?.toString();
    if (scheme === 'http') expect(cookie).toBeUndefined();
    else
      expect(cookie).toMatch(
        /^__Host-console-session=[\w-]+; Path=\/; Max-Age=28800; Secure; HttpOnly; SameSite=Strict$/,
      );
  });

  it('shows an unknown client nothing but how to sign in', async () => {
    const { status, body } = await get('/things/secret', {});
    if (scheme === 'http') expect([status, body]).toEqual([200, expect.stringContaining('data-shell')]);
    else expect([status, body]).toEqual([401, expect.stringContaining('<h1>Sign in</h1>')]);
    expect(body).not.toContain('of ada');
    expect(body).not.toContain('/sign-out');
  });

  it('leads to the page once more where another origin has linked to it, since a strict cookie stays behind', async () => {
    const linked = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const { status, headers } = await get('/things/a?q=1', linked);
    expect([status, headers.refresh]).toEqual([200, scheme === 'https' ? '0; url=/things/a?q=1' : undefined]);
  });

  it.each<[what: string, spoil: () => unknown]>([
    ['after eight hours', () => pass(8 * 3_600_000)],
    ['where the approver is gone from the file', () => setApprovers(toApprover('grace'))],
    [
      'where the approver signs in by an issuer now',
      () => {
        const person = { issuer: 'staff', sub: 'user_ada' };
        setApprovers({ ...toApprover('ada'), person });
      },
    ],
    ['after it was signed out', () => post('/sign-out')],
  ])('ends a session %s', async (_, spoil) => {
    expect((await get('/waiting')).status).toBe(200);
    await spoil();
    expect((await get('/waiting')).status).toBe(401);
    expect((await post('/things/this', { answer: 'yes' })).status).toBe(401);
    expect(pages.acts).toEqual([]);
  });

  it('says that nothing was done where a form comes after the end of its session', async () => {
    await post('/sign-out');
    expect((await post('/things/this', { answer: 'yes' })).body).toContain('Nothing was done.');
    expect((await get('/things/this')).body).not.toContain('Nothing was done.');
  });

  it('signs out that one session alone, by a form of its own', async () => {
    expect((await console.send('/sign-out', { headers: ada.session, form: { token: grace.token } })).status).toBe(403);
    expect((await get('/sign-out')).status).toBe(405);
    const second = await console.signIn('ada');
    const out = await post('/sign-out');
    expect([out.headers.location, console.tokenIn(out)]).toEqual(['/sign-in', '']);
    expect((await get('/waiting')).status).toBe(401);
    expect((await get('/waiting', second.session)).status).toBe(200);
    // Twice is once.
    expect((await post('/sign-out')).status).toBe(401);
  });

  it.each<[what: string, given: object]>([
    ['of another deployment', { key: OTHER_KEY }],
    [
      'of another console of the deployment',
      { url: scheme === 'http' ? 'http://127.0.0.1:1' : 'https://other.example' },
    ],
  ])('refuses a session %s', async (_, given) => {
    const other = await openTestConsole({ ...(url && { url }), ...given }, pages.routes);
    try {
      const stranger = await other.signIn('ada');
      expect((await other.send('/waiting', { headers: stranger.session })).status).toBe(200);
      expect((await get('/waiting', stranger.session)).status).toBe(401);
    } finally {
      await other.close();
    }
  });

  it('says what is wrong where the store of all replicas cannot be reached, and nothing else of errors', async () => {
    pages.fail(new RefusedError('Redis cannot be reached.'));
    const told = await get('/things/a');
    expect([told.status, told.body]).toEqual([503, expect.stringContaining('Redis cannot be reached.')]);
    pages.fail(new Error('secret detail'));
    const failed = await get('/things/a');
    expect([failed.status, failed.body]).toEqual([500, expect.not.stringContaining('secret detail')]);
    expect(console.logged.join()).not.toContain('secret detail');
  });

  describe('a page that is followed', () => {
    const open = (headers: Sent['headers'] = ada.session, path = '/live') => {
      const stream = { status: 0, body: '', ended: false, close: () => {} };
      const all = JSON.parse(JSON.stringify({ host: console.host, accept: 'text/event-stream', ...headers }));
      const request = toRequest({ port: console.deps.port, host: '127.0.0.1', path, headers: all, setHost: false });
      request.on('response', (response) => {
        stream.status = response.statusCode ?? 0;
        response.on('data', (chunk) => (stream.body += chunk));
        response.on('close', () => (stream.ended = true));
      });
      request.on('error', () => (stream.ended = true));
      request.end();
      stream.close = () => request.destroy();
      return stream;
    };

    it('sends what it shows, line by line', async () => {
      const stream = open();
      await expect.poll(() => stream.body).toBe('data: <p>first</p>\n\n');
      pages.tell(html`<p>a
b</p>`);
      await expect.poll(() => stream.body).toBe('data: <p>first</p>\n\ndata: <p>a\ndata: b</p>\n\n');
      stream.close();
      await expect.poll(pages.followers).toBe(0);
    });

    const SPOILT: readonly (readonly [what: string, spoil: () => unknown])[] = [
      ['is signed out', () => post('/sign-out')],
      ['is over', () => pass(8 * 3_600_000)],
      ['has an approver whose entry has changed', () => setApprovers({ ...toApprover('ada'), agents: ['one'] })],
    ];
    it.each(SPOILT)('ends with the next change once the session %s, and does not show it', async (_, spoil) => {
      const stream = open();
      await expect.poll(() => stream.body).toContain('first');
      await spoil();
      pages.tell(html`<p>later</p>`);
      await expect.poll(() => stream.ended).toBe(true);
      expect(stream.body).not.toContain('later');
      await expect.poll(pages.followers).toBe(0);
    });

    it.each(SPOILT)('ends within 15 seconds where nothing changes, once the session %s', async (_, spoil) => {
      const stream = open();
      await expect.poll(() => stream.body).toContain('first');
      await clock.pass(15_000);
      await expect.poll(() => stream.body).toContain(': still here');
      await spoil();
      await clock.pass(15_000);
      await expect.poll(() => stream.ended).toBe(true);
      await expect.poll(pages.followers).toBe(0);
    });

    it.each<[what: string, headers: () => Sent['headers'], status: number]>([
      ['no session', () => ({ 'x-console-session': scheme === 'http' ? '' : undefined }), 401],
      ['another origin', () => ({ ...ada.session, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }), 403],
      ['another Host', () => ({ ...ada.session, host: 'evil.example' }), 403],
    ])('is not sent to %s', async (_, headers, status) => {
      const stream = open(headers());
      await expect.poll(() => stream.ended).toBe(true);
      expect([stream.status, stream.body]).toEqual([status, expect.not.stringContaining('data: ')]);
    });

    it('is sent to four windows of a session at a time', async () => {
      const streams = [1, 2, 3, 4].map(() => open());
      await expect.poll(pages.followers).toBe(4);
      const fifth = open();
      await expect.poll(() => fifth.ended).toBe(true);
      expect(fifth.status).toBe(429);
      const other = open(grace.session);
      await expect.poll(() => other.body).toContain('first');
      for (const stream of [...streams, other]) stream.close();
      await expect.poll(pages.followers).toBe(0);
      const again = open();
      await expect.poll(() => again.body).toContain('first');
      again.close();
      await expect.poll(pages.followers).toBe(0);
    });

    it('is sent to twelve windows without a warning of Node on stderr', async () => {
      const warnings: string[] = [];
      const warn = (warning: Error) => warnings.push(warning.name);
      process.on('warning', warn);
      const sessions = await Promise.all(['ada', 'ada', 'grace'].map((name) => console.signIn(name)));
      const streams = sessions.flatMap(({ session }) => [1, 2, 3, 4].map(() => open(session)));
      await expect.poll(pages.followers).toBe(12);
      for (const stream of streams) stream.close();
      await expect.poll(pages.followers).toBe(0);
      process.off('warning', warn);
      expect(warnings).toEqual([]);
    });

    it('is a page where no stream is asked for', async () => {
      expect((await get('/live', { ...ada.session, accept: 'text/html' })).body).toContain('data-live');
      const plain = open(ada.session, '/things/a');
      await expect.poll(() => plain.ended).toBe(true);
      expect(plain.body).toContain('a of ada');
    });
  });

  it('refuses a repeated header, of which a proxy may have used the other', async () => {
    const socket = connect(console.deps.port, '127.0.0.1');
    socket.end(`GET /waiting HTTP/1.1\r\nHost: ${console.host}\r\nOrigin: a\r\nOrigin: b\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

it('does not sign out where that cannot be remembered', async () => {
  const full = createOnceStore(Date.now);
  const once = { ...full, use: async (id: string, until: number) => !id.startsWith('session.') && full.use(id, until) };
  const console = await openTestConsole({ once });
  try {
    const { session, token } = await console.signIn('ada');
    expect((await console.send('/sign-out', { headers: session, form: { token } })).status).toBe(500);
  } finally {
    await console.close();
  }
});

it('ends streams and requests when it closes', async () => {
  const pages = toPages();
  const console = await openTestConsole({}, pages.routes);
  const { session } = await console.signIn('ada');
  const followed = console.send('/live', { headers: { ...session, accept: 'text/event-stream' } });
  await expect.poll(pages.followers).toBe(1);
  await console.close();
  expect((await followed).body).toContain('first');
  expect(pages.followers()).toBe(0);
});
