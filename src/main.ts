#!/usr/bin/env node
import { whyTooOld } from './node-version.js';

/** The build replaces it with the engines of package.json. */
declare const NODE_RANGE: string;

// All else is loaded behind the check: an older Node fails to parse it.
const fault = whyTooOld(process.versions.node, NODE_RANGE);
if (fault === undefined) {
  import('./entry/program.ts').then(({ runIn }) => runIn(process));
} else {
  process.exitCode = 2;
  process.stderr.write(`${fault}\n`);
}
