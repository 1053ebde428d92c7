import { type Asking, connectAsking, type Reply } from './asking.ts';
import type { Result } from './session.ts';
import { type Answer, listen, type Upstream } from './upstream.ts';

/** Servers that a call may fail in, with what stands in for WorkOS behind them. */
export type Stage = {
  readonly workos: Upstream;
  /** All grants, a Client ID; the client can ask nobody. */
  readonly plain: Asking;
  /** Without credentials and without a Client ID. */
  readonly bare: Asking;
  /** The client asks a person. */
  readonly asking: Asking;
  /** As `plain`, with `--confirm strict`. */
  readonly strict: Asking;
  /** Behind its base URL nobody listens. */
  readonly stranded: Asking;
  /** What the person answers next. */
  reply: Reply;
};

export type Failure = readonly [when: string, make: (stage: Stage) => Promise<Result>];

const USER = 'user_01ADA';
const KEY = 'sk_test_1234567890';

export async function openStage(): Promise<Stage & { readonly close: () => Promise<void> }> {
  const workos = await listen(() => Response.json({}));
  const gone = await listen(() => Response.json({}));
  await gone.close();
  const open = (flags: readonly string[], more: Record<string, string> = {}, asks = false) => {
    const args = ['--attempt-timeout', '1', '--max-result-bytes', '2000', '--max-reply-bytes', '20000', ...flags];
    const env = { WORKOS_API_KEY: KEY, WORKOS_BASE_URL: workos.url, ...more };
    return connectAsking(args, env, 'v2 client, legacy', asks ? { form: {} } : undefined, () => stage.reply);
  };
  const all = ['--allow', '*:full,*:credentials'];
  const client = { WORKOS_CLIENT_ID: 'client_1' };
  const [plain, bare, asking, strict, stranded] = await Promise.all([
    open(all, client),
    open(['--allow', '*:full']),
    open(all, client, true),
    open([...all, '--confirm', 'strict'], client),
    open(all, { WORKOS_BASE_URL: gone.url }),
  ]);
  const stage: Stage = { workos, plain, bare, asking, strict, stranded, reply: { action: 'accept' } };
  const close = async () => {
    await Promise.all([plain, bare, asking, strict, stranded].map((session) => session.close()));
    await workos.close();
  };
  return Object.assign(stage, { close });
}

/** The text of each failure. Throws where a call succeeds. */
export async function runFailures(stage: Stage, failures: readonly Failure[]) {
  const rows: (readonly [when: string, text: string])[] = [];
  for (const [when, make] of failures) {
    const { isError, text } = await make(stage);
    if (!isError) throw new Error(`${when}: the call succeeds`);
    rows.push([when, text.replaceAll(/(confirm_token=")[^"]+|(wait at least )\d+/g, '$1$2…')]);
  }
  return rows;
}

const user = (member: object = {}) => Response.json({ id: USER, email: 'ada@acme.example.com', ...member });
const list = (data: unknown, after: unknown = null) =>
  Response.json({ object: 'list', data, list_metadata: { before: null, after } });
const items = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `user_${index}` }));

/** A call of which WorkOS's answer is this. */
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
    workos.answer = () => user();
    const { text } = await plain.call('delete_user', { user_id: USER });
    workos.answer = () => user(changed);
    const [, confirm_token] = /confirm_token="([^"]+)"/.exec(text) ?? [];
    return plain.call('delete_user', { user_id: USER, confirm_token, ...again });
  };

const asked =
  (reply: Reply, user_id = USER) =>
  (stage: Stage) => {
    stage.workos.answer = () => user({ id: user_id });
    stage.reply = reply;
    return stage.asking.call('delete_user', { user_id });
  };

