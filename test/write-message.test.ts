import { describe, expect, test } from 'vitest';
import { toResult } from '../src/call/answer/result.ts';
import { writeMessage } from '../src/serve/write-message.ts';

const VALUE = { object: 'list', data: [{ id: 'user_1', name: 'Ada "L"\u2028' }], notes: ['one'] };

describe('a message is written as JSON.stringify would write it', () => {
  test.each([
    ['a result', { jsonrpc: '2.0' as const, id: 7, result: toResult(VALUE) }],
    ['an error result', { jsonrpc: '2.0' as const, id: 'a"b', result: { isError: true, ...toResult(VALUE) } }],
    ['a result with more members', { jsonrpc: '2.0' as const, id: 1, result: { ...toResult(VALUE), _meta: { a: 1 } } }],
    ['a result of the SDK', { jsonrpc: '2.0' as const, id: 1, result: { content: [], structuredContent: { a: 1 } } }],
    ['a result without structure', { jsonrpc: '2.0' as const, id: 1, result: { content: [] } }],
    ['an empty result', { jsonrpc: '2.0' as const, id: 1, result: {} }],
    ['an error', { jsonrpc: '2.0' as const, id: null, error: { code: -1, message: 'no' } }],
    ['a notification', { jsonrpc: '2.0' as const, method: 'notifications/progress', params: { progress: 1 } }],
  ])('%s', (_, message) => {
    expect(JSON.parse(writeMessage(message))).toEqual(JSON.parse(JSON.stringify(message)));
  });

  test('the JSON that a call has written already is used again', () => {
    const result = toResult({ object: 'list' }, '{ "object": "list" }');
    expect(writeMessage({ jsonrpc: '2.0', id: 1, result })).toContain('"structuredContent":{ "object": "list" }}}');
  });
});
