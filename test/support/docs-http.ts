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
  /** The length that it declares, where that is not the body's. */
  readonly bytes?: number;
  /** How often it is asked; the last answer counts. */
  readonly times?: number;
};

/** What the HTTP server refuses: when, and the request, which is a good one but for that. */
type Refused = readonly [when: string, asked: Asked | (() => Promise<Asked>)];

type HttpRow = readonly [when: string, status: string, code: string, message: string];

/** The header that tells what to do about a status. */
const TELLING: Readonly<Record<number, string>> = { 401: 'www-authenticate', 429: 'retry-after', 503: 'retry-after' };

const bearer = (token: string): Asked => ({ headers: { authorization: `Bearer ${token}` } });

/** The refusals, and the tool error of a delete beyond an agent's budget. */
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
    ['A whole URL in the place of a path', { path: 'http://mcp.acme.example/mcp' }],
    ['A `Host` that is not in `--allowed-hosts`', { headers: { host: 'mcp.elsewhere.example' } }],
    ['An `Origin` that is not in `--allowed-origins`', { headers: { origin: 'https://app.elsewhere.example' } }],
    ['Another path', { path: '/' }],
    ['Another method', { method: 'GET' }],
    ['Another method than GET at `/healthz`', { path: '/healthz' }],
    ['A query', { path: '/mcp?token=x' }],
    ['No token', { headers: { authorization: undefined } }],
    ['Something else than a token', { headers: { authorization: 'Basic eDp5' } }],
    ['An unknown token', bearer(tokens.stranger.token)],
    ['An agent whose `expires` has passed', bearer(tokens.former.token)],
    ['A token of an issuer that is not in the file', async () => bearer(await stranger.sign(claims))],
    ['Of an issuer whose keys are out of reach', async () => bearer(await away.sign(claims))],
    [
      'Signed by another algorithm',
      bearer(forge({ alg: 'HS256', typ: 'JWT' }, { ...claims, iss: issuer.url }, () => 'x')),
    ],
    ['Signed by another key', async () => bearer(await issuer.sign(claims, { key: await newKey('key-1') }))],
    ['For another audience than `--public-url`', signed({ aud: 'https://elsewhere.example' })],
    ['Expired', signed({ exp: now - 600 })],
    ['Not valid yet', signed({ nbf: now + 600 })],
    ['Not an access token', signed({}, { header: { typ: 'id+jwt' } })],
    ['Of nobody in the file', signed({ permissions: [] })],
    ["A claim of grants that are none, or none of the template's", signed({ grants: 'users:raed' })],
    ['More requests than `requests-per-minute`', { ...bearer(tokens.busy.token), times: 2 }],
    ['A narrowing header that there is not', { headers: { 'x-workos-mcp-alow': 'users:read' } }],
    ['One that is repeated', { headers: { 'x-workos-mcp-allow': ['users:read', 'sso:read'] } }],
    ['One with a grant that there is not', { headers: { 'x-workos-mcp-allow': 'users:raed' } }],
    ['One that is neither true nor false', { headers: { 'x-workos-mcp-read-only': 'maybe' } }],
    ['One with an empty item', { headers: { 'x-workos-mcp-allow': 'users:read,' } }],
    ['One that is too long', { headers: { 'x-workos-mcp-allow': 'users:read,'.repeat(200) } }],
    ['Another content type', { headers: { 'content-type': 'text/plain' } }],
    ['A compressed body', { headers: { 'content-encoding': 'gzip' } }],
    ['A body of more than 4 MiB', { bytes: 4_194_305 }],
    ['A body that nests too deep', { body: `${'['.repeat(9_000)}${']'.repeat(9_000)}` }],
    ['A body that is no JSON', { body: '{' }],
    ['Several messages at once', { body: [{ jsonrpc: '2.0', id: 1, method: 'ping' }] }],
    ['A client that does not take both JSON and events', { headers: { accept: 'text/html' } }],
    ['A protocol version that there is not', { headers: { 'mcp-protocol-version': '1999-01-01' } }],
    ['A method that there is not', { body: { jsonrpc: '2.0', id: 1, method: 'tools/delete' } }],
    ['A tool that there is not, or that is off', { body: call('tools/call', 'delete_user') }],
    ['A prompt that there is not, or whose tools are off', { body: call('prompts/get', 'debug_saml') }],
    [
      'An argument that a prompt does not have, one that it lacks',
      { body: call('prompts/get', 'review_access', { x: '1' }) },
    ],
    [
      'A value that a prompt does not take',
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
  // Of a body that is announced too large, nothing has to follow.
  if (bytes === undefined) sent.end(text);
  else sent.flushHeaders();
  const response = await answer;
  const received = (await buffer(response)).toString();
  const json = /^data: (.*)$/m.exec(received)?.[1] ?? received;
  const { error }: { error?: { code: number; message: string } } = JSON.parse(json);
  return { status: response.statusCode ?? 0, headers: response.headers, error };
}
