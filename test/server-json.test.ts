import { readFile } from 'node:fs/promises';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { IS_PUBLISHED } from '../src/commands/init/launch.ts';
import { envName, OPTIONS, type Option, optionNames } from '../src/settings/options.ts';
import { readAddresses } from './support/repository.ts';
import { serverJson } from './support/server-json.ts';

const root = `${import.meta.dirname}/..`;
const readJson = async (file: string) => JSON.parse(await readFile(`${root}/${file}`, 'utf8'));

const optionOfVariable = (variable: string): Option => {
  const name = optionNames.find((name) => envName(name) === variable);
  return name === undefined ? expect.fail(`there is no setting ${variable}`) : OPTIONS[name];
};

/** The variables that a client asks for, and what it is told of each besides what the settings say. */
const VARIABLES: Readonly<Record<string, object>> = {
  WORKOS_API_KEY: { isRequired: true },
  WORKOS_MCP_ALLOW: { isRequired: true, default: '*:read' },
  WORKOS_MCP_DENY: { placeholder: 'delete_organization' },
  WORKOS_MCP_PRODUCTION_WRITES: {},
  WORKOS_MCP_CONFIRM: {},
  WORKOS_MCP_AUDIT_LOG: { placeholder: '/path/to/workos-audit.jsonl' },
  WORKOS_CLIENT_ID: { placeholder: 'client_…' },
};

/** How the registry is told of the package on npm. */
const toPackage = (identifier: string, version: string) => ({
  registryType: 'npm',
  identifier,
  version,
  runtimeHint: 'npx',
  transport: { type: 'stdio' },
  environmentVariables: Object.entries(VARIABLES).map(([name, besides]) => {
    const { help, kind, choices } = optionOfVariable(name);
    return {
      name,
      description: help,
      ...(kind === 'switch' && { format: 'boolean' }),
      ...(kind === 'secret' && { isSecret: true }),
      ...(choices !== undefined && { choices }),
      ...besides,
    };
  }),
});

/** Milliseconds that the official schema may take to arrive. */
const PATIENCE = 3_000;

describe('server.json', () => {
  // `vitest run -u` rewrites it.
  it('says what package.json and the settings say', async () => {
    const server = await readJson('server.json');
    const { name, version, description } = await readJson('package.json');
    const { url, homepage, mcpName } = readAddresses();
    const { packages: _, ...rest } = server;
    const expected = {
      ...rest,
      name: mcpName,
      description,
      version,
      repository: { url, source: 'github' },
      websiteUrl: homepage,
      ...(IS_PUBLISHED && { packages: [toPackage(name, version)] }),
    };
    await expect(`${JSON.stringify(expected, undefined, 2)}\n`).toMatchFileSnapshot(`${root}/server.json`);
  });

  it('names a package only where npm has it', async () => {
    expect('packages' in (await readJson('server.json'))).toBe(IS_PUBLISHED);
  });

  it('is what the registry takes, with the package as well', async () => {
    const server = await readJson('server.json');
    const { name, version } = await readJson('package.json');
    for (const each of [server, { ...server, packages: [toPackage(name, version)] }]) {
      expect(serverJson.safeParse(each).error?.issues).toBeUndefined();
    }
  });

  it.each<[what: string, change: object, where: string]>([
    ['a description that is too long', { description: 'a'.repeat(101) }, 'description'],
    ['a name without a slash', { name: 'workos-mcp' }, 'name'],
    ['a name with two', { name: 'io.github.a/b/c' }, 'name'],
    ['a range for a version', { version: '^1.0.0' }, 'version'],
    ['a tag for a version', { version: 'latest' }, 'version'],
    ['a key that it does not know', { packages_: [] }, ''],
    ['no package', { packages: [] }, 'packages'],
  ])('would be refused for %s', async (_, change, where) => {
    const { error } = serverJson.safeParse({ ...(await readJson('server.json')), ...change });
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([where]);
  });

  it('is valid under the schema that it names', async ({ skip }) => {
    const server = await readJson('server.json');
    const schema = await fetch(server.$schema, { signal: AbortSignal.timeout(PATIENCE) }).then(
      (response) => (response.ok ? response.json() : undefined),
      () => undefined,
    );
    skip(schema === undefined, `${server.$schema} cannot be reached`);
    const ajv = new (`${Object(schema).$schema}`.includes('2020-12') ? Ajv2020.default : Ajv.default)({
      strict: false,
    });
    addFormats.default(ajv);
    const validate = ajv.compile(Object(schema));
    validate(server);
    expect(validate.errors).toBeNull();
  });
});
