import { expect, it } from 'vitest';
import { isAccepted, toList, toMediaType } from '../src/serve/http/header-fields.ts';
import { callOf, rawRequest, sendRaw, startHttp } from './support/http.ts';

it.each<[field: string, essence: string | undefined, charset: string | undefined]>([
  ['application/json', 'application/json', undefined],
  ['Application/JSON', 'application/json', undefined],
  ['application/json;charset=utf-8', 'application/json', 'utf-8'],
  ['application/json ; Charset="UTF-8"', 'application/json', 'UTF-8'],
  ['application/json;;charset=utf-8; ', 'application/json', 'utf-8'],
  ['application/json; x="a;charset=latin1"; charset=utf-8', 'application/json', 'utf-8'],
  ['application/json; x="a\\"b"; charset=utf-8', 'application/json', 'utf-8'],
  ['application/json, text/plain', undefined, undefined],
  ['application/json charset=utf-8', undefined, undefined],
  ['application/json; charset', undefined, undefined],
  ['application/json; charset="utf-8', undefined, undefined],
  ['multipart/form-data; application/json', undefined, undefined],
  ['json', undefined, undefined],
  ['', undefined, undefined],
  [`application/json;${' ;'.repeat(10_000)}x`, undefined, undefined],
])('reads the media type %s', (field, essence, charset) => {
  const type = toMediaType(field);
  expect([type?.essence, type?.parameters.get('charset')]).toEqual([essence, charset]);
});

it('reads a media type in no time, however it is made', () => {
  const started = process.cpuUsage();
  for (const blanks of ['; ', ' ;', '\t;\t', ';a="', ';a=b ']) toMediaType(`a/b${blanks.repeat(240)}!!`);
  const { user, system } = process.cpuUsage(started);
  expect(user + system).toBeLessThan(200_000); // microseconds
});

it('cuts a list at its commas, but for those in quotes', () => {
  expect(toList('a, b;x="c,d" ,, e')).toEqual(['a', 'b;x="c,d"', 'e']);
});

it.each<[accept: string | undefined, json: boolean, events: boolean]>([
  [undefined, true, true],
  ['application/json, text/event-stream', true, true],
  ['Application/JSON,TEXT/event-stream', true, true],
  ['*/*', true, true],
  ['application/*, text/*', true, true],
  ['application/json;q=0.5, text/event-stream;q=0.1', true, true],
  ['application/json, */*;q=0.1', true, true],
  ['*/*, text/event-stream;q=0', true, false],
  ['*/*, text/event-stream; q=0.000', true, false],
  ['text/*;q=0, */*', true, false],
  ['text/html', false, false],
  ['application/json', true, false],
  ['text/html;x="application/json, text/event-stream"', false, false],
  ['application/jsonp, text/event-stream-x', false, false],
  ['', false, false],
])('goes by the Accept header %s', (accept, json, events) => {
  expect([isAccepted(accept, 'application/json'), isAccepted(accept, 'text/event-stream')]).toEqual([json, events]);
});

it.each<[what: string, headers: Record<string, string | undefined>, status: number]>([
  ['any type accepted', { Accept: '*/*' }, 200],
  ['types accepted by their weights', { Accept: 'text/event-stream;q=0.5 , application/json;q=0.9' }, 200],
  ['nothing said of what is accepted', { Accept: undefined }, 200],
  ['events not accepted', { Accept: '*/*, text/event-stream;q=0' }, 406],
  ['a type only named in a quote', { Accept: 'text/html;x="application/json, text/event-stream"' }, 406],
  ['a quoted charset', { 'Content-Type': 'APPLICATION/json; charset="Utf-8"' }, 200],
  ['another charset', { 'Content-Type': 'application/json; charset=utf-16' }, 415],
  ['no coding', { 'Content-Encoding': 'Identity' }, 200],
  ['several codings', { 'Content-Encoding': 'identity, gzip' }, 415],
])('serves a request with %s as that says', async (_, headers, status) => {
  for (const body of [callOf('echo'), JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })]) {
    const { port } = await startHttp();
    expect(await sendRaw(port, rawRequest({ headers, body }))).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  }
});
