import { PassThrough } from 'node:stream';
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { toDirectCalls } from '../src/serve/direct/stdio-calls.ts';
import { openSession } from '../src/serve/stdio/open-session.ts';

const WAYS = ['past the SDK', 'by the SDK'] as const;
const SAID = { content: [{ type: 'text' as const, text: 'said' }] };

/** A session with one tool, until it has answered all that it is fed. */
async function answersTo(way: (typeof WAYS)[number], lines: string | Buffer) {
  const stdout = new PassThrough();
  const refused: unknown[] = [];
  const session = openSession({
    factory: () => {
      const server = new McpServer({ name: 'test', version: '1' }, { capabilities: { tools: {}, prompts: {} } });
      server.server.setRequestHandler('tools/list', () => ({ tools: [] }));
      server.server.setRequestHandler('tools/call', () => SAID);
      server.server.setRequestHandler('prompts/get', () => ({ messages: [] }));
      return server;
    },
    direct:
      way === 'past the SDK' ? toDirectCalls(({ name }) => (name === 'say' ? async () => SAID : undefined)) : undefined,
    stdout,
    initializeId: undefined,
    isOffered: (name) => name === 'say',
    onRefused: (name) => void refused.push(name),
    onerror: () => {},
  });
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
  session.feed(Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', id: 'i', method: 'initialize', params })}\n`));
  await session.answered();
  session.feed(Buffer.concat([Buffer.from(lines), Buffer.from('\n')]));
  await session.answered();
  await session.close();
  const text: string = stdout.read().toString();
  const answers = text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line));
  return { answers, refused };
}

const line = (more: object) => JSON.stringify({ jsonrpc: '2.0', id: 1, ...more });
const call = (params: unknown, more: object = {}) => line({ method: 'tools/call', params, ...more });

describe.each(WAYS)('a session, answering %s,', (way) => {
  it.each<[what: string, line: string]>([
    ['a list with params of null', line({ method: 'tools/list', params: null })],
    ['a list with _meta of null', line({ method: 'tools/list', params: { _meta: null } })],
    ['a list with a cursor of null', line({ method: 'tools/list', params: { cursor: null } })],
    ['a ping with params of null', line({ method: 'ping', params: null })],
    ['a ping with further members', line({ method: 'ping', extra: true })],
    ['a call', call({ name: 'say' })],
    ['a call with nulls', call({ name: 'say', arguments: null, _meta: null })],
    ['a call with a progress token of null', call({ name: 'say', _meta: { progressToken: null } })],
    ['a call with further members', call({ name: 'say', extra: 1 }, { extra: 1, result: null })],
    ['a call behind a byte order mark', `\uFEFF${call({ name: 'say' })}`],
    ['a call that ends with a carriage return', `${call({ name: 'say' })}\r`],
    ['a prompt with arguments of null', line({ method: 'prompts/get', params: { name: 'x', arguments: null } })],
  ])('serves %s', async (_, text) => {
    const { answers } = await answersTo(way, text);
    expect(answers).toEqual([{ jsonrpc: '2.0', id: 1, result: expect.anything() }]);
  });

  it.each<[what: string, line: string, id: unknown, code: number, message: string | RegExp]>([
    ['no JSON', '{"id":1', null, -32700, 'The message is not valid JSON.'],
    ['a batch', `[${call({ name: 'say' })}]`, null, -32600, /^Batches are not supported/],
    ['params that are a list', call([]), 1, -32600, /^"params" is not an object/],
    ['no jsonrpc', '{"id":1,"method":"ping"}', 1, -32600, /^The message lacks/],
    ['a fractional ID', line({ id: 1.5, method: 'ping' }), null, -32600, /^"id" is not/],
    ['a line that is too long', '1'.repeat(10_485_761), null, -32600, 'The message is too long.'],
    ['a call without a name', call({}), 1, -32602, /^The request is not valid\. [^[{]*name: [^[{]*string/],
    ['a call without params', line({ method: 'tools/call' }), 1, -32602, /^The request is not valid\. [^[{]*\.$/],
    [
      'arguments that are a list',
      call({ name: 'say', arguments: [] }),
      1,
      -32602,
      /^The request is not valid\. [^[{]*arguments/,
    ],
    [
      'arguments that are a text',
      call({ name: 'say', arguments: '{}' }),
      1,
      -32602,
      /^The request is not valid\. [^[{]*arguments/,
    ],
    ['_meta that is a list', call({ name: 'say', _meta: [] }), 1, -32602, '"_meta" is not an object.'],
    [
      'a progress token that is an object',
      call({ name: 'say', _meta: { progressToken: {} } }),
      1,
      -32602,
      '"progressToken" is not a string or an integer.',
    ],
    [
      'a cursor that is a number',
      line({ method: 'tools/list', params: { cursor: 1 } }),
      1,
      -32602,
      /^The request is not valid\. [^[{]*cursor/,
    ],
    [
      'arguments of a prompt that are no texts',
      line({ method: 'prompts/get', params: { name: 'x', arguments: { a: 1 } } }),
      1,
      -32602,
      /^The request is not valid\. [^[{]*arguments\.a/,
    ],
    ['a method that is not there', line({ method: 'no/such', params: null }), 1, -32601, 'Method not found'],
  ])('answers %s with an error', async (_, text, id, code, message) => {
    const { answers } = await answersTo(way, text);
    expect(answers).toEqual([{ jsonrpc: '2.0', id, error: { code, message: expect.stringMatching(message) } }]);
  });

  it('answers the request behind each line that is none', async () => {
    const bytes = Buffer.concat([
      Buffer.from('nonsense\n\n  \r\n{"jsonrpc":"2.0","method":"notifications/x","params":[]}\n'),
      Buffer.from([0xff, 0x0a]),
      Buffer.from(call({ name: 'say' })),
    ]);
    const { answers } = await answersTo(way, bytes);
    expect(answers.map(({ id, error }) => [id, error?.code])).toEqual([
      [null, -32700],
      [null, -32700],
      [1, undefined],
    ]);
  });

  it.each([
    ['of another name', { name: 'shout' }, ['shout']],
    ['without a name', {}, [undefined]],
  ])('tells of a call %s that is refused', async (_, params, refused) => {
    expect((await answersTo(way, call(params))).refused).toEqual(refused);
  });
});
