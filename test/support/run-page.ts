import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { parse } from 'yaml';
import { MAIN } from './built.ts';
import { findPort } from './find-port.ts';
import { waitFor } from './http-server.ts';
import { type Block, blocksIn, commandsIn, FENCE } from './page.ts';
import { collect } from './session.ts';

const root = join(import.meta.dirname, '..', '..');

/** A call of a page confirms with it what the answer before asks for. */
const SHOWN_TOKEN = 'j1R-yPEajXh8-Rh0ABKNnQ';

/** What differs from run to run, as pages have it; `nth` tells the values of one kind apart. */
const VARYING: readonly (readonly [pattern: RegExp, shown: string | ((nth: string) => string)])[] = [
  [/wmcp_[a-z2-7]{10}_[\w-]{43}/g, 'wmcp_ID_SECRET'],
  [/\b[a-z2-7]{10}:[0-9a-f]{64}\b/g, 'ID:SHA256'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '2026-01-05T10:00:00.000Z'],
  [/\b[A-Z][a-z]+day \d{4}-\d\d-\d\d \(UTC\)/g, 'Monday 2026-01-05 (UTC)'],
  [/(?<=^ {2})\d\d:\d\d:\d\d(?= )/gm, '10:00:00'],
  [
    /\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b/g,
    (nth) => `8c5e1f${nth}-6f0b-4c57-9d43-2f1f6f6c2b11`,
  ],
  [/(?<=\brun )[0-9a-f]{8}\b(?!-)/g, (nth) => `8c5e1f${nth}`],
  [/(?<=\b[Ss]ettings )[0-9a-f]{12}\b/g, '451c206e6d56'],
  [/\b(?!0{64})[0-9a-f]{64}\b/g, (nth) => `9b${nth}`.repeat(16)],
  [/(?<="ms":)\d+/g, '12'],
  [/\b\d+(?= ms\b)/g, '12'],
  [/\breq_[0-9A-Z]{26}\b/g, 'req_01KE6Z5V0WJ3M8Q2X7T4R9N1CD'],
  [/(?<=confirm_token(?:=|": )\\?")[\w-]+/g, SHOWN_TOKEN],
  // Of events that come about while the page is run.
  [/\bevent_(?!\w*0{8})[0-9A-Z]{26}\b/g, (nth) => `event_01KE6Z5V0WJ3M8Q2X7T4R9N1${nth}`],
  [/(?<="after": ")[\w.~-]{40,}(?=")/g, 'Vb4nXjW0mG7xkQeR2tYs'],
  [/(?<="waited_seconds": )\d+/g, '12'],
];

/** Puts what pages have in the place of what varies; the same value is shown alike all over a page. */
function createMask(): (real: string) => string {
  const seen = VARYING.map(() => new Map<string, string>());
  const tokenIds = new Set<string>();
  return (real) => {
    for (const [, id = ''] of real.matchAll(/wmcp_([a-z2-7]{10})_/g)) tokenIds.add(id);
    const text = VARYING.reduce(
      (text, [pattern, shown], index) =>
        text.replace(pattern, (value) => {
          const known = seen[index] ?? new Map();
          const nth = String(known.size + 1).padStart(2, '0');
          if (!known.has(value)) known.set(value, typeof shown === 'string' ? shown : shown(nth));
          return known.get(value);
        }),
      real,
    );
    // As long as they are, so that tables keep their columns.
    return [...tokenIds].reduce(
      (line, id, index) => line.replaceAll(id, `token${String(index + 1).padStart(5, 'a')}`),
      text,
    );
  };
}

/** What stands on pages for what is there while they are run, and the other way round. */
export type StandIns = Readonly<Record<string, string>>;

/** Runs the blocks of a page in order, in a folder of its own that is gone afterwards. */
export async function runPage(text: string, env: StandIns = {}, standIns: StandIns = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'wmcp-page-'));
  const port = String(await findPort());
  const known = { ...standIns, '8080': port, '8081': String(await findPort()), '/path/to': folder };
  const toReal = (shown: string) => replaceAll(shown, Object.entries(known));
  const mask = createMask();
  const toShown = (real: string) =>
    mask(
      replaceAll(
        real,
        Object.entries(known).map(([shown, stands]) => [stands, shown]),
      ),
    );
  mkdirSync(join(folder, 'workos-mcp'));
  mkdirSync(join(folder, 'bin'));
  symlinkSync(join(root, 'dist'), join(folder, 'workos-mcp', 'dist'));
  symlinkSync(MAIN, join(folder, 'bin', 'workos-mcp'));
  symlinkSync(join(root, 'test/support/docker.mjs'), join(folder, 'bin', 'docker'));
  const shell = openShell(folder, {
    ...env,
    PATH: `${folder}/bin:${join(process.execPath, '..')}:${process.env.PATH}`,
  });
  const client = openClient(folder);
  const ends: (() => Promise<unknown>)[] = [];

  /** The block's text as it should be. */
  const run = async ({ language, kind, text }: Block): Promise<string> => {
    const [what, name = ''] = kind.split('=');
    if (what === 'file') writeFileSync(join(folder, name), toReal(text), { mode: 0o600 });
    else if (what === 'client') client.config = toReal(text);
    else if (what === 'call') client.answer = await client.call(name, JSON.parse(withToken(text, client.answer)));
    else if (what === 'answer') return toShown(language === 'json' ? toJson(client.answer) : `${client.answer}\n`);
    else if (what === 'syntax') parse(text);
    else if (what === 'server') ends.push(await shell.serve(toReal(commandsIn(text).join('\n')), port));
    else if (language === 'console' && what === '') {
      // So that what a page then shows of the record is all of it.
      await client.close();
      let transcript = '';
      for (const command of commandsIn(text))
        transcript += `$ ${command}\n${toLines(toShown(await shell.run(toReal(command))))}`;
      return transcript;
    }
    return text;
  };

  try {
    const texts: string[] = [];
    for (const block of blocksIn(text)) texts.push(await run(block));
    return text.replace(FENCE, (fence, _, __, old: string) =>
      fence.replace(`\n${old}\`\`\``, () => `\n${texts.shift()}\`\`\``),
    );
  } finally {
    await client.close();
    for (const end of ends) await end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The arguments of a call, with the token that the answer before has, if it has one. */
const withToken = (args: string, answer: unknown): string =>
  args.replaceAll(SHOWN_TOKEN, Object(Object(answer).confirmation).confirm_token ?? SHOWN_TOKEN);

const toLines = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);

