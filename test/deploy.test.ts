import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { AGENT_OPTIONS } from '../src/commands/agent/agent-options.ts';
import { HTTP_LIMITS } from '../src/serve/http/serve-http.ts';
import { schema } from '../src/settings/agents-schema.ts';
import { envName, optionNames, optionOf } from '../src/settings/options.ts';
import { MAIN } from './support/built.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'wmcp-deploy-'));
afterAll(() => rmSync(folder, { recursive: true }));

const FILES = [
  'Dockerfile',
  'deploy/compose.yaml',
  'deploy/kubernetes/server.yaml',
  'deploy/nginx.conf',
  'deploy/workos-mcp.service',
  'docs/remote.md',
];

it('check accepts deploy/workos-mcp.yaml, with keys in its files', () => {
  const config = read('deploy/workos-mcp.yaml').replaceAll('/run/secrets/', `${folder}/`);
  writeFileSync(join(folder, 'workos-mcp.yaml'), config);
  writeFileSync(join(folder, 'workos-staging'), 'sk_test_of_no_account_1\n');
  writeFileSync(join(folder, 'workos-production'), 'sk_live_of_no_account_1\n');
  writeFileSync(join(folder, 'deployment-key'), `${randomBytes(32).toString('base64')}\n`);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [MAIN, 'check', '--config', join(folder, 'workos-mcp.yaml')],
    { env: {}, encoding: 'utf8' },
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^support-bot +production /m);
  expect(stdout).toMatch(/^onboarding-bot +staging /m);
  expect(stdout).not.toContain('warning');
});

describe('of compose.yaml', () => {
  const compose = parse(read('deploy/compose.yaml'));
  const { services } = compose;
  const [first, second] = [services['server-1'], services['server-2']];

  it('both replicas are one service, and know of each other', () => {
    expect(first).toEqual(second);
    expect(first.command.join(' ')).toContain('--replicas 2');
    expect(first.environment).toHaveProperty('WORKOS_MCP_REDIS_URL');
  });

  it('every service is bound as tightly as it can be, and watched', () => {
    for (const service of Object.values<Record<string, unknown>>(services)) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        user: expect.any(String),
        healthcheck: expect.any(Object),
      });
    }
  });

  it('the secrets are those that the example configuration names', () => {
    const config = parse(read('deploy/workos-mcp.yaml'));
    const keys = Object.values<Record<string, string>>(config.environments).map((one) => one['api-key-file']);
    expect([...keys, config['deployment-key-file']]).toEqual(
      first.secrets.map((name: string) => `/run/secrets/${name}`),
    );
    expect(Object.keys(compose.secrets)).toEqual(first.secrets);
  });

  it('the servers that the proxy knows are its services', () => {
    const known = [...read('deploy/nginx.conf').matchAll(/^\s+server ([a-z0-9-]+):8080/gm)].map(([, name]) => name);
    expect(known).toEqual(['server-1', 'server-2']);
    expect(Object.keys(services)).toEqual([...known, 'proxy', 'redis']);
  });
});

/** Variables that stand in examples for what is not ours. */
const FOREIGN = ['WORKOS_MCP_TOKEN'];

it.each([...FILES, 'deploy/workos-mcp.yaml'])('%s names no setting that there is not', (path) => {
  const named = new Set(read(path).match(/\bWORKOS_(?:MCP|API|BASE|CLIENT)_[A-Z_]*[A-Z]\b/g));
  expect([...named].filter((name) => !optionNames.map(envName).includes(name) && !FOREIGN.includes(name))).toEqual([]);
});

