import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = `${import.meta.dirname}/..`;
const files = [...list('src'), ...list('tools')];

function list(folder: string): string[] {
  return readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`);
}

const IMPORT = /(?:^import .*|^\} )from '([^']+)'|\bimport\('([^']+)'\)/gm;

const importsOf = (file: string): string[] =>
  [...readFileSync(`${root}/${file}`, 'utf8').matchAll(IMPORT)].map(([, top, inner]) => top ?? inner ?? '');

describe('the fences between the halves', () => {
  it.each<[who: RegExp, what: string, allowed: (name: string) => boolean]>([
    [
      /^tools\/(?!index)/,
      'import only zod, the declaration and shared arguments',
      (name) =>
        /^(zod|\.\.\/src\/(tool|output|catalog|prompts\/prompt)\.ts|\.\/(params|objects|limits|presets)\.ts)$/.test(
          name,
        ),
    ],
    [/^src\/(?!entry\/)/, 'know no endpoint', (name) => !name.includes('/tools/')],
    [/^src\/api\//, 'know no MCP', (name) => !name.startsWith('@modelcontextprotocol/')],
    [/^src\/(?!api\/)/, 'leave HTTP to src/api', (name) => name !== 'undici'],
    [/^src\/serve\//, 'know no WorkOS', (name) => !/undici|\/api\/|request|result|call/.test(name)],
    [/^src\/(?!sandbox\/|open-host\.ts)/, 'do not know the sandbox', (name) => !name.includes('sandbox')],
    [
      /^src\/(answer|api\/(queue|windows|retry)|catalog|clean|errors|json-schema|limits|listing|nearest|output|policy|request|result|secrets|shape|tool)\.ts$/,
      'do no I/O',
      (name) => !/^node:(?!http$)|undici|pino/.test(name),
    ],
  ])('%s %s', (who, _, allowed) => {
    const guarded = files.filter((file) => who.test(file));
    expect(guarded).not.toEqual([]);
    const crossings = guarded.flatMap((file) =>
      importsOf(file)
        .filter((name) => !allowed(name))
        .map((name) => `${file} imports ${name}`),
    );
    expect(crossings).toEqual([]);
  });

  it('only main.ts touches the process', () => {
    const touching = files.filter((file) =>
      /(?<!-)\bprocess\.|\bconsole\./.test(readFileSync(`${root}/${file}`, 'utf8')),
    );
    expect(touching).toEqual(['src/main.ts']);
  });

  it('no file outgrows 300 lines', () => {
    const long = files.filter((file) => readFileSync(`${root}/${file}`, 'utf8').split('\n').length > 301);
    expect(long).toEqual([]);
  });
});
