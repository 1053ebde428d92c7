import { callToolOf, kindOf } from '../access/call-kind.ts';
import type { Arguments } from '../catalog/declaration.ts';
import type { Tool } from '../catalog/tool.ts';
import { RefusedError } from '../errors.ts';
import type { Via } from './caller.ts';

/**
 * Checks that a call came through the call tool of its kind: a person may have allowed that tool for good.
 * @param takesCredentials whether what was read first demands the credentials grant
 * @throws RefusedError that names the right way
 */
export function checkKind(
  via: Via,
  tool: Tool,
  args: Arguments,
  { isRestricted, takesCredentials }: { readonly isRestricted: boolean; readonly takesCredentials: boolean },
): void {
  const kind = takesCredentials ? 'credential' : kindOf(tool, isRestricted, args);
  if (kind === via.kind) return;
  const given = tool.guarded.filter((name) => name in args);
  const what = kind === 'credential' && given.length > 0 ? `this call with ${given.join(', ')}` : 'this call';
  const instead = via.kinds.has(kind) ? `Use ${callToolOf(kind)}` : `Call ${tool.name} by its own name`;
  throw new RefusedError(`${via.tool} does not take ${what}. ${instead}.`, `${via.tool} does not take it`);
}
