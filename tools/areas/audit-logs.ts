import * as z from 'zod';
import { area, tool } from '../../src/catalog/declaration.ts';
import { secret } from '../../src/catalog/output.ts';
import { dateTime, id, organizationId } from '../arguments.ts';
import { kind, object, text, textOrNull, times } from '../members.ts';

const auditLogEventReceipt = object({ success: z.boolean() });

const auditLogExport = object({ object: kind, id: text, state: text, url: secret(textOrNull), ...times });

const metadata = z
  .record(
    z.string().regex(/^[a-zA-Z0-9_-]{1,40}$/, 'letters, digits, _ and -, at most 40'),
    z.union([z.string().max(500), z.number(), z.boolean()]),
  )
  .refine((entries) => Object.keys(entries).length <= 50, 'at most 50 keys')
  .describe('Up to 50 pairs')
  .optional();

const entity = {
  id: z.string().min(1).describe("Your app's ID"),
  type: z.string().min(1).describe('E.g. user'),
  name: z.string().describe('For people to read').optional(),
  metadata,
};

const filter = z.array(z.string().min(1)).min(1);

export default area({
  name: 'audit_logs',
  title: 'Audit Logs',
  meaning: 'events in an organization, and exports of them (audit_log_export_…)',
  tools: [
    tool({
      name: 'create_audit_log_event',
      route: 'POST /audit_logs/events',
      access: 'write',
      words: 'record log write track action who did what history trail',
      description:
        "Record an event in an organization's audit log, for good. WorkOS does not verify the actor that you name.",
      input: {
        organization_id: organizationId,
        event: z
          .strictObject({
            action: z.string().min(1).describe('As configured in WorkOS, e.g. user.signed_in'),
            occurred_at: dateTime.describe('ISO 8601'),
            actor: z.strictObject(entity).describe('Who did it'),
            targets: z.array(z.strictObject(entity)).min(1).describe('What it was done to'),
            context: z
              .strictObject({
                location: z.string().min(1).describe('IP address'),
                user_agent: z.string().describe('Browser').optional(),
              })
              .describe('Where it came from'),
            metadata,
            version: z.int().min(1).describe("Of the action's schema").optional(),
          })
          .describe('What happened'),
        idempotency_key: z
          .string()
          .min(1)
          .max(255)
          .regex(/^[\x21-\x7e]+$/, 'ASCII without spaces')
          .describe('Same key, same event, for 24 hours')
          .optional(),
      },
      output: auditLogEventReceipt,
      idempotencyKey: 'idempotency_key',
    }),
    tool({
      name: 'create_audit_log_export',
      route: 'POST /audit_logs/exports',
      access: 'write',
      words: 'csv download report history trail siem compliance',
      description: 'Start an export of audit log events as CSV; follow it with get_audit_log_export.',
      input: {
        organization_id: organizationId,
        range_start: dateTime.describe('ISO 8601'),
        range_end: dateTime.describe('ISO 8601'),
        actions: filter.describe('Only these actions').optional(),
        actor_names: filter.describe('Only these actors').optional(),
        actor_ids: filter.describe('Only these actors').optional(),
        targets: filter.describe('Only these target types').optional(),
      },
      output: auditLogExport,
      check: ({ range_start, range_end }) => [
        Date.parse(range_start) >= Date.parse(range_end) && 'range_start must be before range_end.',
      ],
    }),
    tool({
      name: 'get_audit_log_export',
      route: 'GET /audit_logs/exports/{audit_log_export_id}',
      access: 'read',
      words: 'csv download url link ready finished status report',
      description: 'Get the state of an export and, once ready, a download URL valid 10 minutes.',
      input: { audit_log_export_id: id('audit_log_export_…, from create_audit_log_export') },
      output: auditLogExport,
    }),
  ],
});
