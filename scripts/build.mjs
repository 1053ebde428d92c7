// Bundles the program into dist, with all that it needs: the command, which loads one of its parts (stdio, HTTP, the
// other commands), and apart from those, so that nobody loads what they do not use, each package that they import only
// when it is needed, the sandbox with the emulator, and the demo with a client. What is loaded into one process never holds the same module of
// ours twice, so that classes of errors can be told by identity within a part.
import './check-node.mjs';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server';
import { build } from 'esbuild';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

/**
 * Where to, whether anything is answered past the SDK (tests build a server in which nothing is), and which declarations
 * (a bench builds a server with more of them).
 */
const { values: asked } = parseArgs({
  options: {
    out: { type: 'string', default: 'dist' },
    direct: { type: 'boolean', default: true },
    tools: { type: 'string', default: 'tools/index.ts' },
  },
  allowNegative: true,
});

const { version, engines } = JSON.parse(readFileSync('package.json', 'utf8'));

/** Others may be running what is there: it is exchanged as a whole, at the end. */
const out = join(dirname(asked.out), `.${basename(asked.out)}-${process.pid}`);

const common = /** @type {const} */ ({
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
  // Its default build, UMD, cannot be bundled.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
});

/** Packages that are CommonJS ask for Node's modules by `require`. */
const REQUIRE = "import{createRequire as $require}from'node:module';const require=$require(import.meta.url);";

const ENTRIES = {
  program: 'src/entry/program.ts',
  'config-file': 'src/settings/read-file.ts',
  sandbox: 'sandbox/index.ts',
  tunnel: 'src/workos/tunnel.ts',
  tracer: 'src/tracing/tracer.ts',
  view: 'src/view/page.ts',
};

/** What no client waits for a start of. What they have in common, the catalogue for one, is in files of its own. */
const LARGE = {
  http: 'src/entry/http.ts',
  commands: 'src/entry/commands.ts',
  demo: 'src/demo/demo.ts',
  console: 'src/console/console.ts',
};

/** A server over stdio, with the part that it loads behind the opening; what both need is a file of its own. */
const STDIO = {
  stdio: 'src/entry/stdio.ts',
  session: 'src/entry/session.ts',
};

/** What is bundled of a package in the place of its index, which loads all of it. */
const PARTS_OF = /** @type {Record<string, string>} */ ({
  minisearch: "export { default } from 'minisearch';",
  undici:
    "export { default as Pool } from 'undici/lib/dispatcher/pool.js'; export { default as buildConnector } from 'undici/lib/core/connect.js';",
});

/** The packages that are imported only when they are needed. */
const lazy = new Set(/** @type {string[]} */ ([]));

const fileOf = (/** @type {string} */ name) => name.replace('@', '').replace('/', '-');

/** @type {import('esbuild').Plugin} */
const stayApart = {
  name: 'stay-apart',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\..*\.ts$/ }, ({ path, kind, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      const parts = { ...ENTRIES, ...LARGE, stdio: STDIO.stdio };
      const [name] = Object.entries(parts).find(([, source]) => resolve(source) === resolve(resolveDir, path)) ?? [];
      return name === undefined ? undefined : { path: `./${name}.js`, external: true };
    });
    onResolve({ filter: /^[@a-z]/ }, ({ path, kind }) => {
      if (kind !== 'dynamic-import' || isBuiltin(path)) return undefined;
      lazy.add(path);
      return { path: `./${fileOf(path)}.js`, external: true };
    });
    // See there for why.
    onResolve({ filter: /^@modelcontextprotocol\/server\/_shims$/ }, () => ({
      path: `${import.meta.dirname}/../src/serve/sdk-shims.ts`,
    }));
    // Of this module failure.ts wants a table of words; with it comes, on Node 22, Node's own HTTP client: 40 ms.
    onResolve({ filter: /^node:http$/ }, ({ path, importer }) =>
      importer.endsWith('failure.ts') ? { path, namespace: 'words' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'words' }, () => ({
      contents: `export const STATUS_CODES = ${JSON.stringify(STATUS_CODES)};`,
    }));
    // zod's messages in fifty languages.
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: '' }));
  },
};

/** @type {import('esbuild').Plugin} */
const toolsAsAsked = {
  name: 'tools-as-asked',
  setup({ onResolve }) {
    onResolve({ filter: /\/tools\/index\.ts$/ }, ({ importer }) =>
      importer === resolve(asked.tools) ? undefined : { path: resolve(asked.tools) },
    );
  },
};

