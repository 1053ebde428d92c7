import * as z from 'zod';
import { ANSWER_TOOL } from '../../access/overview.ts';
import { tool } from '../../catalog/declaration.ts';
import { type Tool, toTool } from '../../catalog/tool.ts';
import { RefusedError } from '../../errors.ts';

/**
 * The tool with which the view passes on what a person answered. It is an envelope, as call tools are: the confirmed
 * call passes all the checks of a call of its own. Only apps are meant to see it, which is the host's promise; what
 * guards it is the secret.
 */
export function createAnswerTool(): Tool {
  const declaration = tool({
    name: ANSWER_TOOL,
    // Never requested: what is not opened is refused.
    route: `POST /${ANSWER_TOOL}`,
    access: 'write',
    description: 'For the view in which a person confirms a call, never for a model.',
    input: {
      confirmation_id: z.string().min(1).max(100),
      secret: z.string().min(1).max(100),
      answer: z.enum(['yes', 'no', 'look']),
      typed: z.string().max(1_000).describe('What the person typed').optional(),
      tool: z.string().min(1).describe('The tool that was called'),
      arguments: z.record(z.string(), z.unknown()).describe('Its arguments').optional(),
    },
    local: () => {
      throw new RefusedError(
        'tool: the call of this tool does not wait for a confirmation, or you may not use the tool any more.',
      );
    },
  });
  const made = toTool({ name: 'server', title: 'Server' }, declaration);
  // The worst that a confirmed call does: a host may ask its user by these.
  const hints = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true };
  return { ...made, annotations: { title: made.title, ...hints } };
}
