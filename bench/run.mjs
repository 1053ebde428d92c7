// npm run bench: figures as ratios against a baseline of the same run; the last run is kept in RESULTS.md.
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { memory, overhead, pages } from './calls.mjs';
import { limits } from './limits.mjs';

const row = (/** @type {(string | number)[]} */ ...cells) => `| ${cells.join(' | ')} |`;
const fixed = (/** @type {number} */ value, digits = 2) => value.toFixed(digits);
const progress = (/** @type {string} */ what) => process.stderr.write(`${what} …\n`);

progress('calls');
const call = await overhead();
progress('pages');
const walk = await pages();
progress('memory');
const body = await memory();
progress('rate limits (about two minutes)');
const schedule = await limits();

const report = [
  '# Benchmarks',
  '',
  `Last run of \`npm run bench\`: Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model.trim()}). Compare the ratios,`,
  'not the times: both sides of each ran in the same minute on the same machine.',
  '',
  '## One call over stdio',
  '',
  '`get_user` against an instant upstream on loopback; the overhead is what a call takes beyond its bare undici request.',
  '',
  row('', 'ms a call', 'overhead, ms', 'against the bare SDK server'),
  row('---', '---:', '---:', '---:'),
  row('undici alone', fixed(call.undici, 3), '', ''),
  row('a bare SDK v2 server', fixed(call.bareCall, 3), fixed(call.bareCall - call.undici, 3), '1.00'),
  row(
    'workos-mcp',
    fixed(call.ourCall, 3),
    fixed(call.ourCall - call.undici, 3),
    `${fixed(call.ratio)} (at most 1.30)`,
  ),
  '',
  '## 10,000 records, page after page',
  '',
  row('', 'ms', 'against undici alone'),
  row('---', '---:', '---:'),
  row('a bare undici loop', fixed(walk.bare, 0), '1.00'),
  row('`list_users` with `max_items`', fixed(walk.ours, 0), `${fixed(walk.ratio)} (at most 1.50)`),
  '',
  '## A gibibyte as an answer',
  '',
  row('', 'peak memory, MiB'),
  row('---', '---:'),
  row('before', fixed(body.before, 0)),
  row(
    `after (refused in ${fixed(body.seconds, 2)} s: ${body.isError ? 'an error' : 'NOT an error'})`,
    fixed(body.after, 0),
  ),
  '',
  '## Keeping the rate limits',
  '',
  'Against an upstream that enforces 4 requests a second per directory, strictly.',
  '',
  row('what', 'upstream counts by', 'seconds', 'least possible', 'ratio (at most 1.05)', '429s'),
  row('---', '---', '---:', '---:', '---:', '---:'),
  ...schedule.map(({ what, counting, seconds, minimum, ratio, refused429 }) =>
    row(what, counting, fixed(seconds), fixed(minimum, 1), fixed(ratio, 3), refused429),
  ),
  '',
].join('\n');

process.stdout.write(`${report}\n`);
await writeFile(new URL('RESULTS.md', import.meta.url), report);
