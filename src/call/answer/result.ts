import type { CallToolResult, InputRequiredResult } from '@modelcontextprotocol/server';
import { isObject, keepJson } from '../../json.ts';

/** @param text the JSON of the value */
export function toResult(value: Record<string, unknown>, text = JSON.stringify(value)): CallToolResult {
  return { content: [{ type: 'text', text }], structuredContent: keepJson(value, text) };
}

/** The result with a note from the server. */
export function withNote<Result extends object>(result: Result, note: string): Result | CallToolResult {
  const { structuredContent: value, content = [] } = result as Partial<CallToolResult>; // a question has neither
  if (!isObject(value)) return { ...result, content: [...content, { type: 'text', text: note }] };
  return { ...result, ...toResult({ ...value, notes: [...[value.notes ?? []].flat(), note] }) };
}

/** The result with notes from the server before its own: a model acts on the first. */
export function withFirstNotes<Result extends CallToolResult | InputRequiredResult>(
  result: Result,
  notes: readonly string[],
): Result {
  const { structuredContent: value, content } = result as Partial<CallToolResult>; // a question has neither
  if (notes.length === 0 || content === undefined) return result;
  if (isObject(value))
    return { ...result, ...toResult({ ...value, notes: [...notes, ...[value.notes ?? []].flat()] }) };
  return { ...result, content: [...content, ...notes.map((text) => ({ type: 'text' as const, text }))] };
}

/** Tells the model that text from outside was changed, so that it does not take the text for complete. */
export function removedNote(removed: number, places: readonly string[] = []): string | undefined {
  if (removed === 0) return undefined;
  const where = places.length === 0 ? 'the text' : places.join(', ');
  return `${removed} invisible or control ${removed === 1 ? 'character was' : 'characters were'} removed from ${where}.`;
}