const flags = {
  'compose.yaml': () => parse(read('deploy/compose.yaml')).services['server-1'].command.join(' '),
  Dockerfile: () => read('Dockerfile').match(/^CMD .+$/m)?.[0],
  'the service': () => read('deploy/workos-mcp.service').match(/^ExecStart=.+$/m)?.[0],
  'docs/remote.md': () =>
    read('docs/remote.md')
      .match(/`--[a-z-]+/g)
      ?.join(' '),
};
it.each(Object.entries(flags))('%s names no flag that there is not', (_, command) => {
  const named: string[] = command()?.match(/(?<=--)[a-z][a-z-]+/g) ?? [];
  expect(named).not.toEqual([]);
  const foreign = ['header', 'write', 'oauth', 'url', 'finish', 'token-expires', ...Object.keys(AGENT_OPTIONS)]; // of others
  expect(named.filter((name) => optionOf(name) === undefined && !foreign.includes(name))).toEqual([]);
});

describe('the image is built from', () => {
  const copied = new Set(
    [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) => names.split(' ')),
  );

  it('files that .dockerignore lets in', () => {
    const allowed = read('.dockerignore').match(/(?<=^!).+/gm) ?? [];
    expect([...copied].toSorted()).toEqual(allowed.toSorted());
  });

  it('all that its sources import', () => {
    const sources = [...copied].flatMap((top) =>
      statSync(join(root, top)).isDirectory()
        ? readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).map((name) => join(top, name))
        : [],
    );
    const missing = sources
      .filter((file) => /\.(ts|mjs)$/.test(file))
      .flatMap((file) =>
        [...read(file).matchAll(/(?<=\b(?:from |import\())'(\.[^']+)'/g)]
          .map(([, name = '']) => join(dirname(file), name))
          .filter((target) => !copied.has(target.split(sep)[0] ?? ''))
          .map((target) => `${file} imports ${target}`),
      );
    expect(sources.length).toBeGreaterThan(100);
    expect(missing).toEqual([]);
  });
});

describe('docs/remote.md tells of', () => {
  const text = read('docs/remote.md');

  it.each(optionNames.filter((name) => optionOf(name)?.only === 'http'))('the setting %s', (name) => {
    const { unless } = optionOf(name) ?? {};
    const row = text.split('\n').find((line) => line.startsWith('| `') && line.includes(`\`${name}\``)) ?? '';
    expect(row).not.toBe('');
    if (unless !== undefined) expect(row).toContain(`| \`${unless}\` |`);
  });

  const { environments, issuers, agents, templates, approvers } = schema.shape;
  const agent = agents.unwrap().valueType.shape;
  const sections = {
    environments: environments.unwrap().valueType.shape,
    issuers: issuers.unwrap().valueType.shape,
    agents: { ...agent, ...agent.jwt.unwrap().shape },
    templates: templates.unwrap().valueType.shape,
    approvers: approvers.unwrap().valueType.shape,
  };
  it.each(Object.entries(sections))('every key of %s', (section, keys) => {
    expect(Object.keys(schema.shape)).toEqual(Object.keys(sections));
    expect(text).toContain(`### \`${section}\``);
    for (const key of Object.keys(keys)) expect(text).toContain(`\n| \`${key}\` |`);
  });

  it('every metric', () => {
    const names = read('src/serve/http/metrics.ts').match(/(?<=name: ')workos_mcp_\w+/g) ?? [];
    expect(names).toHaveLength(8);
    for (const name of names) expect(text).toContain(`\n| \`${name}\` |`);
  });

  it('the limits as they are', () => {
    expect(HTTP_LIMITS).toEqual({
      headerBytes: 16 * 1024,
      bodyBytes: 1024 * 1024,
      bodiesBytes: 16 * 1024 * 1024,
      bodyWaitMs: 10_000,
      connections: 1_000,
      inFlight: 256,
      inFlightPerCaller: 32,
      waiting: 1_024,
      waitingPerCaller: 512,
      waitMs: 30_000,
      requestTimeoutMs: 30_000,
      headersTimeoutMs: 10_000,
      keepAliveMs: 75_000,
      drainMs: 8_000,
    });
  });
});

describe('what others publish is named exactly', () => {
  const services: Readonly<Record<string, { readonly image: string; readonly build?: string }>> = parse(
    read('deploy/compose.yaml'),
  ).services;
  const images = [
    ...[...read('Dockerfile').matchAll(/^ARG \w+_IMAGE=(.*)$/gm)].map(([, image = '']) => image),
    ...Object.values(services).flatMap(({ image, build }) => (build === undefined ? [image] : [])),
  ];

  it.each(images)('the image %s', (image) => {
    expect(image).toMatch(/(?:^|:-)[a-z]+:\d+\.\d+(?:\.\d+)?-[a-z]+/);
  });

  it('every image is one of them, and can be given by digest', () => {
    const from = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(from).toEqual(['${NODE_IMAGE}', '${DEBIAN_IMAGE}']);
    expect(images).toHaveLength(4);
    expect(images.filter((image) => image.startsWith('${'))).toHaveLength(2);
  });

  it.each(['ci.yml', 'publish.yml'])('the actions of %s, by commit', (name) => {
    const used = [...read(`.github/workflows/${name}`).matchAll(/^\s*(?:- )?uses: (\S+)/gm)].map(
      ([, action]) => action,
    );
    const foreign = used.filter((action) => !action?.startsWith('./'));
    expect(foreign.length).toBeGreaterThan(0);
    for (const action of foreign) expect(action).toMatch(/^[\w.-]+\/[\w.-]+@[0-9a-f]{40}$/);
  });
});
