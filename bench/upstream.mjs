// An instant WorkOS on loopback, in a process of its own so that it does not share the bench's event loop.
import { createServer } from 'node:http';

const user = (/** @type {number} */ index) => ({
  object: 'user',
  id: `user_${String(index).padStart(26, '0')}`,
  email: `person.${index}@example.com`,
  first_name: 'Ada',
  last_name: 'Lovelace',
  name: 'Ada Lovelace',
  email_verified: true,
  profile_picture_url: null,
  external_id: null,
  metadata: {},
  last_sign_in_at: '2026-01-05T10:00:00.000Z',
  locale: null,
  created_at: '2025-01-05T10:00:00.000Z',
  updated_at: '2026-01-05T10:00:00.000Z',
});
const one = JSON.stringify(user(1));
const TOTAL = 10_000;
const pages = Array.from({ length: TOTAL / 100 }, (_, page) => {
  const data = Array.from({ length: 100 }, (_, index) => user(page * 100 + index));
  const after = page === TOTAL / 100 - 1 ? null : data.at(-1)?.id;
  return JSON.stringify({ object: 'list', data, list_metadata: { before: null, after } });
});

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
  response.setHeader('content-type', 'application/json');
  if (pathname.endsWith('/endless')) {
    // A gibibyte, as fast as it is taken.
    let left = 16_384;
    const chunk = Buffer.alloc(65_536, 'x');
    const more = () => {
      while (left > 0 && !response.destroyed) {
        left -= 1;
        if (!response.write(chunk)) return void response.once('drain', more);
      }
      response.end();
    };
    return more();
  }
  if (pathname !== '/user_management/users') return void response.end(one);
  const after = searchParams.get('after');
  response.end(pages[after === null ? 0 : (Number(after.slice(5)) + 1) / 100]);
});
server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
