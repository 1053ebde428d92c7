// Packs what is built into a bundle for Claude Desktop: `node scripts/bundle.mjs [FILE.mcpb]`. The same source gives the
// same bytes.
import './check-node.mjs';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { packExtension } from '@anthropic-ai/mcpb';

const root = resolve(import.meta.dirname, '..');
const read = (/** @type {string} */ file) => readFileSync(join(root, file));
const manifest = JSON.parse(read('manifest.json').toString());
const { name, version, license, type, engines } = JSON.parse(read('package.json').toString());
const output = resolve(process.argv[2] ?? `${name}.mcpb`);

/** Parts of the program that only a setting has a use for, with its variable. */
const PARTS = /** @type {Record<string, string>} */ ({
  'config-file.js': 'WORKOS_MCP_CONFIG',
  'sandbox.js': 'WORKOS_MCP_SANDBOX',
});

const work = mkdtempSync(join(tmpdir(), 'workos-mcp-bundle-'));
try {
  const stage = join(work, name);
  for (const [file, content] of Object.entries(contents())) {
    const path = join(stage, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, 0o644); // whatever the umask is, since the bundle tells
  }
  const packed = join(work, 'packed');
  if (!(await packExtension({ extensionPath: stage, outputPath: packed, silent: true })))
    throw new Error('mcpb could not pack it');
  const bundle = withoutTimes(readFileSync(packed));
  writeFileSync(output, bundle);
  const sum = createHash('sha256').update(bundle).digest('hex');
  process.stdout.write(`${output}\n${name} ${version}, ${Math.ceil(bundle.length / 1_024)} KiB\nsha256 ${sum}\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** All that is in the bundle, by path. */
function contents() {
  const files = ['manifest.json', manifest.icon, 'LICENSE', 'PRIVACY.md', 'dist/LICENSES.txt', ...parts()];
  return {
    ...Object.fromEntries(files.map((file) => [file, read(file)])),
    // Tells Node that these are ES modules.
    'package.json': `${JSON.stringify({ name, version, license, type, engines }, undefined, 2)}\n`,
  };
}

/** What the program loads of dist when it serves over stdio, with the settings that the manifest has. */
function parts() {
  const offered = Object.keys(manifest.server.mcp_config.env);
  const found = new Set(['main.js', 'program.js']);
  const follow = (/** @type {string} */ file) => {
    const variable = PARTS[file];
    if (found.has(file) || (variable !== undefined && !offered.includes(variable))) return;
    found.add(file);
    for (const [, other = ''] of read(`dist/${file}`)
      .toString()
      .matchAll(/"\.\/([\w-]+\.js)"/g))
      follow(other);
  };
  follow('stdio.js');
  return [...found].map((file) => `dist/${file}`);
}

/** A zip file without the times of packing, which mcpb writes: every file is of the first day that the format knows. */
function withoutTimes(/** @type {Buffer} */ zip) {
  const FIRST_DAY = 0x21; // 1980-01-01
  const end = zip.length - 22; // without a comment, as mcpb writes it
  if (zip.readUInt32LE(end) !== 0x06054b50) throw new Error('this is no zip file that ends without a comment');
  let entry = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count--) {
    const local = zip.readUInt32LE(entry + 42);
    zip.writeUInt32LE(FIRST_DAY << 16, entry + 12);
    zip.writeUInt32LE(FIRST_DAY << 16, local + 10);
    entry += 46 + zip.readUInt16LE(entry + 28) + zip.readUInt16LE(entry + 30) + zip.readUInt16LE(entry + 32);
  }
  return zip;
}
