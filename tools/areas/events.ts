import * as z from 'zod';
import { area, tool } from '../../src/catalog/declaration.ts';
import { dateTime, organizationId, page } from '../arguments.ts';
import { eventKinds } from '../event-kinds.ts';
import { kind, object, pairs, text, textOrNull } from '../members.ts';

/** Newest first alone: what comes next is for the tool that waits, and each argument costs every conversation. */
const { limit, after } = page;

const event = object({ object: kind, id: text, event: text, data: pairs, context: pairs, created_at: text });

export default area({
  name: 'events',
  title: 'Events',
  meaning: 'what happened within 30 days (event_…)',
  tools: [
    tool({
      name: 'list_events',
      route: 'GET /events',
      access: 'read',
      listed: true,
      words: 'activity log history what happened sign-in failures audit webhook changes',
      description: 'List events; more with fields, e.g. data.error.',
      input: {
        events: z.array(z.string().min(1)).min(1).describe('E.g. user.created').optional(),
        organization_id: organizationId.optional(),
        range_start: dateTime.describe('ISO 8601').optional(),
        range_end: dateTime.describe('ISO 8601').optional(),
        limit,
        after,
      },
      // WorkOS tells the cursor of the next page only.
      output: object({ object: kind, data: z.array(event), list_metadata: object({ after: textOrNull }) }),
      events: eventKinds,
      check: ({ range_start, range_end }) => [
        range_start !== undefined &&
          range_end !== undefined &&
          Date.parse(range_start) >= Date.parse(range_end) &&
          'range_start must be before range_end.',
      ],
    }),
  ],
});
