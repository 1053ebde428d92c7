// Calls get_user over and over on so many connections, in a process of its own; told by messages what and for how long.
import { Pool } from 'undici';

/**
 * `legacy` and `modern` call without a session, by the revision before and since 2026-07-28. `session` is for servers
 * that want one, and answer on its stream.
 * @typedef {{
 *   url: string,
 *   shape: 'legacy' | 'modern' | 'session',
 *   tool: string,
 *   args: Record<string, string>,
 *   tokens: string[],
 *   connections: number,
 *   ms: number,
 *   calls: number,
 * }} Load ends after so many milliseconds or calls, whichever comes first
 */

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
/** What only the right answer has. */
const SIGN = 'person.1@example.com';

let ids = 0;

/**
 * @param {Load} load
 * @returns {Promise<{ calls: number, ms: number }>}
 */
async function run({ url, shape, tool, args, tokens, connections, ms, calls }) {
  const { origin, pathname: path } = new URL(url);
  // The stream of a session takes a connection of its own.
  const pool = new Pool(origin, { connections: connections + (shape === 'session' ? 1 : 0), bodyTimeout: 0 });
  const common = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const post = async (/** @type {object} */ message, /** @type {Record<string, string>} */ headers) => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    const answer = await pool.request({ method: 'POST', path, headers: { ...common, ...headers }, body });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  };
  const own =
    shape === 'modern'
      ? { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': tool }
      : { 'mcp-protocol-version': '2025-06-18' };
  const params = { name: tool, arguments: args, ...(shape === 'modern' && { _meta: META }) };
  const session = shape === 'session' ? await open(pool, path, post) : undefined;

  const call = async (/** @type {number} */ id) => {
    const token = tokens[id % tokens.length];
    const answered = session?.answerTo(id);
    const { status, text } = await post(
      { id, method: 'tools/call', params },
      { ...own, ...session?.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    );
    const answer = answered === undefined ? text : await answered;
    if (!answer.includes(SIGN)) throw new Error(`${url} answered ${status} ${answer}`);
  };

  const start = performance.now();
  let begun = 0;
  const worker = async () => {
    while (begun < calls && performance.now() - start < ms) {
      begun += 1;
      ids += 1;
      await call(ids);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const taken = performance.now() - start;
  await pool.destroy();
  return { calls: begun, ms: taken };
}

/** @param {(message: object, headers: Record<string, string>) => Promise<{ headers: Record<string, unknown> }>} post */
async function open(/** @type {Pool} */ pool, /** @type {string} */ path, post) {
  const clientInfo = META['io.modelcontextprotocol/clientInfo'];
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
  const { headers } = await post({ id: 'hello', method: 'initialize', params }, {});
  const session = { 'mcp-session-id': String(headers['mcp-session-id']) };
  await post({ method: 'notifications/initialized' }, session);
  const stream = pool.request({ method: 'GET', path, headers: { accept: 'text/event-stream', ...session } });
  /** @type {Map<number, (answer: string) => void>} */
  const waiting = new Map();
  const listen = async () => {
    const { body } = await stream;
    let rest = '';
    for await (const chunk of body.setEncoding('utf8')) {
      const events = (rest + chunk).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        const { id } = JSON.parse(event.slice(event.indexOf('{')));
        waiting.get(id)?.(event);
        waiting.delete(id);
      }
    }
  };
  listen().catch(() => {}); // it ends with the pool
  // Its head comes with the first event, so that nobody can wait for it.
  await new Promise((resolve) => setTimeout(resolve, 100));
  return {
    headers: session,
    answerTo: (/** @type {number} */ id) =>
      new Promise((/** @type {(answer: string) => void} */ resolve) => void waiting.set(id, resolve)),
  };
}

process.on('message', (/** @type {Load} */ load) => {
  run(load).then(
    (result) => process.send?.(result),
    (error) => process.send?.({ error: String(error) }),
  );
});
