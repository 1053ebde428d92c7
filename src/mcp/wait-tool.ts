import * as z from 'zod';
import { MAX_WAIT_SECONDS } from '../call/wait.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { tool, WAIT_TOOL } from '../catalog/declaration.ts';
import { listItem } from '../catalog/output.ts';
import { type Tool, toTool } from '../catalog/tool.ts';

/**
 * The server's own tool that waits for events, so that an agent need not ask again and again. It is there where the tool
 * is that lists them, and shows no more. `undefined` if no tool lists events.
 */
export function createWaitTool(catalog: Catalog): Tool | undefined {
  const lister = catalog.tools.find(({ events }) => events !== undefined);
  const output = lister?.output && listItem(lister.output);
  if (lister?.events === undefined || output === undefined) return undefined;
  const declaration = tool({
    name: WAIT_TOOL,
    // Never requested: the server lists events for all who wait.
    route: 'GET /event_waits',
    access: 'read',
    description: `Wait for the next events, at most ${MAX_WAIT_SECONDS} s. Call again with "after" of the answer, and none is missed.`,
    input: {
      events: z.array(z.string().min(1)).min(1).describe('E.g. user.created').optional(),
      organization_id: z.string().min(1).optional(),
      about: z.string().min(1).describe('An ID that they name').optional(),
      after: z.string().min(1).describe('From the last answer').optional(),
      wait_seconds: z.int().min(1).max(MAX_WAIT_SECONDS).describe('Default 45').optional(),
    },
    output,
    events: lister.events,
  });
  const own = toTool({ name: lister.area, title: 'Server' }, declaration);
  return { ...own, waits: true, needsOneOf: [lister.name] };
}
