import type { ListPromptsResult } from '@modelcontextprotocol/server';
import type { Prompt } from '../../catalog/prompt.ts';

/** The prompts that one agent is offered, by name. */
export type Prompts = ReadonlyMap<string, Prompt>;

/** Selects the prompts whose tools are on. */
export function offerPrompts(prompts: readonly Prompt[], tools: ReadonlyMap<string, unknown>): Prompts {
  const offered = prompts.filter(({ needs }) => needs.every((need) => [need].flat().some((name) => tools.has(name))));
  return new Map(offered.map((prompt) => [prompt.name, prompt]));
}

/** The answer to prompts/list. */
export const toPromptList = (prompts: Prompts): ListPromptsResult => ({ prompts: [...prompts.values()].map(toListed) });

function toListed({ name, title, description, arguments: declared }: Prompt): ListPromptsResult['prompts'][number] {
  return {
    name,
    title,
    description,
    arguments: Object.entries(declared).map(([name, { description, required = false }]) => ({
      name,
      description,
      required,
    })),
  };
}
