import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { hashOf, newId, newTokens, openFolder, openWorkos, postCall, serve } from './http-server.ts';
import { forge, newKey, openIssuer } from './issuer.ts';

const KEY = 'sk_test_1234567890';
const PUBLIC_URL = 'https://mcp.acme.example/mcp';
const tokens = newTokens('bot', 'former', 'busy', 'deleter', 'stranger');

type Asked = {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: unknown;
  /** The declared length, if it differs from the body's. */
  readonly bytes?: number;
  /** How often the request is sent; the last answer counts. */
  readonly times?: number;
};

/** A request that the HTTP server refuses, valid in every other respect. */
type Refused = readonly [when: string, asked: Asked | (() => Promise<Asked>)];

type HttpRow = readonly [when: string, status: string, code: string, message: string];

/** The header that tells the client what to do about a status. */
const TELLING: Readonly<Record<number, string>> = { 401: 'www-authenticate', 429: 'retry-after', 503: 'retry-after' };

const bearer = (token: string): Asked => ({ headers: { authorization: `Bearer ${token}` } });

/** The refusals, and the tool error of a delete over an agent's budget. */
export async function runHttpRefusals() {
  const folder = openFolder();
  const [issuer, away, stranger] = await Promise.all([openIssuer(), openIssuer(), openIssuer()]);
  away.state.answer = 'error';
  const workos = await openWorkos('acme', KEY);
  const server = await serve(['--config', folder.write('agents.yaml', toConfig(issuer, away))], {
    WORKOS_API_KEY: KEY,
    WORKOS_BASE_URL: workos.url,
  });
  try {
    const rows: HttpRow[] = [];
    for (const [when, given] of await toRefused(issuer, away, stranger)) {
      const asked = typeof given === 'function' ? await given() : given;
      const { times = 1 } = asked;
      let answer = await ask(server.port, asked);
      for (let count = 1; count < times; count += 1) answer = await ask(server.port, asked);
      if (answer.error === undefined) throw new Error(`${when}: it is served`);
      const { code, message } = answer.error;
      const telling = TELLING[answer.status];
      if (telling !== undefined && !answer.headers[telling]) throw new Error(`${when}: it lacks ${telling}`);
      rows.push([when, `${answer.status}`, `${code}`, message.replace(/\d+ seconds/, '… seconds')]);
    }
    const remove = () => postCall(server.url, tokens.deleter.token, 'delete_user', { user_id: newId('user') });
    await remove();
    const { result } = await remove();
    return { rows, overBudget: String(result.content[0].text).replace(/\d+ minutes/, '… minutes') };
  } finally {
    await Promise.all([server.stop(), issuer.close(), away.close(), stranger.close(), workos.close()]);
    folder.remove();
  }
}

type Issuer = Awaited<ReturnType<typeof openIssuer>>;

const toConfig = ({ url, jwksUrl }: Issuer, away: Issuer): string => `
audit-log: stderr
public-url: ${PUBLIC_URL}
issuers:
  kit: { issuer: '${url}', jwks-url: '${jwksUrl}', environment: other }
  away: { issuer: '${away.url}', jwks-url: '${away.jwksUrl}', environment: other }
agents:
  bot: { allow: '*:read', tokens: ['${hashOf(tokens.bot)}'], requests-per-minute: 1000 }
  former: { allow: '*:read', tokens: ['${hashOf(tokens.former)}'], expires: 2020-01-01 }
  busy: { allow: '*:read', tokens: ['${hashOf(tokens.busy)}'], requests-per-minute: 1 }
  deleter: { allow: 'users:full', tokens: ['${hashOf(tokens.deleter)}'], deletes-per-hour: 1, confirm: 'off' }
templates:
  engineers: { jwt: { issuer: kit, permission: use }, grants-claim: grants, ceiling: 'users:read' }
`;