const { schemas, listings, tokens } = await prepare();
mkdirSync(out);
try {
  const bundle = /** @type {const} */ ({
    ...common,
    outdir: out,
    minify: true,
    metafile: true,
    banner: { js: REQUIRE },
  });
  const define = {
    VERSION: JSON.stringify(version),
    DIRECT: JSON.stringify(asked.direct),
    TOKENS: JSON.stringify(tokens),
    SCHEMAS: JSON.stringify(schemas),
    LISTINGS: JSON.stringify(listings),
    REVISIONS: JSON.stringify(SUPPORTED_PROTOCOL_VERSIONS),
  };
  // The one file that an older Node has to parse, too: without a banner of imports, and with the syntax of old Nodes.
  const main = await build({
    ...bundle,
    banner: {},
    target: 'node13.2',
    entryPoints: { main: 'src/main.ts' },
    define: { NODE_RANGE: JSON.stringify(engines.node) },
    plugins: [stayApart],
  });
  const ours = await build({ ...bundle, entryPoints: ENTRIES, define, plugins: [toolsAsAsked, stayApart] });
  const large = await build({
    ...bundle,
    entryPoints: LARGE,
    splitting: true,
    chunkNames: 'shared-[hash]',
    define,
    plugins: [toolsAsAsked, stayApart],
  });
  const stdio = await build({
    ...bundle,
    entryPoints: STDIO,
    splitting: true,
    chunkNames: 'stdio-shared',
    define,
    plugins: [toolsAsAsked, stayApart],
  });
  const theirs = await build({
    ...bundle,
    entryPoints: Object.fromEntries([...lazy].map((name) => [fileOf(name), `lazy:${name}`])),
    plugins: [{ name: 'lazy', setup: lazily }],
  });
  chmodSync(`${out}/main.js`, 0o755);
  const inputs = Object.keys({
    ...main.metafile.inputs,
    ...ours.metafile.inputs,
    ...large.metafile.inputs,
    ...stdio.metafile.inputs,
    ...theirs.metafile.inputs,
  });
  writeFileSync(`${out}/LICENSES.txt`, licences(inputs));
  exchange();
} finally {
  rmSync(out, { recursive: true, force: true });
}

/** Gives what a package exports its name, which esbuild cannot tell of one that is CommonJS. */
function lazily(/** @type {import('esbuild').PluginBuild} */ { onResolve, onLoad }) {
  onResolve({ filter: /^lazy:/ }, ({ path }) => ({ path: path.slice('lazy:'.length), namespace: 'lazy' }));
  onLoad({ filter: /./, namespace: 'lazy' }, async ({ path }) => {
    const names = Object.keys(await import(path)).filter((name) => name !== 'default' && name !== 'module.exports');
    return { contents: PARTS_OF[path] ?? `export { ${names} } from '${path}';`, resolveDir: '.' };
  });
}

function exchange() {
  const old = `${out}-old`;
  if (existsSync(asked.out)) renameSync(asked.out, old);
  renameSync(out, asked.out);
  rmSync(old, { recursive: true, force: true });
}

/** The licences of all packages of which something is bundled ask to travel with it. Equal texts are written once. */
function licences(/** @type {readonly string[]} */ inputs) {
  const folders = new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []));
  /** @type {Map<string, string[]>} */
  const packages = new Map();
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
    const file = readdirSync(folder).find((name) => /^licen[cs]e(\.\w+)?$/i.test(name));
    const text = file === undefined ? `Licence: ${license}\n` : readFileSync(`${folder}/${file}`, 'utf8');
    packages.set(text, [...(packages.get(text) ?? []), `${name} ${version}`]);
  }
  return [...packages].map(([text, names]) => `${names.join('\n')}\n\n${text}`).join(`\n${'-'.repeat(80)}\n\n`);
}

/**
 * What a start has no time for: the tools' schemas as clients see them, by the form of the tool, and what each tool costs
 * a model. The sources are TypeScript, which Node 20 does not run, so they are bundled in memory first.
 * @returns {Promise<{ schemas: Record<string, string>, listings: string, tokens: import('../src/access/token-cost.ts').TokenCounts }>}
 */
async function prepare() {
  const contents = `
    import { toTokenCounts } from './src/access/token-cost.ts';
    import { createCatalog } from './src/catalog/catalog.ts';
    import { withConfirmToken } from './src/access/confirmation.ts';
    import { sentencesOn } from './src/catalog/output.ts';
    import { keepListings } from './src/catalog/prebuilt-listings.ts';
    import { createOwnTools } from './src/start/own-tools.ts';
    import { declarations } from './tools/index.ts';
    const catalog = createCatalog(declarations);
    const grants = { allow: [], deny: [], readOnly: false, productionGuard: false };
    const { statusTool, waitTool, finding } = createOwnTools(catalog)({ name: '', grants }, { statusTool: true, isListed: () => false });
    const own = { statusTool, waitTool, findTool: finding.find, callTools: finding.calls };
    const tools = [...catalog.tools, statusTool, waitTool, finding.find, ...Object.values(finding.calls)];
    const forms = tools.flatMap((tool) => [tool, tool.restricted ?? []].flat()).flatMap((tool) => [tool, withConfirmToken(tool)]);
    export const schemas = Object.fromEntries([
      ...forms.map((tool) => [tool.form, tool.jsonSchema()]),
      ...tools.flatMap(({ name, output, access, declared }) => output === undefined ? [] : [
        [name + ', secrets', [...declared().secrets]],
        ...(access === 'read' ? [[name + ', sentences', sentencesOn(output)]] : []),
      ]),
    ].map(([what, schema]) => [what, JSON.stringify(schema)]));
    export const counts = (count) => toTokenCounts(tools, count);
    export const listings = (tokens) => keepListings(catalog, own, tokens);
  `;
  const { outputFiles } = await build({
    ...common,
    stdin: { contents, resolveDir: '.', loader: 'ts' },
    plugins: [toolsAsAsked],
    write: false,
  });
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64');
  const { counts, schemas, listings } = await import(`data:text/javascript;base64,${code}`);
  const tokens = counts(countTokens);
  return { schemas, listings: listings(tokens), tokens };
}
