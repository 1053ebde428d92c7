import { faults, type Schema, specifications, type Version } from './openapi.ts';

// Answers that an official file does not document, each with its reason. An unused entry fails.
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'both PUT /user_management/users/{id} 404': 'documented for GET and DELETE only, and an unknown user has to be told',
  'both POST /organization_domains 404': 'an unknown organization',
  'both POST /organization_domains/{id}/verify 404': 'an unknown domain',
  'both DELETE /organizations/{id} 404': 'an unknown organization',
  'both DELETE /directories/{id} 404': 'an unknown directory',
  'both GET /organizations 401': 'no operation documents a missing or wrong key',
  'npm POST /user_management/users 400 password_salt_position_requires_password_hash': 'newer',
  'npm POST /user_management/authenticate 400 verification_id_required': 'newer',
};

/** Members that npm's file lacks, by the kind of their object. */
const NEWER: Readonly<Record<string, string>> = { user: 'name' };

/** Checks answers of the sandbox against the official files, and counts the exceptions that this takes. */
export function createContract() {
  const used = new Set<string>();
  const closed = new WeakMap<Schema, Schema>();
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

  /** In what an answer breaks an official file; undefined if in nothing, or if the file lacks the operation. */
  function breach(version: Version, route: string, status: number, body: unknown): string | undefined {
    const operation = specifications.find((one) => one.version === version)?.operation(route);
    if (operation === undefined) return undefined;
    const response = operation.responses?.[status];
    if (response === undefined) return `${status} is not documented`;
    const { schema } = response;
    if (schema === undefined || body === undefined)
      return (schema === undefined) === (body === undefined) ? undefined : 'a body where none belongs';
    const found = faults(status < 300 ? closedOnce(schema, version) : schema, body);
    return found.length === 0 ? undefined : found.join(', ');
  }

  return {
    /** Throws where the answer is not as documented. `route` is written as in the official file. */
    check(route: string, status: number, body: unknown): void {
      if (!specifications.some(({ operation }) => operation(route) !== undefined)) throw new Error(`no ${route}`);
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