async function toRefused(issuer: Issuer, away: Issuer, stranger: Issuer): Promise<readonly Refused[]> {
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    aud: PUBLIC_URL,
    sub: 'user_1',
    iat: now,
    exp: now + 600,
    permissions: ['use'],
    grants: 'users:read',
  };
  const signed = (more: object, options?: Parameters<typeof issuer.sign>[1]) => async () =>
    bearer(await issuer.sign({ ...claims, ...more }, options));
  return [
    ['A header is repeated', { headers: { 'content-type': ['application/json', 'text/plain'] } }],
    [
      'More than 200 headers',
      { headers: Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`x-${index}`, '1'])) },
    ],
    ['A whole URL instead of a path', { path: 'http://mcp.acme.example/mcp' }],
    ['A `Host` that is not in `--allowed-hosts`', { headers: { host: 'mcp.elsewhere.example' } }],
    ['An `Origin` that is not in `--allowed-origins`', { headers: { origin: 'https://app.elsewhere.example' } }],
    ['Another path', { path: '/' }],
    ['Another method', { method: 'GET' }],
    ['Another method than GET at `/healthz`', { path: '/healthz' }],
    ['A query', { path: '/mcp?token=x' }],
    ['No token', { headers: { authorization: undefined } }],
    ['Another scheme than `Bearer`', { headers: { authorization: 'Basic eDp5' } }],
    ['An unknown token', bearer(tokens.stranger.token)],
    ['An agent whose `expires` has passed', bearer(tokens.former.token)],
    ['A token from an issuer that is not in the file', async () => bearer(await stranger.sign(claims))],
    ['A token from an issuer whose keys cannot be fetched', async () => bearer(await away.sign(claims))],
    [
      'A token signed with another algorithm',
      bearer(forge({ alg: 'HS256', typ: 'JWT' }, { ...claims, iss: issuer.url }, () => 'x')),
    ],
    ['A token signed with another key', async () => bearer(await issuer.sign(claims, { key: await newKey('key-1') }))],
    ['A token for another audience than `--public-url`', signed({ aud: 'https://elsewhere.example' })],
    ['An expired token', signed({ exp: now - 600 })],
    ['A token that is not valid yet', signed({ nbf: now + 600 })],
    ['Another kind of token than an access token', signed({}, { header: { typ: 'id+jwt' } })],
    ['A token that matches no agent or template of the file', signed({ permissions: [] })],
    ['A claim with no valid grant, or none within the template', signed({ grants: 'users:raed' })],
    ['More requests than `requests-per-minute`', { ...bearer(tokens.busy.token), times: 2 }],
    ['An unknown narrowing header', { headers: { 'x-workos-mcp-alow': 'users:read' } }],
    ['A repeated narrowing header', { headers: { 'x-workos-mcp-allow': ['users:read', 'sso:read'] } }],
    ['A narrowing header with an invalid grant', { headers: { 'x-workos-mcp-allow': 'users:raed' } }],
    ['A narrowing header that is neither true nor false', { headers: { 'x-workos-mcp-read-only': 'maybe' } }],
    ['A narrowing header with an empty item', { headers: { 'x-workos-mcp-allow': 'users:read,' } }],
    ['A narrowing header that is too long', { headers: { 'x-workos-mcp-allow': 'users:read,'.repeat(200) } }],
    ['Another content type', { headers: { 'content-type': 'text/plain' } }],
    ['Another charset', { headers: { 'content-type': 'application/json; charset=utf-16' } }],
    ['A compressed body', { headers: { 'content-encoding': 'gzip' } }],
    ['A body of more than 1 MiB', { bytes: 1_048_577 }],
    ['A body with more than 40,000 values', { body: `[${'0,'.repeat(40_001)}0]` }],
    ['A body that is nested too deeply', { body: `${'['.repeat(9_000)}${']'.repeat(9_000)}` }],
    ['A body that is not JSON', { body: '{' }],
    ['Several messages in one request', { body: [{ jsonrpc: '2.0', id: 1, method: 'ping' }] }],
    ['Params by position', { body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: [] } }],
    ['A request without `jsonrpc`', { body: { id: 1, method: 'tools/list' } }],
    ['An ID that is not a string or an integer', { body: { jsonrpc: '2.0', id: 1.5, method: 'tools/list' } }],
    ['A client that does not accept both JSON and events', { headers: { accept: 'text/html' } }],
    ['An `Mcp-Session-Id` of more than 1 KB', { headers: { 'mcp-session-id': 'x'.repeat(1_025) } }],
    [
      'A session that is not known, where a call could ask a person, or for an answer or a cancellation',
      {
        headers: { 'mcp-session-id': 'x' },
        body: { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
      },
    ],
    ['An unknown protocol version', { headers: { 'mcp-protocol-version': '1999-01-01' } }],
    ['An unknown method', { body: { jsonrpc: '2.0', id: 1, method: 'tools/delete' } }],
    ['Params of the wrong type', { body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { cursor: 1 } } }],
    ['An unknown tool, or one that is off', { body: call('tools/call', 'delete_user') }],
    ['An unknown prompt, or one whose tools are off', { body: call('prompts/get', 'debug_saml') }],
    ['An unknown argument of a prompt, and a missing one', { body: call('prompts/get', 'review_access', { x: '1' }) }],
    [
      'An invalid value for an argument of a prompt',
      { body: call('prompts/get', 'review_access', { organization: 'x'.repeat(201), unused_days: '7' }) },
    ],
  ];
}

const call = (method: string, name: string, args = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method,
  params: { name, arguments: args },
});

async function ask(port: number, { method = 'POST', path = '/mcp', headers = {}, body, bytes }: Asked) {
  const given = Object.entries({
    host: `127.0.0.1:${port}`,
    authorization: `Bearer ${tokens.bot.token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...headers,
  });
  const lines = given.flatMap(([name, value]) => [value ?? []].flat().flatMap((one) => [name, one]));
  const text =
    typeof body === 'string' ? body : JSON.stringify(body ?? { jsonrpc: '2.0', id: 1, method: 'tools/list' });
  const sent = request({
    host: '127.0.0.1',
    port,
    method,
    path,
    headers: [...lines, 'content-length', `${bytes ?? Buffer.byteLength(text)}`],
  });
  const answer = new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });
  // A body that is declared too large need not be sent.
  if (bytes === undefined) sent.end(text);
  else sent.flushHeaders();
  const response = await answer;
  const received = (await buffer(response)).toString();
  const json = /^data: (.*)$/m.exec(received)?.[1] ?? received;
  const { error }: { error?: { code: number; message: string } } = JSON.parse(json);
  return { status: response.statusCode ?? 0, headers: response.headers, error };
}
