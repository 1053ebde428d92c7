import type { Collection, Entity, Store } from 'workos-emulator/core/index.js';
import type {
  WorkOSAuditLogEvent,
  WorkOSAuthenticationChallenge,
  WorkOSOrganization,
  WorkOSStore,
  WorkOSUser,
} from 'workos-emulator/workos/index.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** One request, read once. `id` is the value of the route's placeholder, '' when it has none. */
export type GapRequest = {
  readonly method: string;
  readonly path: string;
  readonly id: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: JsonObject;
};

export type GapReply = { readonly status: number; readonly body?: unknown };
export type Next = (call: GapRequest) => Promise<GapReply>;

export type Factor = Entity & {
  readonly object: 'authentication_factor';
  readonly type: string;
  readonly user_id?: string;
  readonly sms?: { readonly phone_number: string };
  readonly totp?: { readonly issuer: string; readonly user: string };
};

/** The emulator's store, with the fields that the specification has and the emulator's entities lack. */
export type Records = Omit<
  WorkOSStore,
  'users' | 'organizations' | 'authFactors' | 'authChallenges' | 'auditLogEvents'
> & {
  readonly users: Collection<WorkOSUser & { name?: string | null }>;
  readonly organizations: Collection<WorkOSOrganization & { allow_profiles_outside_organization?: boolean }>;
  readonly authFactors: Collection<Factor>;
  readonly authChallenges: Collection<WorkOSAuthenticationChallenge & { wrong_codes?: number }>;
  readonly auditLogEvents: Collection<WorkOSAuditLogEvent & { context?: JsonObject }>;
};

export type World = { readonly store: Store; readonly records: Records };

/** A difference between the emulator and the specification on some routes, and the layer that corrects it. */
export type Gap = {
  readonly name: string;
  readonly routes: readonly string[];
  readonly reason: string;
  fill(call: GapRequest, next: Next, world: World): GapReply | Promise<GapReply>;
};

export const succeeded = (answer: GapReply): boolean => answer.status < 300;

// Bodies are JSON, and the members of an object are not known, hence the assertion.
export const toFields = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

export const toItems = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.map(toFields) : []);

/** A non-empty string. An empty string, and a value that is absent or of another type, becomes undefined. */
export const toText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

export const isEmail = (value: unknown): boolean =>
  typeof value === 'string' && /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value);

/** The object without the named members. */
export const without = (item: JsonObject, ...names: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !names.includes(name)));

/** Whether the value is valid metadata of a user or an organization. */
export const isMetadata = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (typeof value === 'object' &&
    Object.keys(value).length <= 50 &&
    Object.entries(value).every(([key, item]) => key.length <= 40 && typeof item === 'string' && item.length <= 600));

/** A gap that only changes the object, or every object of the list, in a successful answer. */
export function shaping(
  name: string,
  routes: readonly string[],
  reason: string,
  shape: (item: JsonObject, world: World) => JsonObject,
): Gap {
  return {
    name,
    routes,
    reason,
    async fill(call, next, world) {
      const answer = await next(call);
      if (!succeeded(answer)) return answer;
      const body = toFields(answer.body);
      const shaped =
        body.object === 'list'
          ? { ...body, data: toItems(body.data).map((item) => shape(item, world)) }
          : shape(body, world);
      return { ...answer, body: shaped };
    },
  };
}
