// npm run bench: figures as ratios against a baseline of the same run; the last run is kept in RESULTS.md.
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { memory, overhead, pages } from './calls.mjs';
import { firstResults } from './first-result.mjs';
import { grants } from './grants.mjs';
import { overHttp } from './http.mjs';
import { limits } from './limits.mjs';
import { record } from './record.mjs';
import { size } from './size.mjs';
import { sizes, starts } from './start.mjs';

const row = (/** @type {(string | number)[]} */ ...cells) => `| ${cells.join(' | ')} |`;
const fixed = (/** @type {number} */ value, digits = 2) => value.toFixed(digits);
const progress = (/** @type {string} */ what) => process.stderr.write(`${what} …\n`);

/** By how much workos-mcp has to be faster than a server over HTTP. */
const atLeast = (/** @type {string} */ name) =>
  name.includes('bridge') ? '1.70' : name.endsWith('2026-07-28') ? '4.00' : '1.00';

progress('calls');
const stdio = await overhead();
progress('pages');
const walk = await pages();
progress('memory');
const body = await memory();
progress('over HTTP (about four minutes, a download of the bridge among them)');
const http = await overHttp();
progress('rate limits (about two minutes)');
const schedule = await limits();
progress('grants');
const granted = await grants();
progress('a record of a million entries (about three minutes)');
const recorded = await record();
progress('cold starts (about a minute, a download of two other servers among them)');
const cold = await starts();
const files = await sizes();
progress('first results');
const first = await firstResults();
progress('a catalogue of 250 tools (about two minutes)');
const catalogues = await size();

const report = [
  '# Benchmarks',
  '',
  `Last run of \`npm run bench\`: Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model.trim()}). Compare the ratios,`,
  'not the times: both sides of each ran in the same minute on the same machine.',
  '',
  '## One call over stdio',
  '',
  'Against an instant upstream on loopback; the overhead is what a call takes beyond its bare undici request. `list_users`',
  'asks for 100 users.',
  '',
  row('', 'ms a call', 'overhead, ms', 'against the bare SDK server'),
  row('---', '---:', '---:', '---:'),
  ...stdio.flatMap(({ tool, undici, bareCall, ourCall, ratio }) => [
    row(`undici alone, \`${tool}\``, fixed(undici, 3), '', ''),
    row('a bare SDK v2 server', fixed(bareCall, 3), fixed(bareCall - undici, 3), '1.00'),
    row('workos-mcp', fixed(ourCall, 3), fixed(ourCall - undici, 3), `${fixed(ratio)} (at most 1.30)`),
  ]),
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
  '## Over HTTP',
  '',
  'The same call by 40 agents with tokens and every call on record, beside a bare SDK v2 server that registers 36 tools',
  'in its factory and a generic bridge, `@ivotoby/openapi-mcp-server`, over the official OpenAPI file. The first three',
  'rows are the protocol before 2026-07-28, which is all that the bridge speaks.',
  '',
  row('', 'connections', 'calls a second', 'ms of a processor a call', 'workos-mcp is faster by'),
  row('---', '---:', '---:', '---:', '---:'),
  ...http.rows.map(({ name, connections, perSecond, cpu, ahead }) =>
    row(
      name,
      connections,
      fixed(perSecond, 0),
      fixed(cpu),
      ahead === undefined ? '' : `${fixed(ahead)} (at least ${atLeast(name)})`,
    ),
  ),
  '',
  `Memory after warming up: ${fixed(http.memory.before, 0)} MiB, and after ${http.memory.calls.toLocaleString('en-US')} calls`,
  `more: ${fixed(http.memory.after, 0)} MiB. ${http.recorded.toLocaleString('en-US')} calls were answered in all, and as many`,
  'are on record.',
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
  '## Grants',
  '',
  'A policy and an offer, which a start makes once, of 250 tools and 200 grants that name one tool each.',
  '',
  row('', 'ms'),
  row('---', '---:'),
  row('in a process that has just begun', `${fixed(granted.fresh, 1)} (at most 15)`),
  row('in a process that is warm', `${fixed(granted.warm, 1)} (at most 5)`),
  '',
  '## Reading the record',
  '',
  `Of ${recorded.entries.toLocaleString('en-US')} entries in rotated files of 100 MB, each question in a process of its own.`,
  '',
  row('asked for', 'rows', 'ms', 'ms of a processor', 'against reading every row', 'peak memory, MiB'),
  row('---', '---:', '---:', '---:', '---:', '---:'),
  ...recorded.rows.map(({ name, rows, ms, cpu, ratio, mib }) =>
    row(
      name,
      rows,
      `${fixed(ms, 0)}${name === 'an agent and an hour' ? ' (at most 1,000)' : ''}`,
      fixed(cpu, 0),
      fixed(ratio),
      fixed(mib, 0),
    ),
  ),
  '',
  '## Cold start over stdio',
  '',
  'From spawning a server to its answers to `initialize` and `tools/list`, and to a call made at once of a tool that there is',
  'none of; the size is that of everything npm installs.',
  '',
  row('', 'ms', 'against the bare SDK server', 'ms with a call', 'tools', 'kB installed', 'packages'),
  row('---', '---:', '---:', '---:', '---:', '---:', '---:'),
  ...cold.map(({ name, ms, ratio, called, tools, kB, packages }) =>
    row(
      name,
      fixed(ms, 0),
      `${fixed(ratio)}${name.startsWith('workos-mcp') ? ' (at most 0.75, or 0.65 with the compile cache)' : ''}`,
      tools === undefined ? '' : fixed(called, 0),
      tools ?? '',
      Number.isNaN(kB) ? '' : fixed(kB, 0),
      Number.isNaN(packages) ? '' : packages,
    ),
  ),
  '',
  `From spawning a server to the result of its first call, sent as soon as it has answered \`initialize\`: ${fixed(first.ms, 0)} ms.`,
  `Node that imports undici and sends the one request takes ${fixed(first.floor, 0)} ms: ${fixed(first.ratio)} times as much (at most 2.60).`,
  '',
  '## The size of the catalogue',
  '',
  'Over stdio with the grant `*:read`: the catalogue as it is, and one of 250 tools.',
  '',
  row(
    'catalogue',
    'tools listed',
    'launch to `tools/list`, ms',
    'of a processor, ms',
    'a call, of a processor, ms',
    'RSS, MB',
  ),
  row('---', '---:', '---:', '---:', '---:', '---:'),
  ...catalogues.map(({ catalogue, listed = 0, wall, cpu, perCall, rss }) =>
    row(catalogue, listed, fixed(wall, 0), fixed(cpu, 0), fixed(perCall, 2), fixed(rss, 0)),
  ),
  '',
  '## What is published',
  '',
  'Each file is loaded only where it is needed: a server over stdio starts with `main.js`, `stdio.js` and',
  '`stdio-shared.js`, and loads `session.js` and `undici.js` once it has answered the opening.',
  '',
  row('file', 'kB'),
  row('---', '---:'),
  ...files.map(({ name, kB }) => row(`\`${name}\``, fixed(kB, 0))),
  '',
].join('\n');

process.stdout.write(`${report}\n`);
await writeFile(new URL('RESULTS.md', import.meta.url), report);
