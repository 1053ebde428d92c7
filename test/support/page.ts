import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/**
 * A fenced block of a page. What stands behind its language says how it is kept true:
 *
 * | kind | what becomes of it |
 * | --- | --- |
 * | `console` | each `$ command` is run by sh in the page's folder; what follows it is what it printed |
 * | `console server` | its one command is started, and runs until the page is through |
 * | `… file=NAME` | is written into the page's folder |
 * | `json client` | is how a client starts the server that the calls below go to |
 * | `json call=TOOL` | arguments of a call to it; the block after, `json answer` or `text answer`, is its answer |
 * | `… syntax` | is read as YAML, which JSON is as well |
 * | `ts tool`, `ts object`, `ts case` | is a part of tools/, and held against WorkOS's OpenAPI file by a test of its own |
 * | `… unrun: REASON` | is not run, for the reason that it gives |
 */
export type Block = { readonly language: string; readonly kind: string; readonly text: string };

export const FENCE = /^```(\S*)(?: +(.+))?\n([\s\S]*?)^```$/gm;
const KIND =
  /^(console( server)?|(json|text) answer|\S+ file=\S+|json client|json call=\w+|(json|yaml) syntax|ts (tool|object|case)|\S+ unrun: .{10,})$/;

export function blocksIn(page: string): readonly Block[] {
  return [...page.matchAll(FENCE)].map(([, language = '', kind = '', text = '']) => {
    const info = `${language} ${kind}`.trim();
    if (!KIND.test(info)) throw new Error(`a block of the kind "${info}" is not kept true by anything:\n${text}`);
    return { language, kind, text };
  });
}

/** The commands of a transcript; a line that ends in `\` goes on in the next. */
export const commandsIn = (transcript: string): readonly string[] =>
  [...transcript.matchAll(/^\$ ((?:.*\\\n)*.*)$/gm)].map(([, command = '']) => command);

export const readPage = (path: string): string => readFileSync(join(root, path), 'utf8');
