import type { Arguments } from '../../src/catalog/declaration.ts';
import type { Tool } from '../../src/catalog/tool.ts';
import { cases } from '../areas/index.ts';
import { connectAsking, type Question } from './asking.ts';
import type { Example } from './case.ts';
import { EXAMPLES } from './docs-examples.ts';
import { mask } from './docs-mask.ts';
import { answer } from './sandbox-calls.ts';
import { CLIENT } from './seeded.ts';
import type { Result } from './session.ts';
import { listen } from './upstream.ts';

/** One call and its answer, with what a person was asked in between. */
export type Step = {
  readonly says: string | undefined;
  readonly args: Arguments;
  readonly asked: { readonly message: string; readonly typed: string } | undefined;
  /** An answer's object, or an error's text. */
  readonly answer: Record<string, unknown> | string;
};

/** By the tool's name. */
export type Steps = Readonly<Record<string, readonly Step[]>>;

/** The grants that a tool's examples run under: none of credentials, where it can do without. */
export const grantsOf = (tool: Pick<Tool, 'name' | 'needsCredentials'>): string => {
  if (tool.name === 'get_access_status') return '*:read';
  return tool.needsCredentials ? '*:full,*:credentials' : '*:full';
};

/**
 * Makes all example calls, those of the same grants in one server with one sandbox, twice over: what the two runs do not
 * agree on varies, and is masked.
 */
export async function runExamples(tools: readonly Pick<Tool, 'name' | 'needsCredentials'>[]): Promise<Steps> {
  const once = await runAll(tools);
  // One after the other: no moment of the one can occur in the other.
  const again = await runAll(tools);
  return mask(once, again) as Steps; // the same shape
}

async function runAll(tools: readonly Pick<Tool, 'name' | 'needsCredentials'>[]): Promise<Steps> {
  const steps: Record<string, readonly Step[]> = {};
  const groups = new Map<string, Group>();
  for (const tool of tools) {
    const { name } = tool;
    const asks = (EXAMPLES[name] ?? []).some(({ typed }) => typed !== undefined);
    const allow = grantsOf(tool);
    const isAbsent = cases.get(name)?.sandbox === 'absent';
    const key = `${allow} ${asks} ${isAbsent}`;
    const { names = [] } = groups.get(key) ?? {};
    groups.set(key, { allow, asks, names: [...names, name], isAbsent });
  }
  for (const { names, ...group } of groups.values()) {
    // Deletes come last: what they delete is there for the others.
    const deletes = names.filter((name) => cases.get(name)?.opens.endsWith(':delete'));
    const others = names.filter((name) => !deletes.includes(name));
    Object.assign(steps, await runIn({ ...group, names: [...others, ...deletes] }));
  }
  return steps;
}

/** Tools whose examples are run in one server. */
type Group = {
  readonly allow: string;
  readonly asks: boolean;
  readonly names: readonly string[];
  /** The sandbox does not serve them. */
  readonly isAbsent: boolean;
};

async function runIn({ allow, asks, names, isAbsent }: Group): Promise<Steps> {
  let typed = '';
  const questions: Question[] = [];
  const upstream = isAbsent ? await listen(answer) : undefined;
  const session = await connectAsking(
    [...(upstream === undefined ? ['--sandbox'] : []), '--allow', allow, '--list', 'all'],
    upstream === undefined ? {} : toEnv(upstream.url),
    'v2 client, legacy',
    asks ? { form: {} } : undefined,
    (question) => {
      questions.push(question);
      return { action: 'accept', content: { confirm: typed } };
    },
  );
  try {
    const call = async (name: string, { says, args }: Pick<Example, 'says' | 'args'>): Promise<Step> => {
      const said = toSaid(name, await session.call(name, args));
      const question = questions.pop();
      return { says, args, answer: said, asked: question && { message: question.message, typed } };
    };
    const steps: Record<string, Step[]> = {};
    for (const name of names) {
      const done: Step[] = [];
      for (const example of EXAMPLES[name] ?? []) {
        typed = example.typed ?? '';
        const step = await call(name, example);
        done.push(step);
        if (example.confirmed === undefined) continue;
        const confirm_token = /confirm_token="([^"]+)"/.exec(String(step.answer))?.[1];
        done.push(await call(name, { says: 'Once they agree:', args: { ...example.args, confirm_token } }));
      }
      steps[name] = done;
    }
    return steps;
  } finally {
    await session.close();
    await upstream?.close();
  }
}

/** Reads an answer as it goes on a page. */
function toSaid(name: string, { structured, text, isError }: Result): Step['answer'] {
  // A page shows a question as a person reads it.
  if (isError || structured?.confirmation !== undefined) return text;
  if (structured === undefined) throw new Error(`${name} answers with text alone: ${text}`);
  return structured;
}

const toEnv = (url: string): Record<string, string> => ({
  WORKOS_API_KEY: CLIENT.client_secret,
  WORKOS_CLIENT_ID: CLIENT.client_id,
  WORKOS_BASE_URL: url,
});
