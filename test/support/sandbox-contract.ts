import { faults, type Operation, operationOf, partsOf, type Schema, specifications, type Version } from './openapi.ts';

// Answers that an official file does not document, each with its reason. An unused entry fails.
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'both PUT /user_management/users/{id} 404': 'documented for GET and DELETE only, and an unknown user has to be told',
  'both POST /organization_domains 404': 'an unknown organization',
  'both POST /organization_domains/{id}/verify 404': 'an unknown domain',
  'both DELETE /organizations/{id} 404': 'an unknown organization',
  'both DELETE /directories/{id} 404': 'an unknown directory',
  'both GET /user_management/users/{userlandUserId}/auth_factors 404': 'an unknown user',
  'both GET /organizations 401': 'no operation documents a missing or wrong key',
  'npm event api_key.updated': 'newer',
  'npm POST /user_management/users 400 password_salt_position_requires_password_hash': 'newer',
  'npm POST /user_management/authenticate 400 verification_id_required': 'newer',
};

const said: Schema = { type: 'object', required: ['message'], properties: { message: { type: 'string' } } };
const coded = (code: string): Schema => ({
  allOf: [said, { type: 'object', required: ['code'], properties: { code: { const: code } } }],
});
const contact: Schema = {
  type: 'object',
  required: ['object', 'id', 'email', 'created_at', 'updated_at'],
  properties: {
    object: { const: 'it_contact' },
    id: { type: 'string' },
    email: { type: 'string' },
    created_at: { type: 'string', format: 'date-time' },
    updated_at: { type: 'string', format: 'date-time' },
  },
};
const contacts: Schema = {
  type: 'object',
  required: ['object', 'data', 'list_metadata'],
  properties: { object: { const: 'list' }, data: { type: 'array', items: contact }, list_metadata: {} },
};
const CONTACTS = '/organizations/{organization_id}/it_contacts';
const errors = { 404: { schema: said }, 422: { schema: said } };

/** Operations that are newer than both files, as WorkOS's file of after 2026-09-28 has them: typed by hand. */
const NEWEST: Readonly<Record<string, Operation['responses']>> = {
  [`GET ${CONTACTS}`]: { ...errors, 200: { schema: contacts } },
  [`POST ${CONTACTS}`]: {
    ...errors,
    201: { schema: contact },
    409: { schema: coded('it_contact_already_exists') },
  },
  [`DELETE ${CONTACTS}/{contact_id}`]: { ...errors, 204: {} },
  [`POST ${CONTACTS}/{contact_id}/invite`]: {
    ...errors,
    204: {},
    409: { schema: coded('it_contact_invitation_already_active') },
  },
  [`POST ${CONTACTS}/{contact_id}/revoke`]: { ...errors, 204: {} },
};

/** A route as the official files write it, or as that newest one does. */
export function toOfficial(route: string): string {
  const [method = ''] = route.split(' ');
  const isIt = (other: string) => other.replace(/\{\w+\}/g, '{}') === route.replace(/\{\w+\}/g, '{}');
  const path = operationOf(route)?.path;
  return path === undefined ? (Object.keys(NEWEST).find(isIt) ?? route) : `${method} ${path}`;
}

/** Members that npm's file lacks, by the kind of their object. */
const NEWER: Readonly<Record<string, string>> = {
  user: 'name',
  organization_membership: 'roles',
  api_key: 'expires_at',
};

