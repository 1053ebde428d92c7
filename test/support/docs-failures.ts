import { type Asking, connectAsking, type Reply } from './asking.ts';
import { openProxy } from './proxy.ts';
import { inForm, ofTool } from './requests.ts';
import type { Result } from './session.ts';
import { type Answer, listen, type Upstream } from './upstream.ts';

/** The servers in which the calls fail, and the stand-in for WorkOS behind them. */
export type Stage = {
  readonly workos: Upstream;
  /** All grants and a Client ID; the client cannot ask a person. */
  readonly plain: Asking;
  /** Without credentials and without a Client ID. */
  readonly bare: Asking;
  /** The client asks a person. */
  readonly asking: Asking;
  /** As `plain`, with `--confirm strict`. */
  readonly strict: Asking;
  /** As `plain`, with `--confirm off`. */
  readonly unasked: Asking;
  /** As `plain`, with a core of the tools listed. */
  readonly core: Asking;
  /** As `plain`, with an --attempt-timeout that ends before a slow answer. */
  readonly impatient: Asking;
  /** No server listens at its base URL. */
  readonly stranded: Asking;
  /** Its way to WorkOS leads through a proxy, which opens no tunnel. */
  readonly proxied: Asking;
  readonly proxy: Awaited<ReturnType<typeof openProxy>>;
  /** The person's next answer. */
  reply: Reply;
};

export type Failure = readonly [when: string, make: (stage: Stage) => Promise<Result>];

const USER = 'user_01ADA';
const KEY = 'sk_test_1234567890';

async function openStage(): Promise<Stage & { readonly close: () => Promise<void> }> {
  const workos = await listen(() => Response.json({}));
  const gone = await listen(() => Response.json({}));
  await gone.close();
  const proxy = await openProxy();
  const open = (flags: readonly string[], more: Record<string, string> = {}, asks = false) => {
    const args = ['--max-result-bytes', '2000', '--max-reply-bytes', '20000', ...flags];
    const env = { WORKOS_API_KEY: KEY, WORKOS_BASE_URL: workos.url, ...more };
    return connectAsking(args, env, 'v2 client, legacy', asks ? { form: {} } : undefined, () => stage.reply);
  };
  const grants = ['--allow', '*:full,*:credentials'];
  const all = [...grants, '--list', 'all'];
  const client = { WORKOS_CLIENT_ID: 'client_1' };
  const behind = { WORKOS_BASE_URL: 'https://workos.test', HTTPS_PROXY: `127.0.0.1:${proxy.port}` };
  const sessions = await Promise.all([
    open(all, client),
    open(['--allow', '*:full', '--list', 'all']),
    open(all, client, true),
    open([...all, '--confirm', 'strict'], client),
    open([...all, '--confirm', 'off'], client),
    open([...grants, '--list', 'core'], client),
    open([...all, '--attempt-timeout', '1'], client),
    open(all, { WORKOS_BASE_URL: gone.url }),
    open(all, behind),
  ]);
  const [plain, bare, asking, strict, unasked, core, impatient, stranded, proxied] = sessions;
  const stage: Stage = {
    workos,
    plain,
    bare,
    asking,
    strict,
    unasked,
    core,
    impatient,
    stranded,
    proxied,
    proxy,
    reply: { action: 'accept' },
  };
  const close = async () => {
    await Promise.all(sessions.map((session) => session.close()));
    await proxy.close();
    await workos.close();
  };
  return Object.assign(stage, { close });
}

/** The text of each failure, on a stage of their own. Throws where a call succeeds. */
export async function runFailures(failures: readonly Failure[]) {
  const stage = await openStage();
  try {
    const rows: (readonly [when: string, text: string])[] = [];
    for (const [when, make] of failures) {
      const { isError, text } = await make(stage);
      if (!isError) throw new Error(`${when}: the call succeeds`);
      rows.push([
        when,
        text.replaceAll(/(confirm_token=")[^"]+|(Wait at least )\d+|(attempts, )[\d.]+(?= s)/g, '$1$2$3…'),
      ]);
    }
    return rows;
  } finally {
    await stage.close();
  }
}

