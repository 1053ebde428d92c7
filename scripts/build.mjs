// Bundles what starts by itself into one file each: the command, and apart from it, so that nobody loads what they do
// not use, the HTTP server and the sandbox. The last carries the emulator, a development dependency, with it.
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

const common = /** @type {const} */ ({
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
});

const tokens = await countTools();
rmSync('dist', { recursive: true, force: true });

await build({
  ...common,
  outdir: 'dist',
  entryPoints: { main: 'src/main.ts' },
  packages: 'external',
  define: { VERSION: JSON.stringify(version), TOKENS: JSON.stringify(tokens) },
  plugins: [
    {
      name: 'stay-apart',
      setup({ onResolve }) {
        onResolve({ filter: /\/sandbox\/index\.ts$/ }, () => ({ path: './sandbox.js', external: true }));
        onResolve({ filter: /\/start-http\.ts$/ }, () => ({ path: './http.js', external: true }));
      },
    },
  ],
});
await build({ ...common, outdir: 'dist', entryPoints: { http: 'src/start-http.ts' }, packages: 'external' });
await build({ ...common, outdir: 'dist', entryPoints: { sandbox: 'src/sandbox/index.ts' }, minify: true });
chmodSync('dist/main.js', 0o755);

// The licences of what sandbox.js carries ask to travel with it.
const licences = ['workos', 'hono'].map((name) => `${name}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8')}`);
writeFileSync('dist/sandbox.LICENSES.txt', licences.join('\n\n'));

/**
 * What each tool costs a model, which `check` tells. Counted here: a start has no time to load a vocabulary. The sources
 * are TypeScript, which Node 20 does not run, so they are bundled in memory first.
 * @returns {Promise<import('../src/access.ts').TokenCounts>}
 */
async function countTools() {
  const contents = `
    import { toTokenCounts } from './src/access.ts';
    import { createCatalog } from './src/catalog.ts';
    import { createStatusTool } from './src/status.ts';
    import { declarations } from './tools/index.ts';
    const catalog = createCatalog(declarations);
    const grants = { allow: [], deny: [], readOnly: false, productionGuard: false };
    export const counts = (count) => toTokenCounts([...catalog.tools, createStatusTool(catalog, { name: '', grants })], count);
  `;
  const { outputFiles } = await build({ ...common, stdin: { contents, resolveDir: '.', loader: 'ts' }, write: false });
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64');
  const { counts } = await import(`data:text/javascript;base64,${code}`);
  return counts(countTokens);
}
