import { generateId } from 'workos-emulator/core/index.js';
import { type Gap, type GapReply, type JsonObject, type Records, shaping, toFields, toItems, toText } from '../gap.ts';

const eventMembers = [
  'action',
  'occurred_at',
  'actor',
  'actor.id',
  'actor.type',
  'targets',
  'context',
  'context.location',
];

const isDate = (value: unknown): boolean =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));

const at = (item: JsonObject, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => toFields(value)[name], item);

/** The required members that this event lacks, as paths into the body. */
function lacking(body: JsonObject): readonly string[] {
  const event = toFields(body.event);
  const targets = toItems(event.targets).flatMap((target, index) =>
    ['id', 'type'].filter((name) => !toText(target[name])).map((name) => `event.targets.${index}.${name}`),
  );
  const members = eventMembers.filter((path) => {
    const value = at(event, path);
    return path === 'targets' ? !Array.isArray(value) : value === undefined || value === null || value === '';
  });
  return [
    ...(toText(body.organization_id) ? [] : ['organization_id']),
    ...members.map((path) => `event.${path}`),
    ...targets,
  ];
}

const isEventMetadata = (value: unknown): boolean =>
  value === undefined ||
  (Object.keys(toFields(value)).length <= 50 &&
    Object.entries(toFields(value)).every(
      ([key, item]) =>
        /^[a-zA-Z0-9_-]{0,40}$/.test(key) &&
        (typeof item === 'number' || typeof item === 'boolean' || (typeof item === 'string' && item.length <= 500)),
    ));

function eventFault(body: JsonObject, records: Records): GapReply | undefined {
  const event = toFields(body.event);
  const missing = lacking(body).map((field) => ({ field, code: 'required' }));
  const wrong = isDate(event.occurred_at) ? [] : [{ field: 'event.occurred_at', code: 'invalid_date' }];
  const errors = missing.length > 0 ? missing : wrong;
  if (errors.length > 0) return { status: 422, body: { message: 'Validation failed.', errors } };
  if (!records.organizations.get(String(body.organization_id)))
    return { status: 404, body: { message: `There is no organization '${String(body.organization_id)}'.` } };
  const metadata: readonly (readonly [string, unknown])[] = [
    ['/metadata', event.metadata],
    ['/actor/metadata', toFields(event.actor).metadata],
    ...toItems(event.targets).map((target, index) => [`/targets/${index}/metadata`, target.metadata] as const),
  ];
  const refused = metadata.filter(([, value]) => !isEventMetadata(value)).map(([instancePath]) => ({ instancePath }));
  return refused.length > 0
    ? { status: 400, body: { code: 'invalid_audit_log_event', message: 'Invalid Audit Log event.', errors: refused } }
    : undefined;
}

const createEvent: Gap = {
  name: 'audit log event',
  routes: ['POST /audit_logs/events'],
  reason: 'refuses the documented body, answers 201 with the event, checks little and ignores Idempotency-Key',
  fill(call, _next, { records, store }) {
    const key = call.headers.get('idempotency-key');
    const earlier = key === null ? undefined : store.getData<GapReply>(`idempotency:${key}`);
    if (earlier) return earlier;
    const fault = eventFault(call.body, records);
    if (fault) return fault;
    const event = toFields(call.body.event);
    const action = String(event.action);
    records.auditLogEvents.insert({
      object: 'audit_log_event',
      organization_id: String(call.body.organization_id),
      action: { name: action, type: 'C', id: action },
      actor: { ...toFields(event.actor) },
      targets: toItems(event.targets).map((target) => ({ ...target })),
      metadata: { ...toFields(event.metadata) },
      occurred_at: String(event.occurred_at),
      context: toFields(event.context),
    });
    const answer = { status: 200, body: { success: true } };
    if (key !== null) store.setData(`idempotency:${key}`, answer);
    return answer;
  },
};

const createExport: Gap = {
  name: 'audit log export',
  routes: ['POST /audit_logs/exports'],
  reason: 'is ready at once and has extra members; checks neither the range nor the organization',
  fill({ body }, _next, { records }) {
    const faults = [
      ...(toText(body.organization_id) ? [] : ['organization_id should not be empty']),
      ...['range_start', 'range_end']
        .filter((name) => !isDate(body[name]))
        .map((name) => `${name} must be a valid ISO 8601 date string`),
    ];
    if (faults.length > 0) return { status: 400, body: { message: faults, error: 'Bad Request' } };
    if (Date.parse(String(body.range_start)) >= Date.parse(String(body.range_end)))
      return { status: 400, body: { message: 'range_start must be before range_end.' } };
    if (!records.organizations.get(String(body.organization_id)))
      return { status: 400, body: { message: `There is no organization '${String(body.organization_id)}'.` } };
    const { id, created_at, updated_at } = records.auditLogExports.insert({
      id: generateId('audit_log_export'),
      object: 'audit_log_export',
      organization_id: String(body.organization_id),
      state: 'ready',
      url: null,
      filters: { ...body },
    });
    // WorkOS writes the file later. In the sandbox it is ready at the first read.
    return {
      status: 201,
      body: { object: 'audit_log_export', id, state: 'pending', url: null, created_at, updated_at },
    };
  },
};

const quoted = (value: unknown): string => `"${String(value ?? '').replaceAll('"', '""')}"`;

function toCsv(filters: JsonObject, records: Records): string {
  const among = (names: readonly string[], values: readonly unknown[]): boolean =>
    names.every(
      (name) => !Array.isArray(filters[name]) || values.some((value) => toArray(filters[name]).includes(value)),
    );
  const rows = records.auditLogEvents
    .findBy('organization_id', String(filters.organization_id))
    .filter(({ occurred_at: at, action, actor, targets }) => {
      const time = Date.parse(at);
      return (
        time >= Date.parse(String(filters.range_start)) &&
        time < Date.parse(String(filters.range_end)) &&
        among(['actions'], [action.name]) &&
        among(['actor_ids'], [actor.id]) &&
        among(['actors', 'actor_names'], [actor.name]) &&
        among(
          ['targets'],
          targets.map((target) => target.type),
        )
      );
    })
    .map(({ id, occurred_at: at, action, actor, targets, context }) => [
      id,
      at,
      action.name,
      actor.id,
      actor.name,
      targets.map((target) => `${target.type}:${target.id}`).join(' '),
      context?.location,
    ]);
  return [['id', 'occurred_at', 'action', 'actor_id', 'actor_name', 'targets', 'location'], ...rows]
    .map((row) => row.map(quoted).join(','))
    .join('\n');
}

const toArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const getExport = shaping(
  'audit log export file',
  ['GET /audit_logs/exports/{auditLogExportId}'],
  'has extra members and a url without a file; here the url holds the file itself',
  ({ object, id, created_at, updated_at, filters }, { records }) => ({
    object,
    id,
    state: 'ready',
    url: `data:text/csv;charset=utf-8,${encodeURIComponent(toCsv(toFields(filters), records))}`,
    created_at,
    updated_at,
  }),
);

export const auditLogGaps: readonly Gap[] = [createEvent, createExport, getExport];
