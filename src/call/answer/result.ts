import type { CallToolResult } from '@modelcontextprotocol/server';
import { isObject } from '../../json.ts';

export function toResult(value: Record<string, unknown>, text = JSON.stringify(value)): CallToolResult {
  return { content: [{ type: 'text', text }], structuredContent: value };
}

/** The result with something that the server has to say about it. */
export function withNote<Result extends object>(result: Result, note: string): Result | CallToolResult {
  const { structuredContent: value, content = [] } = result as Partial<CallToolResult>; // a question has neither
  if (!isObject(value)) return { ...result, content: [...content, { type: 'text', text: note }] };
  return { ...result, ...toResult({ ...value, notes: [...[value.notes ?? []].flat(), note] }) };
}

/** Says that text from outside was changed, since the model must not take it for the whole. */
export function removedNote(removed: number): string | undefined {
  if (removed === 0) return undefined;
  return `${removed} invisible or control ${removed === 1 ? 'character was' : 'characters were'} removed from the text.`;
}
