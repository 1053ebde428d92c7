import type { Collection, Entity, Store } from 'workos-emulator/core/index.js';
import type {
  WorkOSAuditLogEvent,
  WorkOSAuthenticationChallenge,
  WorkOSAuthorizationResource,
  WorkOSInvitation,
  WorkOSOrganization,
  WorkOSOrganizationMembership,
  WorkOSSession,
  WorkOSStore,
  WorkOSUser,
} from 'workos-emulator/workos/index.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** One request, read once. */
export type GapRequest = {
  readonly method: string;
  readonly path: string;
  /** The value of the route's first placeholder, '' when it has none. */
  readonly id: string;
  /** The values of all its placeholders, in their order. */
  readonly ids: readonly string[];
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

export type ApiKey = Entity & {
  readonly object: 'api_key';
  readonly owner: { readonly type: 'organization' | 'user'; readonly id: string; readonly organization_id?: string };
  readonly name: string;
  /** The secret value. */
  readonly key: string;
  readonly environment: string;
  readonly last_used_at: string | null;
  readonly expires_at: string | null;
  readonly permissions: readonly string[];
};

export type ItContact = Entity & {
  readonly object: 'it_contact';
  readonly organization_id: string;
  readonly email: string;
  /** What the active invitation is for; absent without one. */
  readonly intents?: readonly string[] | undefined;
  /** How often events were listed since that invitation. */
  readonly looks?: number;
};

export type EmailChange = Entity & { readonly user_id: string; readonly email: string; readonly expires_at: string };

type Membership = WorkOSOrganizationMembership & { roles?: readonly { readonly slug: string }[] };
type Invitation = WorkOSInvitation & {
  readonly accepted_at?: string;
  readonly revoked_at?: string;
  readonly accepted_user_id?: string;
};
type Session = WorkOSSession & {
  readonly auth_method?: string;
  readonly status?: 'expired' | 'revoked';
  readonly expires_at?: string;
  readonly ended_at?: string;
  readonly impersonator?: { readonly email: string; readonly reason: string };
};
type Resource = WorkOSAuthorizationResource & { readonly name: string; readonly parent_resource_id: string };

/** The collections to which the sandbox adds fields that the specification has and the emulator's entities lack. */
type Extended = {
  readonly users: Collection<WorkOSUser & { name?: string | null }>;
  readonly organizations: Collection<WorkOSOrganization & { allow_profiles_outside_organization?: boolean }>;
  readonly organizationMemberships: Collection<Membership>;
  readonly invitations: Collection<Invitation>;
  readonly sessions: Collection<Session>;
  readonly authFactors: Collection<Factor>;
  readonly authChallenges: Collection<WorkOSAuthenticationChallenge & { wrong_codes?: number }>;
  readonly authorizationResources: Collection<Resource>;
  readonly auditLogEvents: Collection<WorkOSAuditLogEvent & { context?: JsonObject }>;
  readonly apiKeyRecords: Collection<ApiKey>;
};

/** What only the sandbox keeps. */
export type Own = {
  readonly itContacts: Collection<ItContact>;
  readonly emailChanges: Collection<EmailChange>;
};

export type Records = Omit<WorkOSStore, keyof Extended> & Extended & Own;

export type World = { readonly store: Store; readonly records: Records };

/** A difference between the emulator and the specification on some routes, and the layer that corrects it. */
export type Gap = {
  readonly name: string;
  readonly routes: readonly string[];
  readonly reason: string;
  fill(call: GapRequest, next: Next, world: World): GapReply | Promise<GapReply>;
};

/** Routes that the sandbox answers itself, each a gap of its own. */
export const serving = (
  reason: string,
  routes: Readonly<Record<string, (call: GapRequest, world: World) => GapReply>>,
): readonly Gap[] =>
  Object.entries(routes).map(([route, serve]) => ({
    name: route,
    routes: [route],
    reason,
    fill: (call, _next, world) => serve(call, world),
  }));

export const fault = (status: number, code: string, message: string): GapReply => ({ status, body: { code, message } });
export const invalid = (message: string): GapReply => fault(422, 'invalid_request_parameters', message);
export const unknown = (kind: string, id: string): GapReply => ({
  status: 404,
  body: { message: `There is no ${kind} '${id}'.` },
});

/** Records an event, in the form of the specification. */
export function record({ records }: World, event: string, data: JsonObject): void {
  records.events.insert({ object: 'event', event, data: { ...data }, environment_id: null });
}

/**
 * Corrects what a write has left in the store. The write and its correction are one event: the one that the emulator
 * recorded, with the object as it is in the end.
 */
export function correct({ records }: World, id: string, change: () => void): void {
  const before = records.events.all();
  change();
  const first = before.findLast(({ data }) => data.id === id);
  for (const late of records.events.all().slice(before.length)) {
    if (first === undefined || late.data.id !== id) continue;
    records.events.update(first.id, { data: late.data });
    records.events.delete(late.id);
  }
}

export const succeeded = (answer: GapReply): boolean => answer.status < 300;

// Bodies are JSON, and the members of an object are not known, hence the assertion.
export const toFields = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

export const toTexts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

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
