import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { auditEvent } from './support/audit-event.ts';
import { connect, type Session } from './support/session.ts';
import { type Answer, listen, type Upstream } from './support/upstream.ts';

const key = 'sk_test_canary_1234567890';

/** A server of its own for each test, since most of them wait. */
async function open() {
  const upstream = await listen(() => Response.json({}));
  const env = { WORKOS_API_KEY: key, WORKOS_BASE_URL: upstream.url, WORKOS_CLIENT_ID: 'client_1' };
  const bounds = ['--timeout', '4', '--attempt-timeout', '0.6', '--max-reply-bytes', '200000'];
  const session = await connect(['--allow', '*:full,*:credentials', '--confirm', 'off', ...bounds], env);
  opened.push({ upstream, session });
  return {
    log: session.log,
    /** Calls against answers given in turn, the last one for good. */
    run: async ([name, args]: Call, ...answers: readonly Answer[]) => {
      const before = upstream.received.length;
      const start = performance.now();
      upstream.answer = {
        next: () =>
          answers[Math.min(upstream.received.length - before, answers.length) - 1] ?? expect.fail('no answer'),
      };
      const result = await session.call(name, args);
      const sent = upstream.received.slice(before);
      return { ...result, sent, attempts: sent.length, seconds: (performance.now() - start) / 1_000 };
    },
  };
}

const opened: { readonly upstream: Upstream; readonly session: Session }[] = [];
afterAll(async () => {
  for (const { upstream, session } of opened) {
    expect(session.log()).not.toContain(key);
    await session.close();
    await upstream.close();
  }
});

type Call = readonly [name: string, args: Record<string, unknown>];

const READ = ['get_user', { user_id: 'user_1' }] as const;
const CREATE = ['create_user', { email: 'a@b.test' }] as const;
const DELETE = ['delete_user', { user_id: 'user_1' }] as const;
const EXCHANGE = ['get_sso_profile_and_token', { code: 'c' }] as const;
const EVENT = ['create_audit_log_event', auditEvent] as const;

const json = (status: number, body: unknown = {}, headers: Record<string, string> = {}): Answer => {
  return () => Response.json(body, { status, headers });
};
const OK = json(200, { object: 'user', id: 'user_1' });
const reset: Answer = { raw: (response) => response.socket?.destroy() };
const silent: Answer = { raw: () => {} };
const midBody: Answer = {
  raw: (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"object":', () => response.socket?.destroy());
  },
};
const hangingBody: Answer = {
  raw: (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"object":');
  },
};