const user = (member: object = {}) => Response.json({ id: USER, email: 'ada@acme.example.com', ...member });
const list = (data: unknown, after: unknown = null) =>
  Response.json({ object: 'list', data, list_metadata: { before: null, after } });
/** Of a user without memberships. */
const shown =
  (one: (request: Request) => Response): Answer =>
  (request) =>
    request.url.includes('/organization_memberships') ? list([]) : one(request);
const items = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `user_${index}` }));

/** A call that WorkOS answers like this. */
const answered =
  (answer: Answer, name = 'create_user', args: object = { email: 'ada@acme.example.com' }) =>
  ({ workos, plain }: Stage) => {
    workos.answer = answer;
    return plain.call(name, { ...args });
  };
const reading = (answer: Answer, args: object = {}) => answered(answer, 'list_users', args);
const raw = (misbehave: Extract<Answer, { raw: unknown }>['raw']) => answered({ raw: misbehave });

/** Asks for a confirmation of one call, and repeats it with other arguments or another object. */
const confirmed =
  (again: object, changed: object = {}) =>
  async ({ workos, plain }: Stage) => {
    workos.answer = shown(() => user());
    const { text } = await plain.call('delete_user', { user_id: USER });
    workos.answer = shown(() => user(changed));
    const [, confirm_token] = /confirm_token="([^"]+)"/.exec(text) ?? [];
    return plain.call('delete_user', { user_id: USER, confirm_token, ...again });
  };

const asked =
  (reply: Reply, user_id = USER) =>
  (stage: Stage) => {
    stage.workos.answer = shown(() => user({ id: user_id }));
    stage.reply = reply;
    return stage.asking.call('delete_user', { user_id });
  };