/** Checks answers of the sandbox against the official files, and counts the exceptions that this takes. */
export function createContract() {
  const used = new Set<string>();
  const closed = new WeakMap<Schema, Schema>();
  const frames = new WeakMap<Schema, Schema>();
  /** The same schema each time, so that it is compiled once. */
  const remembered = (of: Schema, made: Schema): Schema => {
    const kept = frames.get(of) ?? made;
    frames.set(of, kept);
    return kept;
  };
  const closedOnce = (schema: Schema, version: Version): Schema => {
    const kept = closed.get(schema) ?? (close(schema, version) as Schema);
    closed.set(schema, kept);
    return kept;
  };

  /** Allows no member beyond the documented ones: an object that says nothing of other members has none. */
  function close(schema: unknown, version: Version, isPart = false): unknown {
    if (Array.isArray(schema)) return schema.map((item) => close(item, version));
    if (typeof schema !== 'object' || schema === null) return schema;
    const made = Object.fromEntries(
      Object.entries(schema).map(([key, value]) => [
        key,
        key === 'allOf' && Array.isArray(value)
          ? value.map((item) => close(item, version, true))
          : close(value, version),
      ]),
    );
    const { properties, type, additionalProperties } = made;
    const isObject = typeof properties === 'object' && type === 'object';
    const newer = version === 'npm' ? NEWER[Object(properties).object?.const] : undefined;
    if (newer !== undefined && !Object.hasOwn(Object(properties), newer)) {
      used.add(newer);
      Object.assign(Object(properties), { [newer]: {} });
    }
    return isObject && !isPart && additionalProperties === undefined ? { ...made, unevaluatedProperties: false } : made;
  }

  /** Each event by the schema of its own type: to compile those of all 111 together takes seconds. */
  function eventFaults(version: Version, list: Schema, body: unknown): readonly string[] {
    const { data = {}, ...others } = list.properties ?? {};
    const types = partsOf(data.items ?? {});
    const events: readonly unknown[] = Object(body).data;
    return [
      ...faults(closedOnce(remembered(list, { ...list, properties: { ...others, data: {} } }), version), body),
      ...events.flatMap((event) => {
        const type = String(Object(event).event);
        const schema = types.find(({ properties }) => properties?.event?.const === type);
        if (schema !== undefined) return faults(closedOnce(schema, version), event).map((text) => `${type}${text}`);
        const key = `${version} event ${type}`;
        used.add(key);
        return Object.hasOwn(EXCEPTIONS, key) ? [] : [`no event ${type}`];
      }),
    ];
  }

  /** In what an answer breaks an official file; undefined if in nothing, or if the file lacks the operation. */
  function breach(version: Version, route: string, status: number, body: unknown): string | undefined {
    const known = specifications.find((one) => one.version === version)?.operation(route)?.responses ?? NEWEST[route];
    if (known === undefined) return undefined;
    const response = known[status];
    if (response === undefined) return `${status} is not documented`;
    const { schema } = response;
    if (schema === undefined || body === undefined)
      return (schema === undefined) === (body === undefined) ? undefined : 'a body where none belongs';
    const found =
      route === 'GET /events' && status < 300
        ? eventFaults(version, schema, body)
        : faults(status < 300 ? closedOnce(schema, version) : schema, body);
    return found.length === 0 ? undefined : found.join(', ');
  }

  return {
    /** Throws where the answer is not as documented. `route` is written as in the official file. */
    check(route: string, status: number, body: unknown): void {
      // Where npm's file alone is here, it is not known whether the newer one has the route.
      const isWhole = specifications.some(({ version }) => version === '0.61.0');
      if (isWhole && !specifications.some(({ operation }) => operation(route) !== undefined) && !NEWEST[route])
        throw new Error(`no ${route}`);
      for (const { version } of specifications) {
        const found = breach(version, route, status, body);
        if (found === undefined) continue;
        const keys = [`both ${route} ${status}`, `${version} ${route} ${status} ${Object(body).code}`];
        const key = keys.find((name) => Object.hasOwn(EXCEPTIONS, name));
        if (key === undefined)
          throw new Error(`${route} ${status}, ${version} edition: ${found}\n${JSON.stringify(body)}`);
        used.add(key);
      }
    },
    /** The exceptions that nothing needed. */
    unused: (): readonly string[] =>
      [...Object.keys(EXCEPTIONS), ...Object.values(NEWER)].filter((entry) => !used.has(entry)),
  };
}
