import { code, table } from './docs-markdown.ts';
import { STOPS, type Stop } from './docs-stops.ts';
import { openFolder } from './http-server.ts';
import { runProgram } from './in-process.ts';

export type Stopped = { readonly stop: Stop; readonly message: string };

/** Starts the program with each of them, in this process. Throws where one starts. */
export async function runStops(): Promise<Readonly<Record<string, readonly Stopped[]>>> {
  const folder = openFolder();
  try {
    const groups: Record<string, Stopped[]> = {};
    for (const [title, stops] of Object.entries(STOPS)) {
      groups[title] = [];
      for (const stop of stops) groups[title].push({ stop, message: await start(stop, folder) });
    }
    return groups;
  } finally {
    folder.remove();
  }
}

async function start(stop: Stop, folder: ReturnType<typeof openFolder>): Promise<string> {
  const { argv, env, file } = parseStop(stop);
  const path = file === undefined ? 'FILE' : folder.write('file', file);
  const words = argv.map((word) => (word === 'FILE' ? path : word));
  const { code: status, stderr } = await runProgram(words, { WORKOS_MCP_LOG_LEVEL: 'silent', ...env });
  const [, message] = /^workos-mcp: (.*)\n$/ms.exec(stderr) ?? [];
  if (status !== 2 || message === undefined) throw new Error(`${stop}: starts, or fails otherwise: ${stderr}`);
  return message.replaceAll(path, 'FILE');
}

const TOKENS = {
  EXPIRED: `bbbbbbbbbb:${'1'.repeat(64)}:2020-01-31`,
  TOKEN2: `bbbbbbbbbb:${'1'.repeat(64)}`,
  TOKEN: `aaaaaaaaaa:${'0'.repeat(64)}`,
};
const VARIABLE = /^[A-Z][A-Z0-9_]*=/;

/** The words of a command line, its variables, and the text of its file. */
export function parseStop(stop: Stop) {
  const [line, file] = typeof stop === 'string' ? [stop] : stop;
  const words = (line.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? []).map((word) => word.replaceAll(/['"]/g, ''));
  const variables = words.filter((word) => VARIABLE.test(word));
  return {
    argv: words.filter((word) => !VARIABLE.test(word)),
    env: Object.fromEntries(variables.map((word) => [word.replace(/=.*/s, ''), word.replace(VARIABLE, '')])),
    file: Object.entries(TOKENS).reduce((text, [word, hash]) => text?.replaceAll(`'${word}'`, `'${hash}'`), file),
  };
}

/** Tables of command lines and what they are told. */
export function stopTables(groups: Readonly<Record<string, readonly Stopped[]>>): string {
  return Object.entries(groups)
    .map(([title, stopped]) => {
      const rows = stopped.map(({ stop, message }) => [shown(stop), code(message.replace(/\n.*$/s, ' …'))]);
      return `### ${title}\n\n${table(['`workos-mcp …`', 'says'], rows)}`;
    })
    .join('\n');
}

function shown(stop: Stop): string {
  if (typeof stop === 'string') return code(stop);
  const [line, file] = stop;
  return file === '' ? code(line) : `${code(line)}<br>FILE: ${file.split('\n').map(code).join('<br>')}`;
}
