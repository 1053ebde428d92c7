import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { optionOf } from '../src/settings/options.ts';
import { MAIN } from './support/built.ts';
import { openIssuer } from './support/issuer.ts';
import { blocksIn, commandsIn, readPage } from './support/page.ts';
import { runPage, type StandIns } from './support/run-page.ts';

const root = join(import.meta.dirname, '..');
const PAGES = [
  'docs/remote.md',
  'docs/releasing.md',
  'docs/console.md',
  ...readdirSync(join(root, 'docs/how-to')).map((name) => `docs/how-to/${name}`),
];

let issuer: Awaited<ReturnType<typeof openIssuer>>;
let env: StandIns;
let standIns: StandIns;

const STAFF = {
  aud: 'https://mcp.example.com/mcp',
  sub: 'user_01JSTAFF00000000000000000',
  org_id: 'org_01EHWNCE74X7JSDV0X3SZ3KJNY',
  workos_mcp_grants: 'preset:support',
  exp: Date.UTC(2099, 0) / 1_000,
};

beforeAll(async () => {
  issuer = await openIssuer();
  const tokens = {
    STAFF_TOKEN: STAFF,
    STRANGER_TOKEN: { ...STAFF, org_id: 'org_01JSTRANGER000000000000000' },
    GREEDY_TOKEN: { ...STAFF, workos_mcp_grants: 'organizations:delete' },
    M2M_TOKEN: { ...STAFF, aud: 'client_01JEXAMPLE0000000000000000' },
    EXPIRED_TOKEN: { ...STAFF, exp: Date.UTC(2020, 0) / 1_000 },
  };
  const signed = Object.entries(tokens).map(async ([name, claims]) => [name, await issuer.sign(claims)]);
  env = Object.fromEntries(await Promise.all(signed));
  standIns = {
    // Where the keys are follows from the name of a real AuthKit alone.
    'issuer: https://your-subdomain.authkit.app': `jwks-url: ${issuer.jwksUrl}\n    issuer: ${issuer.url}`,
    'https://your-subdomain.authkit.app': issuer.url,
  };
});
afterAll(() => issuer?.close());

/** What a page's commands call and this machine lacks. */
const lackedBy = (page: string) =>
  ['sh', 'curl'].filter((command) => page.includes(`$ ${command}`) || command === 'sh').filter(isMissing);
const isMissing = (command: string) => spawnSync(command, ['-c', ':']).error !== undefined;

// `vitest run -u` rewrites what the pages show.
describe.each(PAGES)('%s', (path) => {
  const page = readPage(path);
  const lacked = lackedBy(page);

  it.skipIf(lacked.length > 0)(
    `shows what happens${lacked.map((name) => `, which takes ${name}`)}`,
    async () => {
      await expect(await runPage(page, env, standIns)).toMatchFileSnapshot(join(root, path));
    },
    90_000,
  );

  it('uses every configuration that it shows', () => {
    const blocks = blocksIn(page);
    const shown = blocks.flatMap(({ kind }) => kind.match(/(?<=file=)\S+\.yaml/)?.[0] ?? []);
    const commands = blocks.filter(({ language }) => language === 'console').flatMap(({ text }) => commandsIn(text));
    expect(shown.filter((name) => !commands.some((command) => command.includes(`--config ${name}`)))).toEqual([]);
  });
});

it('every field of an entry of the record is described', () => {
  const page = readPage('docs/how-to/audit-to-a-siem.md');
  const types =
    readPage('src/audit/entry.ts')
      .match(/export type (EntryFields|Entry) =[\s\S]*?;\n\n/g)
      ?.join('') ?? '';
  const fields = new Set([...types.matchAll(/readonly (\w+)\??:/g)].map(([, name]) => name));
  expect(fields.size).toBeGreaterThan(30);
  const described = (name: string | undefined) => new RegExp(`^\\| (\`\\w+\`, )*\`${name}\``, 'm').test(page);
  expect([...fields].filter((name) => !described(name))).toEqual([]);
});

describe('the README', () => {
  const readme = readPage('README.md');
  const commands = [...readme.matchAll(/^workos-mcp ((?:check|explain) (?!--config).+)$/gm)].map(
    ([, args = '']) => args,
  );

  it('says commands that work', () => {
    expect(commands).toHaveLength(2);
    for (const args of commands) {
      const words = args.split(' ').map((word) => word.replaceAll("'", ''));
      const { status, stderr } = spawnSync(process.execPath, [MAIN, ...words], { env: {}, encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    }
  });

  it('and the pages on settings name no flag that there is not', () => {
    const foreign = [
      'write',
      'json',
      'no-keys',
      'against',
      'url',
      'replace',
      'head',
      'since',
      'until',
      'count-by',
      'refused',
      'object',
      'outcome',
      'environment',
    ]; // of commands
    const pages = [
      'README.md',
      ...['grants', 'settings', 'credentials', 'confirmation', 'record'].map((name) => `docs/${name}.md`),
    ];
    const text = pages.map(readPage).join('\n');
    const named = new Set([...text.matchAll(/(?<=[ `"])--([a-z][a-z-]+)/g)].map(([, name = '']) => name));
    expect([...named].filter((name) => optionOf(name) === undefined && !foreign.includes(name))).toEqual([]);
  });
});
