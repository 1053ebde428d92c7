// Bundles the command and the sandbox into one file each, so that the published package starts fast and carries the
// emulator, which is a development dependency, with it.
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

rmSync('dist', { recursive: true, force: true });
const common = /** @type {const} */ ({
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  outdir: 'dist',
  logLevel: 'warning',
});

await build({
  ...common,
  entryPoints: { main: 'src/main.ts' },
  packages: 'external',
  define: { VERSION: JSON.stringify(version) },
  plugins: [
    {
      name: 'sandbox-stays-apart',
      setup({ onResolve }) {
        onResolve({ filter: /\/sandbox\/index\.ts$/ }, () => ({ path: './sandbox.js', external: true }));
      },
    },
  ],
});
await build({ ...common, entryPoints: { sandbox: 'src/sandbox/index.ts' }, minify: true });
chmodSync('dist/main.js', 0o755);

// The licences of what sandbox.js carries ask to travel with it.
const licences = ['workos', 'hono'].map((name) => `${name}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8')}`);
writeFileSync('dist/sandbox.LICENSES.txt', licences.join('\n\n'));
