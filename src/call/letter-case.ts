import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Arguments } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import { withFirstNotes } from './answer/result.ts';

/** The result; where nothing was found for a filter with capitals, with a note that WorkOS tells letters apart. */
export function withCaseNote(result: CallToolResult, tool: Tool, args: Arguments): CallToolResult {
  const { data } = Object(result.structuredContent);
  if (!Array.isArray(data) || data.length > 0) return result;
  const capitals = (tool.caseSensitive ?? []).filter((name) => {
    const value = args[name];
    return typeof value === 'string' && value !== value.toLowerCase();
  });
  return withFirstNotes(
    result,
    capitals.map((name) => `${name} has capitals, and WorkOS compares it exactly: try it in lower case.`),
  );
}
