// The first import of each script: it ends an older Node with one sentence before anything else is loaded.
import { readFileSync } from 'node:fs';
import { whyTooOld } from '../src/node-version.js';

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const fault = whyTooOld(process.versions.node, engines.node);
if (fault !== undefined) {
  process.stderr.write(`${fault}\n`);
  process.exit(2);
}