export const REFUSED: readonly Failure[] = [
  ['An argument that there is not', ({ plain }) => plain.call('get_user', { id: USER })],
  [
    'More than ten faults',
    ({ plain }) => plain.call('get_user', Object.fromEntries([...'abcdefghijkl'].map((name) => [name, 1]))),
  ],
  ['A required argument is missing', ({ plain }) => plain.call('get_user')],
  ['A value of the wrong kind or size', ({ plain }) => plain.call('list_users', { limit: 500 })],
  ['An argument that takes credentials', ({ bare }) => bare.call('update_user', { user_id: USER, password: 'x' })],
  ['A value that takes credentials', ({ bare }) => bare.call('enroll_auth_factor', { type: 'sms' })],
  ['Arguments that exclude each other', ({ plain }) => plain.call('list_users', { limit: 5, max_items: 5 })],
  [
    'A walk in both directions',
    ({ plain }) => plain.call('list_users', { max_items: 5, before: 'user_1', after: 'user_2' }),
  ],
  ['More than `--max-items`', ({ plain }) => plain.call('list_users', { max_items: 5_000 })],
  [
    'Arguments that need each other',
    ({ plain }) => plain.call('create_user', { email: 'ada@acme.example.com', password_hash: 'x' }),
  ],
  ['A name that could change what objects are', ({ plain }) => plain.call('get_user', JSON.parse('{"__proto__":{}}'))],
  [
    'Arguments that nest without end',
    ({ plain }) => plain.call('get_user', { user_id: JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`) }),
  ],
  ['A field that answers do not have', ({ plain }) => plain.call('get_user', { user_id: USER, fields: ['mail'] })],
  ['An ID that is none', ({ plain }) => plain.call('get_user', { user_id: '../organizations' })],
  ['An update without a change', ({ plain }) => plain.call('update_user', { user_id: USER })],
  [
    'No `WORKOS_CLIENT_ID`',
    ({ bare }) =>
      bare.call('get_sso_authorization_url', { redirect_uri: 'https://app.example.com', provider: 'GoogleOAuth' }),
  ],
  ['`get_access_status` of what there is not', ({ plain }) => plain.call('get_access_status', { name: 'usrs' })],
  [
    'A rate limit that is used up for longer than the call may take',
    async ({ workos, plain }) => {
      workos.answer = () => Response.json({ id: 'magic_auth_1' });
      const call = () => plain.call('create_magic_auth', { email: 'ada@acme.example.com' });
      for (let count = 0; count < 3; count += 1) await call();
      return call();
    },
  ],
];

export const UNCONFIRMED: readonly Failure[] = [
  [
    'The client can ask nobody',
    ({ workos, plain }) => {
      workos.answer = () => user();
      return plain.call('delete_user', { user_id: USER });
    },
  ],
  ['The same, with `--confirm strict`', ({ strict }) => strict.call('delete_user', { user_id: USER })],
  ['A token that is not known', ({ plain }) => plain.call('delete_user', { user_id: USER, confirm_token: 'x' })],
  ['A token of other arguments', confirmed({ user_id: 'user_01BEN' })],
  ['The object has changed since', confirmed({}, { email: 'ada@elsewhere.example' })],
  [
    'A token where none is needed',
    ({ plain }) => plain.call('update_user', { user_id: USER, locale: 'en', confirm_token: 'x' }),
  ],
  [
    'A token where the client can ask a person',
    ({ asking }) => asking.call('delete_user', { user_id: USER, confirm_token: 'x' }),
  ],
  ['The person says no', asked({ action: 'decline' })],
  ['The same call again', asked({ action: 'accept' })],
  ['The person types something else', asked({ action: 'accept', content: { confirm: 'yes' } }, 'user_01CARA')],
  [
    'The object cannot be read',
    ({ workos, plain }) => {
      workos.answer = () => Response.json({ message: 'Forbidden' }, { status: 403 });
      return plain.call('delete_user', { user_id: USER });
    },
  ],
  [
    'WorkOS shows another object',
    ({ workos, plain }) => {
      workos.answer = () => user({ id: 'user_01BEN' });
      return plain.call('delete_user', { user_id: USER });
    },
  ],
  [
    'More than a person can look through',
    ({ workos, plain }) => {
      workos.answer = () => user();
      return plain.call('update_user', { user_id: USER, email: `${'a'.repeat(60)}@${'a.'.repeat(300)}example.com` });
    },
  ],
  [
    'Twenty confirmations wait already',
    async ({ workos, plain }) => {
      workos.answer = (request) => user({ id: new URL(request.url).pathname.split('/').at(-1) });
      const ask = (count: number) => plain.call('delete_user', { user_id: `user_${count}` });
      for (let count = 0; count < 20; count += 1) await ask(count);
      return ask(20);
    },
  ],
];

export const UNANSWERED: readonly Failure[] = [
  ['Nobody listens', ({ stranded }) => stranded.call('create_user', { email: 'ada@acme.example.com' })],
  ['No answer within `--attempt-timeout`', raw(() => {})],
  ['The connection ends', raw((response) => response.socket?.destroy())],
  ['The connection is reset', raw((response) => response.socket?.resetAndDestroy())],
  [
    'The answer ends before it should',
    raw((response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{');
      response.socket?.end();
    }),
  ],
  ['Its headers are too large', raw((response) => response.writeHead(200, { x: 'x'.repeat(20_000) }).end())],
  [
    'It is compressed, to a read',
    answered({ raw: (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x') }, 'get_user', {
      user_id: USER,
    }),
  ],
  ['It is compressed', raw((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'))],
  [
    'It is larger than `--max-reply-bytes`',
    raw((response) => response.writeHead(200, { 'content-length': '30000' }).end('x'.repeat(30_000))),
  ],
  ['The same, without saying so before', raw((response) => response.writeHead(200).end('x'.repeat(30_000)))],
];

export const UNUSABLE: readonly Failure[] = [
  ['A read is answered without a body', reading(() => new Response(''))],
  ['The body is no JSON object', reading(() => new Response('<html>', { headers: { 'content-type': 'text/html' } }))],
  ['It nests too deep', reading(() => new Response(`${'['.repeat(9_000)}${']'.repeat(9_000)}`))],
  ['A list of other things than objects', reading(() => list(['user_1']))],
  [
    'More than `--max-result-bytes`, and nothing to cut',
    reading(() => list([{ id: 'user_1', first_name: 'x'.repeat(5_000) }])),
  ],
  ['The same, of a tool without `fields`', answered(() => user({ first_name: 'x'.repeat(5_000) }))],
  ['A page that is no list', reading(() => user(), { max_items: 5 })],
  ['A cursor that is none', reading(() => list(items(2), 7), { max_items: 5 })],
  ['A cursor that leads back', reading(() => list(items(2), 'user_1'), { max_items: 50 })],
  ['Items without an ID to go on from', reading(() => list([{}, {}], null), { max_items: 1 })],
];

/** An error of WorkOS's by its status, to a read unless a tool is named. */
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
  ['403, of a sign-in', status(403, ...exchange)],
  ['404', status(404)],
  ['404, where nothing tells the ID', status(404, ...create)],
  ['408', status(408, ...create)],
  ['409', status(409, ...create)],
  ['429', status(429, ...exchange)],
  [
    '429 with `Retry-After`',
    status(429, 'list_directory_users', { directory: 'directory_1' }, {}, { 'retry-after': '60' }),
  ],
  ['429, code `daily_quota_exceeded`', status(429, ...create, { code: 'daily_quota_exceeded' })],
  ['5xx, to a read', status(503)],
  ['5xx, to a write', status(500, ...create)],
  ['5xx, to a write that no read tells of', status(500, 'create_magic_auth', { email: 'ben@acme.example.com' })],
  [
    '5xx, to a write that carries an idempotency key',
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
  ['Any other', status(418)],
];

/** A code that a tool declares a next step for. */
export const withCode = (name: string, args: object, code: string): Failure => [
  code,
  status(403, name, args, { code }),
];