export const REFUSED: readonly Failure[] = [
  ['An unknown argument', ({ plain }) => plain.call('get_user', { id: USER })],
  [
    'More than ten mistakes',
    ({ plain }) => plain.call('get_user', Object.fromEntries([...'abcdefghijkl'].map((name) => [name, 1]))),
  ],
  ['A required argument is missing', ({ plain }) => plain.call('get_user')],
  ['A value of the wrong kind or size', ({ plain }) => plain.call('list_users', { limit: 500 })],
  [
    'An argument that needs the credentials grant',
    ({ bare }) => bare.call('update_user', { user_id: USER, password: 'x' }),
  ],
  ['A value that needs the credentials grant', ({ bare }) => bare.call('enroll_auth_factor', { type: 'sms' })],
  [
    'A member to clear that needs the credentials grant',
    ({ bare }) => bare.call('update_user', { user_id: USER, clear: ['external_id'] }),
  ],
  [
    'A member that is both given and cleared',
    ({ plain }) => plain.call('update_user', { user_id: USER, locale: 'nl', clear: ['locale'] }),
  ],
  [
    'An empty value that would remove all of a member',
    ({ plain }) => plain.call('update_user', { user_id: USER, metadata: {} }),
  ],
  ['None of the arguments of which WorkOS demands one', ({ plain }) => plain.call('list_directory_groups')],
  ['Arguments that exclude each other', ({ plain }) => plain.call('list_users', { limit: 5, max_items: 5 })],
  [
    '`max_items` with both `before` and `after`',
    ({ plain }) => plain.call('list_users', { max_items: 5, before: 'user_1', after: 'user_2' }),
  ],
  ['More than `--max-items`', ({ plain }) => plain.call('list_users', { max_items: 5_000 })],
  [
    'An argument without the one that it needs',
    ({ plain }) => plain.call('create_user', { email: 'ada@acme.example.com', password_hash: 'x' }),
  ],
  [
    'A name that would set the prototype of an object',
    ({ plain }) => plain.call('get_user', JSON.parse('{"__proto__":{}}')),
  ],
  [
    'Arguments that are nested too deeply',
    ({ plain }) => plain.call('get_user', { user_id: JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`) }),
  ],
  [
    'More values than any call needs',
    ({ plain }) => plain.call('list_users', { fields: Array.from({ length: 20_000 }, () => 'id') }),
  ],
  ['Half of a surrogate pair in a text', ({ plain }) => plain.call('list_users', { email: '\ud800' })],
  ['An unknown field in `fields`', ({ plain }) => plain.call('get_user', { user_id: USER, fields: ['mail'] })],
  ['An unknown field in `where`', ({ plain }) => plain.call('list_users', { where: ['mail=a'] })],
  ['What is not a condition in `where`', ({ plain }) => plain.call('list_users', { where: ['email>a'] })],
  ['An object in `where`', ({ plain }) => plain.call('list_users', { where: ['metadata=gold'] })],
  ['A secret in `where`', ({ bare }) => bare.call('list_directories', { where: ['external_key=a'] })],
  [
    '`where` or `count_only` with arguments that do not go with it',
    ({ plain }) => plain.call('list_users', { where: ['email=a'], count_only: true, limit: 5 }),
  ],
  ['A type of event that there is not', ({ plain }) => plain.call('list_events', { events: ['user.creatd'] })],
  ['A type of event of which no tool reads', ({ plain }) => plain.call('list_events', { events: ['vault.data.read'] })],
  [
    'A place of `wait_for_events` that the agent was not given',
    ({ plain }) => plain.call('wait_for_events', { after: 'event_01' }),
  ],
  ['`about` without an ID', ({ plain }) => plain.call('wait_for_events', { about: 'Ada' })],
  ['An invalid ID', ({ plain }) => plain.call('get_user', { user_id: '../organizations' })],
  ['An update without a change', ({ plain }) => plain.call('update_user', { user_id: USER })],
  [
    'No `WORKOS_CLIENT_ID`',
    ({ bare }) =>
      bare.call('get_sso_authorization_url', { redirect_uri: 'https://app.example.com', provider: 'GoogleOAuth' }),
  ],
  [
    'A call tool of another kind',
    ({ core }) => core.call('call_write_tool', { name: 'delete_user', arguments: { user_id: USER } }),
  ],
  [
    'A call tool of another kind, by an argument that needs the credentials grant',
    ({ core }) =>
      core.call('call_write_tool', {
        name: 'create_user',
        arguments: { email: 'ada@acme.example.com', password: 'x' },
      }),
  ],
  [
    'Arguments beside the name of the tool that a call tool is to call',
    ({ core }) => core.call('call_read_tool', { name: 'get_organization_domain', id: 'org_domain_1' }),
  ],
  [
    "A call tool for one of the server's own tools",
    ({ core }) => core.call('call_read_tool', { name: 'get_access_status' }),
  ],
  ['`find_tools` with both `query` and `area`', ({ core }) => core.call('find_tools', { query: 'x', area: 'users' })],
  ['`find_tools` with an unknown area', ({ core }) => core.call('find_tools', { area: 'usrs' })],
  ['`get_access_status` with an unknown name', ({ plain }) => plain.call('get_access_status', { name: 'usrs' })],
  [
    'A rate limit is used up for longer than `--timeout`',
    async ({ workos, plain }) => {
      workos.answer = () => Response.json({ id: 'magic_auth_1' });
      const call = () => plain.call('create_magic_auth', { email: 'ada@acme.example.com' });
      for (let count = 0; count < 3; count += 1) await call();
      return call();
    },
  ],
  [
    'WorkOS answered an earlier call of the tool with 429, and `Retry-After` is longer than `--timeout`',
    async ({ workos, plain }) => {
      workos.answer = () => Response.json({ message: 'Too many' }, { status: 429, headers: { 'retry-after': '90' } });
      const call = () => plain.call('challenge_auth_factor', { authentication_factor_id: 'auth_factor_1' });
      await call();
      return call();
    },
  ],
];

export const UNCONFIRMED: readonly Failure[] = [
  [
    '`--confirm strict`, and the client cannot ask a person',
    ({ strict }) => strict.call('delete_user', { user_id: USER }),
  ],
  ['An unknown token', ({ plain }) => plain.call('delete_user', { user_id: USER, confirm_token: 'x' })],
  ['A token for other arguments', confirmed({ user_id: 'user_01BEN' })],
  ['The object has changed since the preview', confirmed({}, { email: 'ada@elsewhere.example' })],
  [
    'A token for a call that needs none',
    ({ plain }) => plain.call('update_user', { user_id: USER, locale: 'en', confirm_token: 'x' }),
  ],
  [
    'A token, although the client can ask a person',
    ({ asking }) => asking.call('delete_user', { user_id: USER, confirm_token: 'x' }),
  ],
  ['The person declines', asked({ action: 'decline' })],
  ['The same call again, within ten minutes', asked({ action: 'accept' })],
  ['The client passes no text on', asked({ action: 'accept' }, 'user_01CARA')],
  ['The question is closed without an answer', asked({ action: 'cancel' }, 'user_01CARA')],
  ['The person types something else', asked({ action: 'accept', content: { confirm: 'yes' } }, 'user_01CARA')],
  [
    'The object cannot be read',
    ({ workos, plain }) => {
      workos.answer = () => Response.json({ message: 'Forbidden' }, { status: 403 });
      return plain.call('delete_user', { user_id: USER });
    },
  ],
  [
    'WorkOS returns another object',
    ({ workos, plain }) => {
      workos.answer = shown(() => user({ id: 'user_01BEN' }));
      return plain.call('delete_user', { user_id: USER });
    },
  ],
  [
    'A value too long for a person to check',
    ({ workos, plain }) => {
      workos.answer = shown(() => user());
      return plain.call('update_user', { user_id: USER, email: `${'a'.repeat(60)}@${'a.'.repeat(300)}example.com` });
    },
  ],
  [
    'Twenty confirmations are pending already',
    async ({ workos, plain }) => {
      workos.answer = shown((request) => user({ id: new URL(request.url).pathname.split('/').at(-1) }));
      const ask = (count: number) => plain.call('delete_user', { user_id: `user_${count}` });
      for (let count = 0; count < 20; count += 1) await ask(count);
      return ask(20);
    },
  ],
];

/** The proxy answers CONNECT with this. */
const refusedByProxy =
  (status: number) =>
  ({ proxy, proxied }: Stage) => {
    proxy.refuseWith(status);
    return proxied.call('create_user', { email: 'ada@acme.example.com' });
  };

export const UNANSWERED: readonly Failure[] = [
  ['No server listens there', ({ stranded }) => stranded.call('create_user', { email: 'ada@acme.example.com' })],
  ['The proxy of `HTTPS_PROXY` requires a login', refusedByProxy(407)],
  ['The proxy forbids connections to WorkOS', refusedByProxy(403)],
  ['The proxy cannot reach WorkOS', refusedByProxy(502)],
  [
    'The proxy does not run',
    async ({ proxy, proxied }) => {
      await proxy.close();
      return proxied.call('create_user', { email: 'ada@acme.example.com' });
    },
  ],
  [
    'No answer within `--attempt-timeout`',
    ({ workos, impatient }) => {
      workos.answer = { raw: () => {} };
      return impatient.call('create_user', { email: 'ada@acme.example.com' });
    },
  ],
  ['WorkOS closes the connection', raw((response) => response.socket?.destroy())],
  ['WorkOS resets the connection', raw((response) => response.socket?.resetAndDestroy())],
  [
    'The answer ends too early',
    raw((response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{');
      response.socket?.end();
    }),
  ],
  [
    'The headers of the answer are too large',
    raw((response) => response.writeHead(200, { x: 'x'.repeat(20_000) }).end()),
  ],
  [
    'The answer to a read is compressed',
    answered({ raw: (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x') }, 'get_user', {
      user_id: USER,
    }),
  ],
  [
    'The answer to a write is compressed',
    raw((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x')),
  ],
  [
    'The answer declares more than `--max-reply-bytes`',
    raw((response) => response.writeHead(200, { 'content-length': '30000' }).end('x'.repeat(30_000))),
  ],
  [
    'The answer has more than `--max-reply-bytes` without declaring it',
    raw((response) => response.writeHead(200).end('x'.repeat(30_000))),
  ],
];

export const UNUSABLE: readonly Failure[] = [
  ['The answer to a read has no body', reading(() => new Response(''))],
  [
    'The body is not a JSON object',
    reading(() => new Response('<html>', { headers: { 'content-type': 'text/html' } })),
  ],
  ['The body is nested too deeply', reading(() => new Response(`${'['.repeat(9_000)}${']'.repeat(9_000)}`))],
  ['A list holds something other than objects', reading(() => list(['user_1']))],
  [
    'A result over `--max-result-bytes` that cannot be cut',
    reading(() => list([{ id: 'user_1', first_name: 'x'.repeat(5_000) }])),
  ],
  ['The same, for a tool without `fields`', answered(() => user({ first_name: 'x'.repeat(5_000) }))],
  ['A page is not a list', reading(() => user(), { max_items: 5 })],
  ['A cursor is not valid', reading(() => list(items(2), 7), { max_items: 5 })],
  ['A cursor leads back to an earlier page', reading(() => list(items(2), 'user_1'), { max_items: 50 })],
  ['Items have no ID to continue from', reading(() => list([{}, {}], null), { max_items: 1 })],
];

/** An error response of WorkOS by its status, to a read unless a tool is named. */
const status = (
  status: number,
  name = 'get_user',
  args: object = { user_id: USER },
  body: unknown = {},
  headers = {},
) => answered(() => Response.json(body, { status, headers }), name, args);
const create = ['create_user', { email: 'ada@acme.example.com' }] as const;
const exchange = ['get_sso_profile_and_token', { code: 'sso-code' }] as const;

export const STATUSES: readonly Failure[] = [
  ['3xx', status(302)],
  ['400, 422', status(422, ...create, { message: 'Validation failed', errors: [{ field: 'email', code: 'invalid' }] })],
  ['401', status(401)],
  ['403', status(403)],
  ['403, for a sign-in', status(403, ...exchange)],
  ['404', status(404)],
  ['404, where no tool lists the ID', status(404, ...create)],
  ['408', status(408, ...create)],
  ['409', status(409, ...create)],
  ['429', status(429, ...exchange)],
  [
    '429 with `Retry-After`',
    status(429, 'list_directory_users', { directory: 'directory_1' }, {}, { 'retry-after': '60' }),
  ],
  ['429, code `daily_quota_exceeded`', status(429, ...create, { code: 'daily_quota_exceeded' })],
  ['5xx, for a read', status(503)],
  ['501: not served here', status(501)],
  ['5xx, for a write', status(500, ...create)],
  [
    '5xx, for a write whose effect no tool can read',
    status(500, 'create_magic_auth', { email: 'ben@acme.example.com' }),
  ],
  [
    '5xx, for a write with an idempotency key',
    status(500, 'create_audit_log_event', {
      organization_id: 'org_1',
      idempotency_key: 'export-7',
      event: {
        action: 'invoice.exported',
        occurred_at: '2025-02-04T10:00:00Z',
        actor: { id: USER, type: 'user' },
        targets: [{ id: 'invoice-7', type: 'invoice' }],
        context: { location: '192.0.2.10' },
      },
    }),
  ],
  ['Any other status', status(418)],
];

/** What is read first is answered, and no former member is found. */
const found = inForm({ object: 'thing', id: 'x_1', status: 'active', email: 'ada@acme.example.com', domains: [] });

/** An error code, or a status, for which a tool declares the next step. */
export const withCode = (name: string, args: object, code: string): Failure => [
  code,
  ({ workos, unasked }) => {
    const [status, body] = /^\d+$/.test(code) ? [Number(code), {}] : [403, { code }];
    workos.answer = (request) => {
      const sent = { method: request.method, path: new URL(request.url).pathname };
      return ofTool(name, [sent]).length > 0 ? Response.json(body, { status }) : found(request);
    };
    return unasked.call(name, { ...args });
  },
];