describe.concurrent('an attempt that fails', () => {
  it.each<[string, [Call, ...Answer[]], number, object]>([
    ['503 on a read', [READ, json(503), json(502), OK], 3, { structured: { id: 'user_1' } }],
    ['408 on a read', [READ, json(408), OK], 2, { structured: { id: 'user_1' } }],
    ['a reset on a read', [READ, reset, OK], 2, { structured: { id: 'user_1' } }],
    ['a reset in the body of a read', [READ, midBody, OK], 2, { structured: { id: 'user_1' } }],
    ['silence on a read', [READ, silent, OK], 2, { structured: { id: 'user_1' } }],
    ['a body that hangs on a read', [READ, hangingBody, OK], 2, { structured: { id: 'user_1' } }],
    ['503 on a delete', [DELETE, json(503), json(200)], 2, { structured: {} }],
    ['429 on a create', [CREATE, json(429), OK], 2, { structured: { id: 'user_1' } }],
    [
      '503 on an audit event',
      [EVENT, json(503), reset, json(200, { success: true })],
      3,
      { structured: { success: true } },
    ],
    [
      '500 on a create',
      [CREATE, json(500)],
      1,
      { isError: true, text: expect.stringContaining('The call may have taken effect') },
    ],
    [
      'a reset on a create',
      [CREATE, reset],
      1,
      { isError: true, text: expect.stringContaining('The call may have taken effect') },
    ],
    [
      'silence on a create',
      [CREATE, silent],
      1,
      { text: expect.stringContaining('no complete answer within 0.6 s. The call may have') },
    ],
    ['429 on a code that works once', [EXCHANGE, json(429)], 1, { isError: true }],
    ['503 on a code that works once', [EXCHANGE, json(503)], 1, { isError: true }],
    [
      'a daily quota',
      [CREATE, json(429, { code: 'daily_quota_exceeded' })],
      1,
      { text: expect.stringContaining('tomorrow') },
    ],
    ['a 400', [READ, json(400)], 1, { isError: true }],
  ])('%s', async (_, args, attempts, result) => {
    const { run } = await open();
    const end = await run(...args);
    expect(end).toMatchObject({ ...result, attempts });
    expect(end.seconds).toBeLessThan(4.5);
  });

  it('is told apart: a repeated delete that finds nothing did its work, a first one did not', async () => {
    const { run } = await open();
    expect(await run(DELETE, reset, json(404, { message: 'Gone' }))).toMatchObject({
      structured: { ok: true, notes: [expect.stringContaining('earlier attempt is unknown')] },
    });
    expect(await run(DELETE, json(429), json(404, { message: 'Gone' }))).toMatchObject({ isError: true });
    expect(await run(DELETE, json(404, { message: 'Gone' }))).toMatchObject({ isError: true, attempts: 1 });
  });

  it('keeps its idempotency key when it is repeated', async () => {
    const { run } = await open();
    const { sent } = await run(EVENT, json(500), silent, json(200, { success: true }));
    const keys = sent.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  it('waits as long as WorkOS asks', async () => {
    const { run } = await open();
    const { attempts, seconds } = await run(READ, json(429, {}, { 'retry-after': '2' }), OK);
    expect(attempts).toBe(2);
    expect(seconds).toBeGreaterThanOrEqual(2);
  });

  it('that runs out of time is a timeout, and the total is told', async () => {
    const { run } = await open();
    expect((await run(READ, silent)).text).toMatch(
      /^WorkOS gave no usable answer to get_user \([234] attempts, [1-4](\.\d)? s in all\): timeout, no complete answer within [\d.]+ (s|ms)\. /,
    );
  });

  it('says how often it was tried, within the time of the call', async () => {
    const { run } = await open();
    const { text, seconds } = await run(READ, json(503));
    expect(text).toMatch(
      /^WorkOS answered get_user with 503 Service Unavailable \([234] attempts\)\. Calling again is safe\.$/,
    );
    expect(seconds).toBeLessThan(4.5);
  });
});

describe.concurrent('an answer that is', () => {
  const body = (text: string | Buffer, headers: Record<string, string> = {}): Answer => ({
    raw: (response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      response.end(text);
    },
  });
  const endless: Answer = {
    raw: (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    },
  };
  it.each<[string, Answer, string]>([
    [
      'truncated JSON',
      body('{"object":"user"'),
      'with 200 OK, with a body that is not a JSON object (application/json).',
    ],
    [
      'a page of HTML',
      body('<html>', { 'content-type': 'text/html' }),
      'with a body that is not a JSON object (text/html).',
    ],
    ['empty', body(''), 'with 200 OK, but without a body.'],
    ['a number', body('7'), 'with a body that is not a JSON object (application/json).'],
    ['null', body('null'), 'with a body that is not a JSON object'],
    [
      'nested deep',
      body(`{"a":${'['.repeat(90_000)}${']'.repeat(90_000)}}`),
      'with 200 OK, but its JSON is nested too deeply to be read.',
    ],
    [
      'of too many values',
      body(`{"data":[${'0,'.repeat(40_001)}0]}`),
      'with 200 OK, but its JSON has too many values to be read.',
    ],
    [
      'nested deep, as an error',
      json(400, JSON.parse(`{"message":${'['.repeat(500)}${']'.repeat(500)}}`)),
      'with 400 Bad Request, with a body',
    ],
    [
      'too long, as an error',
      json(400, { message: 'x'.repeat(150_000) }),
      'with 400 Bad Request, with a body that is too long to be read (150014 characters).',
    ],
    ['without end', endless, 'the answer is larger than 200000 bytes, so the rest was not read.'],
    [
      'announced as too large',
      body('', { 'content-length': '900000' }),
      'the answer is larger than 200000 bytes, so it was not read.',
    ],
    [
      'compressed',
      body(gzipSync('{}'), { 'content-encoding': 'gzip' }),
      'the answer is compressed, which the server did not ask for, so it was not read.',
    ],
    [
      'a redirect',
      { raw: (r) => r.writeHead(307, { location: 'http://127.0.0.1:1/' }).end() },
      'with 307 Temporary Redirect. The redirect was not followed.',
    ],
    ['an unknown status', json(299, 'x'), 'with 299 Unknown: "x".'],
    ['an unknown error status', json(499, { message: 'Hm.' }), 'with 499 Unknown: "Hm".'],
    ['a long error', json(400, { message: 'm'.repeat(100_000) }), '…" (96000 more characters).'],
  ])('%s', async (_, answer, text) => {
    const { run } = await open();
    const result = await run(READ, answer);
    expect(result.isError).toBe(true);
    expect(result.text).toContain(text);
    expect(result.attempts).toBe(1);
    expect(result.seconds).toBeLessThan(2);
  });

  it('in chunks of a byte is read in no more memory than it has', async () => {
    const { run } = await open();
    const drip: Answer = {
      raw: (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        for (const char of `{"object":"user","id":"${'x'.repeat(5_000)}"}`) response.write(char);
        response.end();
      },
    };
    expect((await run(READ, drip)).structured).toMatchObject({ id: 'x'.repeat(5_000) });
  });

  it('a success with request IDs that are none keeps them out of the log', async () => {
    const { run, log } = await open();
    await run(READ, json(200, { object: 'user' }, { 'x-request-id': 'secret words here' }));
    await run(READ, json(200, { object: 'user' }, { 'x-request-id': 'req_shaped-1' }));
    expect(log()).toContain('req_shaped-1');
    expect(log()).not.toContain('secret words');
  });

  it('not HTTP at all', async () => {
    const { run } = await open();
    const result = await run(CREATE, { raw: (response) => response.socket?.end('220 smtp ready\r\n') });
    expect(result).toMatchObject({
      isError: true,
      attempts: 1,
      text: expect.stringContaining('may have taken effect'),
    });
  });

  it('full of what nobody sees is cleaned, and says so', async () => {
    const { run } = await open();
    const name = 'Ad\u202ea\u200b \u001b[31mred';
    const { structured } = await run(READ, json(200, { object: 'user', first_name: name }));
    expect(structured).toEqual({
      object: 'user',
      first_name: 'Ada red',
      notes: ['7 invisible or control characters were removed from first_name.'],
    });
    const { text } = await run(READ, json(400, { message: name }));
    expect(text).toContain('400 Bad Request: "Ada red".');
    expect(text).toContain('7 invisible or control characters were removed from the text.');
  });
});

it('does not wait longer for a rate limit than the call has, nor do those that come after it', async () => {
  const { run } = await open();
  const first = await run(READ, json(429, {}, { 'retry-after': '30' }));
  expect(first).toMatchObject({
    text: 'WorkOS answered get_user with 429 Too Many Requests. Wait 30 seconds, then call again.',
    attempts: 1,
  });
  const second = await run(READ, OK);
  expect(second).toMatchObject({ isError: true, attempts: 0 });
  expect(second.text).toMatch(
    /^get_user was not sent\. WorkOS's rate limit .* \(1,000 requests per 10 seconds\) is used up\. Wait at least (29|30) seconds/,
  );
  expect(await run(CREATE, OK)).toMatchObject({ attempts: 1, structured: { id: 'user_1' } });
  expect(first.seconds + second.seconds).toBeLessThan(2);
});
