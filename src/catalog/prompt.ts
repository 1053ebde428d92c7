import { WAIT_TOOL } from './declaration.ts';
import type { Tool } from './tool.ts';

/**
 * A job for a model, done with the tools of this server. A step names tools in braces: `Look with {list_users}`. Types of
 * events that it names are types that the agent has to be shown.
 */
export type Prompt<Name extends string = string> = {
  /** `verb_noun`, snake_case. */
  readonly name: string;
  readonly title: string;
  /** An instruction in one sentence, with which the prompt begins. */
  readonly description: string;
  readonly arguments: Readonly<Record<Name, PromptArgument<NoInfer<Name>>>>;
  /** The tools that the job requires, or several of which one is enough: without them, the prompt is not offered. */
  readonly needs: readonly Alternatives[];
  readonly steps: readonly PromptStep<NoInfer<Name>>[];
};

export type PromptArgument<Name extends string = string> = {
  readonly description: string;
  readonly required?: true;
  /** The most characters that it may have; 200 by default. */
  readonly max?: number;
  /** The only values that it takes. */
  readonly choices?: readonly string[];
  readonly lookup?: Lookup<Name>;
};

/** Where the values of an argument are looked up while a person types. */
export type Lookup<Name extends string = string> = {
  /** A tool that lists objects. */
  readonly tool: string;
  /** Its argument for the typed text. Without one, the first page is filtered by the text. */
  readonly search?: string;
  /** Its arguments, and the prompt's argument from which each takes an ID, if one was given. */
  readonly within?: Readonly<Record<string, Name>>;
  /** The member that is offered; `domains.domain` is a member of each of an object's domains. */
  readonly member: string;
  /** Offers the ID with the member, because names are not unique. */
  readonly withId?: true;
};

/** One way to do a step, or several: the first whose tools are all on is used. If there is none, the step is left out. */
type Alternatives = string | readonly string[];

export type PromptStep<Name extends string = string> =
  | Alternatives
  /** Included only if the argument was given. */
  | { readonly given: Name; readonly do: Alternatives };

/** The identity function that types steps and look-ups by the prompt's own arguments. */
export const prompt = <Name extends string>(declaration: Prompt<Name>): Prompt => declaration;

const TOOL = /\{(\w+)\}/g;

/** The tools that a text names. */
export const toolsIn = (text: string): readonly string[] => [...text.matchAll(TOOL)].map(([, name = '']) => name);

/** The types of events that a text names, and other names with dots. */
export const typesIn = (text: string): readonly string[] => text.match(/[a-z_]+(?:\.[a-z_]+)+/g) ?? [];

/** The text as a model reads it. */
export const withoutBraces = (text: string): string => text.replace(TOOL, '$1');

/** The condition of a step, and its ways. */
export function toAlternatives(step: PromptStep): {
  readonly given: string | undefined;
  readonly ways: readonly string[];
} {
  if (typeof step === 'string') return { given: undefined, ways: [step] };
  if ('do' in step) return { given: step.given, ways: [step.do].flat() };
  return { given: undefined, ways: step };
}

/** Throws for a prompt that names an unknown tool, or that looks up with one that is not read-only. */
export function checkPrompts(prompts: readonly Prompt[], tools: readonly Tool[]): void {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const isKnown = (name: string) =>
    byName.has(name) || (name === WAIT_TOOL && tools.some(({ events }) => events !== undefined));
  for (const { name, needs, steps, arguments: declared } of prompts) {
    const named = [...needs.flat(), ...steps.flatMap((step) => toAlternatives(step).ways.flatMap(toolsIn))];
    const unknown = named.find((tool) => !isKnown(tool));
    if (unknown !== undefined) throw new Error(`the prompt ${name} names ${unknown}, which is not a tool`);
    for (const { lookup } of Object.values(declared)) {
      if (lookup !== undefined && byName.get(lookup.tool)?.annotations.readOnlyHint !== true) {
        throw new Error(`the prompt ${name} looks up with ${lookup.tool}, which is not read-only`);
      }
    }
  }
}
