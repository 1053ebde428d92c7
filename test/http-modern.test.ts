import { inputRequired } from '@modelcontextprotocol/server';
import { expect, it } from 'vitest';
import { decide } from '../src/access/policy.ts';
import { toResult } from '../src/call/answer/result.ts';
import type { Call } from '../src/call/caller.ts';
import { toFeatures } from '../src/mcp/client-features.ts';
import { createOffer, toServerInfo } from '../src/mcp/offer.ts';
import { type CallerParts, createServer, toDirectTool } from '../src/mcp/server.ts';
import { toDirectAnswers } from '../src/serve/direct/http-calls.ts';
import { catalog } from './support/catalog.ts';
import { HEADERS, startHttp } from './support/http.ts';

const policy = decide(catalog, { allow: ['*:full'], deny: [], readOnly: false, productionGuard: false });
const offer = createOffer({
  agent: 'ada',
  catalog,
  policy,
  environment: 'staging',
  confirm: 'auto',
  dryRun: false,
  statusTool: undefined,
  finding: undefined,
});
const parts: CallerParts = { waitOutside: (wait) => wait() };

/** Tells what it was called with; asks a person where it can. */
const call: Call = async ({ name }, args, { elicitation, onProgress }) => {
  const { canAsk, state = null } = elicitation;
  if (Object(args).user_id === 'user_none') return { isError: true, content: [{ type: 'text', text: 'Not found.' }] };
  if (canAsk && name === 'delete_user') return inputRequired({ requestState: 'asked', inputRequests: {} });
  onProgress?.(1);
  await new Promise((resolve) => setImmediate(resolve));
  return toResult({ name, args, state, text: 'é\u2028' });
};

const meta = (capabilities: object = {}, more: object = {}) => ({
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': capabilities,
  ...more,
});
const plain = (name: string) => ({
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': name,
});

/** The answers past the SDK and by it, and by how many servers of the SDK the first was made. */
async function both(params: Record<string, unknown>, headers: Record<string, string> = plain(String(params.name))) {
  let servers = 0;
  const factory = () => {
    servers += 1;
    return createServer(offer, call, '0', parts);
  };
  const answerDirectly = toDirectAnswers<string>((_, { tool, args, capabilities }) => {
    return toDirectTool(offer, { name: tool, arguments: args }, call, { ...toFeatures(capabilities), ...parts });
  }, toServerInfo('0'));
  const ask = async (way: typeof answerDirectly | undefined) => {
    const { url } = await startHttp({ factory, answerDirectly: way });
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'a', method: 'tools/call', params });
    const answer = await fetch(url, { method: 'POST', headers: { ...HEADERS, ...headers }, body });
    const names = ['content-type', 'cache-control', 'x-accel-buffering'].map((name) => answer.headers.get(name));
    return { status: answer.status, headers: names, text: await answer.text() };
  };
  const direct = await ask(answerDirectly);
  const made = servers;
  return { direct, bySdk: await ask(undefined), made };
}

const get = { name: 'get_user', arguments: { user_id: 'user_1' }, _meta: meta() };
const remove = { ...get, name: 'delete_user' };

it.each<[what: string, params: Record<string, unknown>]>([
  ['a read', get],
  ['an error', { ...get, arguments: { user_id: 'user_none' } }],
  ['a call without arguments', { name: 'list_users', _meta: meta() }],
  ['a call with progress', { ...get, _meta: meta({}, { progressToken: 7 }) }],
  ['a call with a member of its own in _meta', { ...get, _meta: meta({}, { 'example.com/a': [1] }) }],
  ['a delete of a client that cannot ask', remove],
  ['a read of a client that can ask', { ...get, _meta: meta({ elicitation: {} }) }],
])('%s since 2026-07-28 is answered past the SDK, with the very bytes of the SDK', async (_, params) => {
  const { direct, bySdk, made } = await both(params);
  expect(direct).toEqual(bySdk);
  expect([direct.status, made]).toEqual([200, 0]);
});

it.each<[what: string, params: Record<string, unknown>, status: number, headers?: Record<string, string>]>([
  ['a delete of a client that can ask', { ...remove, _meta: meta({ elicitation: { form: {} } }) }, 200],
  ["a call with a person's answer", { ...remove, requestState: 'asked', inputResponses: {} }, 200],
  ['a tool that is not there', { ...get, name: 'nothing' }, 200],
  ['arguments that are not an object', { ...get, arguments: [1] }, 200],
  ['capabilities that are not an object', { ...get, _meta: meta([]) }, 400],
  ['another version in its header', get, 400, { ...plain('get_user'), 'mcp-protocol-version': '2025-06-18' }],
  ['another method in its header', get, 400, { ...plain('get_user'), 'mcp-method': 'tools/list' }],
  ['another name in its header', get, 400, plain('list_users')],
  ['no name in its header', get, 400, { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call' }],
])('%s is left to the SDK', async (_, params, status, headers) => {
  const { direct, bySdk, made } = await both(params, headers);
  expect(direct).toEqual(bySdk);
  expect([direct.status, made]).toEqual([status, status === 400 ? 0 : 1]);
});
