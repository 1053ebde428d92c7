// The least that a first result over stdio can cost: Node, undici, and the one request.
import { Pool } from 'undici';

const { body } = await new Pool(process.argv[2] ?? '').request({
  method: 'GET',
  path: '/user_management/users/user_1',
});
process.stdout.write(`${JSON.stringify({ id: 2, result: await body.text() })}\n`);
