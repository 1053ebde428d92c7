import { describe, expect, it } from 'vitest';
import { parseArguments } from '../src/call/arguments.ts';
import { createJournal } from '../src/call/journal.ts';
import { RefusedError } from '../src/errors.ts';
import { catalog } from './support/catalog.ts';

const toolOf = (name: string) =>
  catalog.tools.find((tool) => tool.name === name) ?? expect.fail(`there is no tool ${name}`);

const HALF = '\ud800';

const refusal = (tool: string, args: unknown): string => {
  try {
    parseArguments(toolOf(tool), args, { maxItems: 100 });
  } catch (error) {
    if (error instanceof RefusedError) return error.message;
    throw error;
  }
  return 'taken';
};

describe('arguments before a schema sees them', () => {
  it.each([
    ['list_users', { email: HALF }, 'email: the text is not valid Unicode'],
    ['get_sso_authorization_url', { redirect_uri: 'https://a.b/c', provider: 'GoogleOAuth', state: HALF }, 'state: '],
    ['create_user', { email: 'a@b.test', metadata: { plan: `a${HALF}` } }, 'metadata.plan: the text is not valid'],
    ['create_user', { email: 'a@b.test', metadata: { [HALF]: 'x' } }, 'metadata: the text is not valid'],
    ['create_user', { email: 'a@b.test', metadata: '{"plan":"\\udc00"}' }, 'metadata.plan: the text is not valid'],
    ['list_users', { fields: ['id', HALF] }, 'fields.1: the text is not valid'],
  ])('%s %j: half of a surrogate pair is refused by the name of its field', (tool, args, told) => {
    expect(refusal(tool, args)).toContain(told);
  });

  it('takes whole pairs', () => {
    expect(refusal('list_users', { email: '😀@b.test' })).toBe('taken');
  });

  const many = (count: number) => Array.from({ length: count }, () => 'id');
  it.each<[string, unknown]>([
    ['a list', { fields: many(500_000) }],
    ['a list as JSON text', { fields: JSON.stringify(many(500_000)) }],
    ['lists within a list', { fields: many(200).map(() => many(200)) }],
    ['members', Object.fromEntries(many(20_000).map((_, index) => [`k${index}`, 0]))],
  ])('refuses more values than any call needs: %s', (_, args) => {
    const start = process.cpuUsage();
    expect(refusal('list_users', args)).toBe('The arguments have too many values: at most 10,000 are allowed.');
    expect(milliseconds(start)).toBeLessThan(1_000);
  });

  it.each<[string, unknown]>([
    ['text', 'x'.repeat(4_000_000)],
    ['a list', Array.from({ length: 1_000_000 }, () => 0)],
    ['a number', 7],
  ])('refuses %s in the place of the arguments by its type', (_, args) => {
    const start = process.cpuUsage();
    expect(refusal('list_users', args)).toMatch(/^arguments: Invalid input: expected object/);
    expect(milliseconds(start)).toBeLessThan(1_000);
  });
});

describe('the record of arguments that were not parsed', () => {
  /** What is digested of a refused call. */
  const digested = async (args: unknown): Promise<unknown> => {
    const seen: unknown[] = [];
    const record = {
      append: async () => 1,
      digest: (value: unknown) => {
        seen.push(value);
        return '';
      },
    };
    await createJournal({ record, environment: 'sandbox' }).refuse(toolOf('get_user'), args, 'off', { agent: 'agent' });
    return seen[0];
  };

  it.each<[unknown, string]>([
    ['x'.repeat(4_000_000), `"${'x'.repeat(4_000_000)}"`],
    [[1, 2], '[1,2]'],
    [{ user_id: 'x', other: 0 }, '{"user_id":"x","other":0}'],
    [undefined, ''],
  ])('digests their JSON text, not their members', async (args, text) => {
    const start = process.cpuUsage();
    expect((await digested(args)) === text).toBe(true);
    expect(milliseconds(start)).toBeLessThan(1_000);
  });

  it('digests no text that nests too deeply to be written', async () => {
    expect(await digested(JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)))).toBe('too deep');
  });
});

/** Processor time since then. */
function milliseconds(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}
