import type { InitializeResult } from '@modelcontextprotocol/server';
import type { Offer } from './mcp/offer.ts';

/** What a server says of itself. */
export function toGreeting({ instructions, prompts }: Pick<Offer, 'instructions' | 'prompts'>, version: string) {
  return {
    capabilities: {
      tools: { listChanged: false },
      ...(prompts.size > 0 && { prompts: { listChanged: false }, completions: {} }),
    },
    serverInfo: { name: 'workos-mcp', title: 'WorkOS', version },
    instructions,
  } satisfies Omit<InitializeResult, 'protocolVersion'>;
}