const replaceAll = (text: string, pairs: readonly (readonly [string, string])[]): string =>
  pairs.reduce((line, [from, to]) => line.replaceAll(from, to), text);

/** Commands of one page, which share variables that they export. */
function openShell(folder: string, env: StandIns) {
  const variables = join(folder, '.variables');
  writeFileSync(variables, '');
  const script = (command: string) => `. ${variables}\n${command}`;
  return {
    run: async (command: string): Promise<string> => {
      const child = spawn('sh', ['-ec', `exec 2>&1\n${script(command)}\nexport -p | grep -v 'PWD=' > ${variables}`], {
        cwd: folder,
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const printed = collect(child.stdout);
      const [status] = await once(child, 'close');
      if (status !== 0) throw new Error(`$ ${command}\nended with ${status}:\n${printed()}`);
      return printed();
    },
    /** @returns what ends it */
    serve: async (command: string, port: string): Promise<() => Promise<unknown>> => {
      const child = spawn('sh', ['-c', script(`exec ${command}`)], {
        cwd: folder,
        env: { ...env, WORKOS_MCP_PORT: port },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const log = collect(child.stderr);
      const isUp = async () => {
        if (child.exitCode !== null) throw new Error(`$ ${command}\nended:\n${log()}`);
        const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
        return answer?.ok === true;
      };
      await waitFor(isUp, () => `$ ${command}\ndoes not serve:\n${log()}`);
      return async () => {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      };
    },
  };
}

/** A client that starts the server as a block of the page says. */
function openClient(folder: string) {
  let connected: Client | undefined;
  const state = {
    config: '',
    answer: undefined as unknown,
    call: async (name: string, args: Record<string, unknown>): Promise<unknown> => {
      connected ??= await connect(state.config, folder);
      const answer = await connected.callTool({ name, arguments: args }).catch((error: Error) => error.message);
      if (typeof answer === 'string') return answer;
      return answer.isError ? Object(answer.content[0]).text : answer.structuredContent;
    },
    close: async () => {
      await connected?.close();
      connected = undefined;
    },
  };
  return state;
}

async function connect(config: string, folder: string): Promise<Client> {
  const { command, args, env } = JSON.parse(config).mcpServers.workos;
  if (command !== 'node') throw new Error(`the client of the page starts ${command}`);
  const client = new Client({ name: 'page', version: '1' });
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args, env, cwd: folder, stderr: 'ignore' }),
  );
  return client;
}

/** JSON as people write it: what is short on one line. */
function toJson(value: unknown, indent = ''): string {
  const write = (value: unknown, indent: string): string => {
    const line = JSON.stringify(value);
    if (typeof value !== 'object' || value === null || line.length + indent.length < 90) return spaced(line);
    const inner = `${indent}  `;
    const members = Array.isArray(value)
      ? value.map((item) => write(item, inner))
      : Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${write(member, inner)}`);
    const [open, close] = Array.isArray(value) ? '[]' : '{}';
    return `${open}\n${members.map((member) => inner + member).join(',\n')}\n${indent}${close}`;
  };
  return `${write(value, indent)}\n`;
}

/** Blanks around braces, and behind each comma and colon, outside of texts. */
const spaced = (json: string): string => json.replace(/"(?:[^"\\]|\\.)*"|\{\}|[,:{}]/g, (part) => SPACED[part] ?? part);
const SPACED: Readonly<Record<string, string>> = { ',': ', ', ':': ': ', '{': '{ ', '}': ' }' };
