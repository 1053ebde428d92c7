import * as z from 'zod';

// Arguments of the server itself. They are never sent to WorkOS.

/** On every paginated tool. */
export const MAX_ITEMS = { max_items: z.int().min(1).describe('Instead of limit: follow pages').optional() };

/** On every tool that reads an object or a list. */
export const FIELDS = { fields: z.array(z.string().max(200)).min(1).max(100).describe('Only these fields').optional() };

/** On every list. `src/call/answer/where.ts` has the grammar. */
export const FILTER = {
  where: z.array(z.string().max(1_000)).min(1).max(10).describe('E.g. metadata.plan!=free,pro').optional(),
  count_only: z.boolean().describe('Only count').optional(),
};

/** With which a model confirms a call if the client cannot ask a person. */
export const CONFIRM_TOKEN = { confirm_token: z.string().min(1).describe('From the result that asks').optional() };

/** Characters of an agent's reason for a call. */
export const MAX_REASON_CHARS = 200;

/** With which an agent tells approvers why it makes a call. */
export const CONFIRM_REASON = {
  confirm_reason: z
    .string()
    .min(1)
    .max(MAX_REASON_CHARS)
    .describe(`Why, for the approver: one line, ${MAX_REASON_CHARS} characters`)
    .optional(),
};

/** On every update with members that can be cleared. */
export const toClear = (members: readonly string[]) => z.array(z.enum(members)).describe('Fields to clear').optional();

export const OWN = { ...MAX_ITEMS, ...FIELDS, ...FILTER, ...CONFIRM_TOKEN, ...CONFIRM_REASON, clear: toClear([]) };
