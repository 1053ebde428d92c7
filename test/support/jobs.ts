import { expect } from 'vitest';
import { catalog } from './catalog.ts';
import { inProcess } from './in-process.ts';
import { connectClient, openClient, type Server, toCalls } from './session.ts';

// A script in the place of a model does a prompt's job on the sandbox, step by step, by the prompt's own text.

/** What the sandbox's answers are known to have. */
export type Known = {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly state: string;
  readonly event: string;
  readonly slug: string;
  readonly value: string;
  readonly user_id: string;
  readonly organization_id: string;
  readonly expires_at: string;
  readonly obfuscated_value: string;
  readonly email: string;
  readonly url: string;
  readonly after: string;
  readonly verification_token: string;
  readonly permissions: readonly string[];
  readonly role: { readonly slug: string };
  readonly domains: readonly Known[];
  readonly data: readonly Known[];
  readonly events: readonly { readonly event: string; readonly data: Known }[];
};

/** What the script has not found yet. */
export const NOT_YET: Known = Object.freeze(Object());

export const first = (items: readonly Known[]): Known => items[0] ?? expect.fail('there is none');

/** Calls a tool that the step at hand names. */
export type CallNamed = (tool: string, args: Record<string, unknown>) => Promise<Known>;

/** What the script does at one step, or why it does nothing: a person does it, or there is nothing to do. */
export type Turn = ((call: CallNamed) => Promise<void>) | `a person: ${string}` | `nothing: ${string}`;

export type Job = {
  readonly grants: string;
  readonly args: Readonly<Record<string, string>>;
  /** Tools that the text names and that this case has no use for. */
  readonly unused?: readonly string[];
  /** The tools that waited for a confirmation, in order. */
  readonly confirmed: readonly string[];
  /** One for each step of the text. */
  readonly turns: readonly Turn[];
};

const TOOLS = new Set([...catalog.tools.map(({ name }) => name), 'wait_for_events']);

const toolsOf = (step: string): readonly string[] =>
  (step.match(/\b[a-z]+(?:_[a-z]+)+\b/g) ?? []).filter((word) => TOOLS.has(word));

/** Does the job. Fails where the text names a tool that the agent has not, or the script does what the text does not say. */
export async function doJob(
  prompt: string,
  { grants, args, unused = [], confirmed, turns }: Job,
  server: Server = inProcess,
): Promise<void> {
  const client = openClient('v2 client, auto');
  const { transport } = server(['--sandbox', '--list', 'all', '--allow', grants], {}, 'v2 client, auto');
  await connectClient(client, transport);
  const { listTools, call } = toCalls(client);
  const listed = (await listTools()).map(({ name }) => name);
  const { messages } = await client.getPrompt({ name: prompt, arguments: { ...args } });
  const text = Object(messages[0]?.content).text;
  const steps = [...String(text).matchAll(/^\d+\. (.+)$/gm)].map(([, step = '']) => step);
  expect(toolsOf(text).filter((name) => !listed.includes(name))).toEqual([]);
  expect(turns.length, steps.join('\n')).toBe(steps.length);
  const asked: string[] = [];
  const called = new Set<string>();
  for (const [index, turn] of turns.entries()) {
    const step = steps[index] ?? '';
    if (typeof turn === 'string') continue;
    await turn(async (tool, given) => {
      expect(toolsOf(step), `step ${index + 1}: ${step}`).toContain(tool);
      called.add(tool);
      let { isError, text: said, structured } = await call(tool, given);
      const token = Object(structured?.confirmation).confirm_token;
      if (token !== undefined) {
        asked.push(tool);
        ({ isError, text: said, structured } = await call(tool, { ...given, confirm_token: token }));
      }
      expect([isError, said], `step ${index + 1}: ${tool} ${JSON.stringify(given)}`).toEqual([undefined, said]);
      // The sandbox answers, whose data is known.
      return (structured ?? {}) as Known;
    });
  }
  await client.close();
  expect(asked).toEqual(confirmed);
  expect([...new Set(steps.flatMap(toolsOf))].filter((name) => !called.has(name)).sort()).toEqual([...unused].sort());
}
