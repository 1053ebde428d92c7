import { describe, expect, it } from 'vitest';
import { toCommand } from '../src/commands/subcommand.ts';

const text = { kind: 'text', value: 'NAME', help: 'A name' } as const;

async function call(...argv: readonly string[]): Promise<unknown> {
  const seen: unknown[] = [];
  const deps = { write: (said: string) => void seen.push(said) };
  const run = async (line: unknown) => seen.push(line);
  const command = toCommand<typeof deps>('pet', 'animal', {
    feed: {
      words: ['ANIMAL', '[FOOD]'],
      options: { name: { ...text, needed: true }, loud: { kind: 'switch', help: 'Call it first' } },
      run,
    },
    walk: { words: ['ANIMAL…'], options: { at: { kind: 'list', value: 'WHERE', help: 'Places' } }, run },
  });
  await command(argv, deps);
  return seen[0];
}

describe('the command line of a subcommand', () => {
  it.each<[argv: string[], words: string[], flags: Record<string, string[]>]>([
    [['feed', 'cat', '--name', 'Tom'], ['cat'], { name: ['Tom'] }],
    [['feed', '--name=T=m', 'cat', '--loud', 'fish'], ['cat', 'fish'], { name: ['T=m'], loud: ['true'] }],
    [['feed', '--loud', '--loud', '--name', ' Tom ', '--', '--cat'], ['--cat'], { loud: ['true'], name: ['Tom'] }],
    [['feed', 'cat', '--name=-t'], ['cat'], { name: ['-t'] }],
    [['walk', 'a', 'b', 'c', '--at', 'x,y', '--at', 'z'], ['a', 'b', 'c'], { at: ['x', 'y', 'z'] }],
  ])('%j', async (argv, words, flags) => {
    expect(await call(...argv)).toEqual({ words, flags });
  });

  const FEED = '\n  workos-mcp pet feed ANIMAL [FOOD] --name NAME [--loud]';
  const WALK = '\n  workos-mcp pet walk ANIMAL… [--at WHERE]';

  it.each<[argv: string[], message: string]>([
    [[], `pet: a animal is required.${FEED}${WALK}`],
    [['fed'], `pet: there is no animal "fed". Did you mean "feed"?${FEED}${WALK}`],
    [['toString'], `pet: there is no animal "toString".${FEED}${WALK}`],
    [['feed'], `pet feed: ANIMAL is missing.${FEED}`],
    [['feed', 'cat'], `pet feed: --name NAME is missing.${FEED}`],
    [['feed', 'a', 'b', 'c', 'd', '--name', 'x'], `pet feed: "c d" is unexpected.${FEED}`],
    [['feed', 'cat', '--nme', 'x'], `pet feed: There is no option --nme. Did you mean "--name"? See --help.${FEED}`],
    [['feed', 'cat', '--constructor'], `pet feed: There is no option --constructor. See --help.${FEED}`],
    [['feed', 'cat', '--__proto__=1'], `pet feed: There is no option --__proto__. See --help.${FEED}`],
    [['feed', 'cat', '-n', 'x'], `pet feed: There is no option -n. See --help.${FEED}`],
    [['feed', 'cat', '--no-loud'], `pet feed: There is no option --no-loud. See --help.${FEED}`],
    [['feed', 'cat', '--loud=yes'], `pet feed: --loud takes no value.${FEED}`],
    [['feed', 'cat', '--name'], `pet feed: --name needs a value: --name NAME${FEED}`],
    [['feed', 'cat', '--name', '--loud'], `pet feed: --name needs a value: --name NAME${FEED}`],
    [['feed', 'cat', '--name='], `pet feed: --name is blank.${FEED}`],
    [['feed', 'cat', '--name', 'a', '--name', 'b'], `pet feed: --name is given twice.${FEED}`],
    [
      ['feed', 'cat', '--name', '${n}'],
      `pet feed: --name is "\${n}", a placeholder that was not filled in: fill it in or remove it.${FEED}`,
    ],
    [['walk', '--at', 'x'], `pet walk: ANIMAL is missing.${WALK}`],
    [['walk', 'a', '--at', 'x,,y'], `pet walk: --at has an empty item: "x,,y".${WALK}`],
  ])('%j stops it', async (argv, message) => {
    await expect(call(...argv)).rejects.toMatchObject({ name: 'StartError', message });
  });

  it.each([
    [['feed', '--help'], `Usage:${FEED}\n\nOptions:\n  --name NAME\n      A name\n  --loud\n      Call it first\n`],
    [['feed', '--nme', '--help', 'a', 'b', 'c'], `Usage:${FEED}\n`],
    [['--help'], `Usage:${FEED}${WALK}\n\nOptions:\n  --name NAME\n`],
    [['fed', '--help'], `Usage:${FEED}${WALK}\n`],
  ])('%j shows how it is used', async (argv, shown) => {
    expect(await call(...argv)).toMatch(shown);
  });

  it('is shown once for subcommands that are used alike', async () => {
    const alike = { words: [], options: { name: text }, run: async () => 0 };
    const command = toCommand('pet', 'animal', { cat: alike, dog: alike });
    await expect(command([], { write: () => {} })).rejects.toThrow(
      'pet: a animal is required.\n  workos-mcp pet ANIMAL [--name NAME]\n  ANIMAL is one of cat, dog.',
    );
  });
});
