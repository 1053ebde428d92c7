import type { StandardSchemaV1 } from '@modelcontextprotocol/server';

/**
 * Accepts every response of a client that is asked something. `src/call/confirm/` validates the response to a form, and
 * tells what the client did. That to an address is not looked at.
 */
export const ANY_RESPONSE: StandardSchemaV1<unknown> = {
  '~standard': { version: 1, vendor: 'workos-mcp', validate: (value) => ({ value }) },
};
