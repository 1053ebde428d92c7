import type { Tool } from './tool.ts';

/** A job for a model to do with the tools of this server. A step names them in braces: `Look with {list_users}`. */
export type Prompt<Name extends string = string> = {
  /** `verb_noun`, snake_case. */
  readonly name: string;
  readonly title: string;
  /** An order in one sentence, which the prompt begins with. */
  readonly description: string;
  readonly arguments: Readonly<Record<Name, PromptArgument<NoInfer<Name>>>>;
  /** The tools without which the job cannot be done: where one of them is off, there is no such prompt. */
  readonly needs: readonly string[];
  readonly steps: readonly Step<NoInfer<Name>>[];
};

export type PromptArgument<Name extends string = string> = {
  readonly description: string;
  readonly required?: true;
  /** Characters that it may have; 200 unless said. */
  readonly max?: number;
  /** The values that it takes, where it takes no others. */
  readonly choices?: readonly string[];
  readonly lookup?: Lookup<Name>;
};

/** Where the values of an argument are looked up while somebody types. */
export type Lookup<Name extends string = string> = {
  /** A tool that lists objects. */
  readonly tool: string;
  /** Its argument that takes what was typed. Without one, what was typed is looked for in its first page. */
  readonly search?: string;
  /** Its arguments by the prompt's argument whose ID they take, where that was given one. */
  readonly within?: Readonly<Record<string, Name>>;
  /** The member that is offered; `domains.domain` is a member of each of an object's domains. */
  readonly member: string;
  /** The ID is offered beside it, since a name is not unique. */
  readonly withId?: true;
};

/** What to do; or ways to do it, the first of which is told whose tools are all on. Where there is none, there is no step. */
type Ways = string | readonly string[];

export type Step<Name extends string = string> =
  | Ways
  /** Told only where the argument was given. */
  | { readonly given: Name; readonly do: Ways };

/** The identity function that types steps and look-ups by the prompt's own arguments. */
export const prompt = <Name extends string>(declaration: Prompt<Name>): Prompt => declaration;

const TOOL = /\{(\w+)\}/g;

/** The tools that a text names. */
export const toolsIn = (text: string): readonly string[] => [...text.matchAll(TOOL)].map(([, name = '']) => name);

/** The text as a model reads it. */
export const withoutBraces = (text: string): string => text.replace(TOOL, '$1');

/** The condition of a step, and its ways. */
export function toWays(step: Step): { readonly given: string | undefined; readonly ways: readonly string[] } {
  if (typeof step === 'string') return { given: undefined, ways: [step] };
  if ('do' in step) return { given: step.given, ways: [step.do].flat() };
  return { given: undefined, ways: step };
}

/** Throws where a prompt names a tool that there is none of, or looks up with one that does more: a fault of the declarations. */
export function checkPrompts(prompts: readonly Prompt[], tools: readonly Tool[]): void {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  for (const { name, needs, steps, arguments: declared } of prompts) {
    const named = [...needs, ...steps.flatMap((step) => toWays(step).ways.flatMap(toolsIn))];
    const unknown = named.find((tool) => !byName.has(tool));
    if (unknown !== undefined) throw new Error(`the prompt ${name} names ${unknown}, which is not a tool`);
    for (const { lookup } of Object.values(declared)) {
      if (lookup !== undefined && byName.get(lookup.tool)?.annotations.readOnlyHint !== true) {
        throw new Error(`the prompt ${name} looks up with ${lookup.tool}, which is not read-only`);
      }
    }
  }
}
