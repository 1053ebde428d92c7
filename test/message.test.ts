import { parseJSONRPCMessage } from '@modelcontextprotocol/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBytes, readMessage, withIssuesInWords } from '../src/serve/message.ts';

const read = (text: string) => readBytes(Buffer.from(text));
const request = (more: object = {}) => ({ jsonrpc: '2.0', id: 1, method: 'tools/list', ...more });

describe('a message', () => {
  it.each<[what: string, value: unknown, message: unknown]>([
    ['params of null', request({ params: null }), request()],
    ['_meta of null', request({ params: { _meta: null } }), request({ params: {} })],
    [
      'a progress token of null',
      request({ params: { _meta: { progressToken: null, a: 1 } } }),
      request({ params: { _meta: { a: 1 } } }),
    ],
    ['a cursor of null', request({ params: { cursor: null } }), request({ params: {} })],
    [
      'nulls within its arguments',
      request({ params: { arguments: { a: null } } }),
      request({ params: { arguments: { a: null } } }),
    ],
    ['further members', request({ extra: 1, result: null }), request()],
    ['a text as its ID', request({ id: '' }), request({ id: '' })],
    ['no ID', { jsonrpc: '2.0', method: 'ping' }, { jsonrpc: '2.0', method: 'ping' }],
    [
      'an ID of null, as a notification',
      { jsonrpc: '2.0', id: null, method: 'notifications/initialized' },
      { jsonrpc: '2.0', method: 'notifications/initialized' },
    ],
    [
      'a result',
      { jsonrpc: '2.0', id: 1, result: { a: null }, error: null, extra: 1 },
      { jsonrpc: '2.0', id: 1, result: { a: null } },
    ],
    [
      'an error',
      { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'No.', more: 1 } },
      { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'No.' } },
    ],
  ])('with %s is served', (_, value, message) => {
    expect(readMessage(value)).toEqual({ message });
  });

  it.each<[what: string, value: object]>([
    ['a result of null', { jsonrpc: '2.0', id: 1, result: null }],
    ['a result that is a text', { jsonrpc: '2.0', id: 1, result: 'yes' }],
    ['no jsonrpc', { id: 1, result: {} }],
    ['an error that is a text', { jsonrpc: '2.0', id: 1, error: 'no' }],
  ])('that answers with %s is an error for what waits for it', (_, value) => {
    const error = { code: -32603, message: 'The client answered without a result.' };
    expect(readMessage(value)).toEqual({ message: { jsonrpc: '2.0', id: 1, error } });
  });

  it.each<[what: string, text: string, code: number, id: unknown, message: string]>([
    ['no JSON', '{"id":1', -32700, null, 'The message is not valid JSON.'],
    ['no UTF-8', '\xff', -32700, null, 'The message is not valid UTF-8.'],
    [
      'a batch',
      '[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
      -32600,
      null,
      'Batches are not supported. Send each message on its own.',
    ],
    ['an empty batch', '[]', -32600, null, 'Batches are not supported. Send each message on its own.'],
    ['null', 'null', -32600, null, 'The message is not a JSON object.'],
    ['a text', '"ping"', -32600, null, 'The message is not a JSON object.'],
    [
      'params that are a list',
      '{"jsonrpc":"2.0","id":7,"method":"ping","params":[]}',
      -32600,
      7,
      '"params" is not an object. MCP takes params by name.',
    ],
    [
      'params that are a text',
      '{"jsonrpc":"2.0","id":"a","method":"ping","params":"{}"}',
      -32600,
      'a',
      '"params" is not an object. MCP takes params by name.',
    ],
    ['no jsonrpc', '{"id":7,"method":"ping"}', -32600, 7, 'The message lacks "jsonrpc": "2.0".'],
    [
      'jsonrpc of another version',
      '{"jsonrpc":2,"id":7,"method":"ping"}',
      -32600,
      7,
      'The message lacks "jsonrpc": "2.0".',
    ],
    [
      'a fractional ID',
      '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
      -32600,
      null,
      '"id" is not a string or an integer.',
    ],
    [
      'an ID beyond what is exact',
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}',
      -32600,
      null,
      '"id" is not a string or an integer.',
    ],
    [
      'an ID that is an object',
      '{"jsonrpc":"2.0","id":{},"method":"ping"}',
      -32600,
      null,
      '"id" is not a string or an integer.',
    ],
    [
      'an ID of null',
      '{"jsonrpc":"2.0","id":null,"method":"ping"}',
      -32600,
      null,
      '"id" is not a string or an integer.',
    ],
    ['no method', '{"jsonrpc":"2.0","id":7}', -32600, 7, 'The message has no "method".'],
    ['a method that is a number', '{"jsonrpc":"2.0","id":7,"method":1}', -32600, 7, '"method" is not a string.'],
    ['nothing', '{}', -32600, null, 'The message lacks "jsonrpc": "2.0".'],
    [
      'more depth than is read',
      `{"jsonrpc":"2.0","id":7,"method":"ping","params":${'{"a":'.repeat(70)}1${'}'.repeat(71)}`,
      -32600,
      7,
      'The message is nested too deeply.',
    ],
    ['more depth than is parsed', '['.repeat(1_000_000), -32600, null, 'The message is nested too deeply.'],
  ])('that is %s is refused', (_, text, code, id, message) => {
    expect(readBytes(Buffer.from(text, text === '\xff' ? 'latin1' : 'utf8'))).toEqual({
      refusal: { jsonrpc: '2.0', id, error: { code, message } },
      isNotification: false,
    });
  });

  it.each([
    '{"method":"notifications/initialized"}',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":[]}',
    '{"id":null,"method":"notifications/initialized"}',
  ])('that is a malformed notification is not to be answered: %s', (text) => {
    expect(read(text)).toMatchObject({ isNotification: true });
  });

  it('is read behind a byte order mark', () => {
    expect(read('\uFEFF{"jsonrpc":"2.0","id":1,"method":"ping"}')).toEqual({
      message: { jsonrpc: '2.0', id: 1, method: 'ping' },
    });
  });

  it('that nests deep is served where it is taken, as far as it parses quickly', () => {
    const deep = `{"jsonrpc":"2.0","id":7,"method":"ping","params":${'{"a":'.repeat(70)}1${'}'.repeat(71)}`;
    expect(readBytes(Buffer.from(deep), true)).toMatchObject({ message: { id: 7 } });
    expect(readBytes(Buffer.from('['.repeat(1_000_000)), true)).toMatchObject({ refusal: { error: { code: -32600 } } });
  });

  it('is too long where its bytes were not kept', () => {
    expect(readBytes(undefined)).toMatchObject({
      refusal: { error: { code: -32600, message: 'The message is too long.' } },
    });
  });

  const ANY = fc.constantFrom<unknown>(undefined, null, 1, 1.5, 's', true, {}, [], { x: null }, { progressToken: 1 });
  const mostly = (value: unknown) =>
    fc.oneof({ weight: 4, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: ANY });
  const meta = fc.record({ progressToken: mostly(1), 'io.modelcontextprotocol/related-task': mostly(undefined) });
  const params = fc.record({
    name: mostly('get_user'),
    arguments: mostly({}),
    _meta: fc.oneof(meta, ANY),
    cursor: ANY,
  });
  const message = fc.record({
    jsonrpc: mostly('2.0'),
    id: mostly(1),
    method: mostly('tools/call'),
    params: fc.oneof(params, ANY),
    result: fc.oneof(mostly(undefined), fc.record({ _meta: ANY })),
    error: mostly(undefined),
    extra: mostly(undefined),
  });
  const parsed = (value: unknown) => {
    try {
      return parseJSONRPCMessage(value);
    } catch {
      return undefined;
    }
  };

  it('comes out as the SDK takes it, and unchanged where it takes it as it is', () => {
    let taken = 0;
    fc.assert(
      fc.property(message, (said) => {
        const value: unknown = JSON.parse(JSON.stringify(said));
        const out = readMessage(value);
        if ('message' in out) {
          taken += 1;
          expect(parsed(out.message)).toEqual(out.message);
        }
        const bySdk = parsed(value);
        if (bySdk !== undefined && !JSON.stringify(value).includes('null')) expect(out).toEqual({ message: bySdk });
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(200);
  });
});

describe('the issues of an answer', () => {
  const answer = (code: number, message: string) => ({ jsonrpc: '2.0' as const, id: 1, error: { code, message } });
  const ISSUES = JSON.stringify([
    { code: 'invalid_type', path: ['params', 'name'], message: 'Invalid input: expected string' },
  ]);

  it.each([
    [-32603, ISSUES],
    [-32602, `Invalid tools/call request: ${ISSUES}`],
  ])('are a sentence', (code, message) => {
    expect(withIssuesInWords(answer(code, message))).toEqual(
      answer(-32602, 'The request is not valid. params.name: Invalid input: expected string.'),
    );
  });

  it.each([
    [-32603, 'Internal error'],
    [-32601, ISSUES],
    [-32602, 'Tool [a] not found'],
    [-32602, 'Unknown [a]'],
    [-32602, 'Unknown [1]'],
  ])('are looked for nowhere else: %i %s', (code, message) => {
    expect(withIssuesInWords(answer(code, message))).toEqual(answer(code, message));
  });
});
