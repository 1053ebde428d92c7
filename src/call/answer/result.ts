import type { CallToolResult } from '@modelcontextprotocol/server';
import { isObject } from '../../json.ts';

export function toResult(value: Record<string, unknown>, text = JSON.stringify(value)): CallToolResult {
  return { content: [{ type: 'text', text }], structuredContent: value };
}

/** The result with a note from the server. */
export function withNote<Result extends object>(result: Result, note: string): Result | CallToolResult {
  const { structuredContent: value, content = [] } = result as Partial<CallToolResult>; // a question has neither
  if (!isObject(value)) return { ...result, content: [...content, { type: 'text', text: note }] };
  return { ...result, ...toResult({ ...value, notes: [...[value.notes ?? []].flat(), note] }) };
}

/** Tells the model that text from outside was changed, so that it does not take the text for complete. */
export function removedNote(removed: number): string | undefined {
  if (removed === 0) return undefined;
  return `${removed} invisible or control ${removed === 1 ? 'character was' : 'characters were'} removed from the text.`;
}
