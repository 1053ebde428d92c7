import type { RequestId } from '@modelcontextprotocol/server';

/** One line of a client's, whatever is in it. */
export type Message = Readonly<Record<string, unknown>>;

/** A line as JSON; one without members where it is none. */
export function parseMessage(line: string): Message {
  try {
    return Object(JSON.parse(line));
  } catch {
    return {};
  }
}

export const isRequestId = (id: unknown): id is RequestId => typeof id === 'string' || Number.isSafeInteger(id);
