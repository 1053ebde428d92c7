#!/usr/bin/env node
// Stands for docker where pages are run: the program instead of its image, with the options that the pages use. Folders
// that are mounted have their names of the container in arguments, variables and output. An option that it does not know
// is an error.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const text = /** @type {const} */ ({ type: 'string' });
const texts = /** @type {const} */ ({ type: 'string', multiple: true });
const on = /** @type {const} */ ({ type: 'boolean' });

/** @param {string[]} argv */
function run(argv) {
  const hasName = argv.indexOf('--name');
  const image = argv.indexOf('workos-mcp', hasName < 0 ? 0 : hasName + 2);
  const { values } = parseArgs({
    args: argv.slice(0, image),
    options: {
      rm: on,
      interactive: { ...on, short: 'i' },
      'read-only': on,
      name: text,
      user: text,
      'cap-drop': text,
      'security-opt': text,
      publish: { ...text, short: 'p' },
      volume: { ...texts, short: 'v' },
      env: { ...texts, short: 'e' },
    },
  });
  const mounts = (values.volume ?? []).map((volume) => {
    const [outside = '', inside = ''] = volume.split(':');
    return { outside, inside };
  });
  /** @param {string} line */
  const toOutside = (line) => mounts.reduce((path, { outside, inside }) => path.replaceAll(inside, outside), line);
  /** @param {string} line */
  const toInside = (line) => mounts.reduce((path, { outside, inside }) => path.replaceAll(outside, inside), line);
  if (values.name !== undefined) writeFileSync(pidFile(values.name), String(process.pid));

  const given = (values.env ?? []).flatMap((entry) => {
    const [, name = '', value] = /^([^=]+)(?:=(.*))?$/s.exec(entry) ?? [];
    const found = value === undefined ? process.env[name] : toOutside(value);
    return found === undefined ? [] : [[name, found]];
  });
  // The port is that of the page's run.
  const { PATH, WORKOS_MCP_PORT } = process.env;
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, { PATH }, WORKOS_MCP_PORT && { WORKOS_MCP_PORT }, Object.fromEntries(given));

  for (const stream of [process.stdout, process.stderr]) {
    const { write } = stream;
    /** @param {string | Uint8Array} chunk @param {any[]} more */
    stream.write = (chunk, ...more) =>
      Reflect.apply(write, stream, [typeof chunk === 'string' ? toInside(chunk) : chunk, ...more]);
  }
  const main = new URL('../../dist/main.js', import.meta.url);
  process.argv = [process.execPath, main.pathname, ...argv.slice(image + 1).map(toOutside)];
  return import(main.href);
}

/** @param {string[]} argv */
function kill(argv) {
  const { values, positionals } = parseArgs({ args: argv, options: { signal: text }, allowPositionals: true });
  for (const name of positionals) process.kill(Number(readFileSync(pidFile(name), 'utf8')), `SIG${values.signal}`);
}

/** @param {string} name */
const pidFile = (name) => `.${name}.pid`;

const [command, ...rest] = process.argv.slice(2);
if (command === 'run') await run(rest);
else if (command === 'kill') kill(rest);
else throw new Error(`docker ${command} is not known here`);
