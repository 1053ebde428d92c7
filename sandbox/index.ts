import { Hono } from 'hono';
import { createApiErrorHandler, generateId, JWTManager, Store } from 'workos-emulator/core/index.js';
import {
  getWorkOSStore,
  type WorkOSDirectoryGroup,
  type WorkOSEvent,
  type WorkOSInvitation,
  workosPlugin,
} from 'workos-emulator/workos/index.js';
import type { Gap, GapReply, GapRequest, JsonObject, Next, Own, World } from './gap.ts';
import { toFields } from './gap.ts';
import { gaps } from './gaps.ts';
import { apiKey, clientId, plant } from './seed.ts';

export type { Gap } from './gap.ts';
export { gaps } from './gaps.ts';
export { ids } from './ids.ts';
export { constants } from './seed.ts';

export type Sandbox = {
  readonly apiKey: string;
  readonly clientId: string;
  fetch(request: Request): Promise<Response>;
};

const baseUrl = 'https://workos.test';

// Routes that the emulator serves without a key: their requests carry a client secret, a code or a token.
const open = /^\/(sso\/|user_management\/(authorize|authenticate|sessions\/(logout|jwks\/.*))$)/;

/**
 * WorkOS in this process: the official emulator's routes on a store of their own, behind the layers that fill its gaps.
 * The emulator's own server is not used: it listens on every interface, and it refuses each 1,000th request of a
 * minute. WorkOS has no such limit, and it cannot be switched off.
 * @param signer of tokens; several sandboxes may share one
 * @param opened the time from which the ages of sessions, invitations, keys and events are counted
 */
export function openSandbox(
  layers: readonly Gap[] = gaps,
  signer: JWTManager = createSigner(),
  opened: Date = new Date(),
): Sandbox {
  const store = new Store();
  const app: Parameters<typeof workosPlugin.register>[0]['app'] = new Hono();
  app.onError(createApiErrorHandler());
  // 404 would read as if WorkOS had looked for the object.
  app.notFound(({ req }) =>
    Response.json(
      { code: 'not_implemented', message: `The sandbox does not serve ${req.method} ${req.path}.` },
      { status: 501 },
    ),
  );
  nameCollections(store);
  workosPlugin.register({ app, store, jwt: signer, baseUrl });
  // The same collections: the sandbox's type only adds the members that the sandbox stores in them.
  const emulated = getWorkOSStore(store) as unknown as Omit<World['records'], keyof Own>;
  const own: Own = {
    itContacts: store.collection('sandbox.it_contacts', 'it_contact', ['organization_id']),
    emailChanges: store.collection('sandbox.email_changes', 'email_change', ['user_id']),
  };
  const records = { ...emulated, ...own };
  const world = { store, records };
  plant(records, opened);

  const emulate: Next = async ({ method, path, query, headers, body }) => {
    const hasBody = (method !== 'GET' && method !== 'DELETE') || Object.keys(body).length > 0;
    const request = new Request(`${baseUrl}${path}?${query}`, {
      method,
      headers: { ...pick(headers, 'authorization', 'user-agent'), 'content-type': 'application/json' },
      ...(hasBody && { body: JSON.stringify(body) }),
    });
    const response = await app.fetch(request);
    const text = await response.text();
    return { status: response.status, ...(text !== '' && { body: JSON.parse(text) }) };
  };

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (!open.test(pathname) && request.headers.get('authorization') !== `Bearer ${apiKey}`)
      return Response.json({ message: 'Unauthorized', code: 'unauthorized' }, { status: 401 });
    const matching = layers.filter(({ routes }) =>
      routes.some((route) => idsIn(route, request.method, pathname) !== undefined),
    );
    const call = matching.length > 0 ? await toCall(request.clone(), matching) : undefined;
    if (!call) return app.fetch(request);
    return toResponse(await compose(matching, emulate, world)(call));
  }

  return {
    apiKey,
    clientId,
    async fetch(request) {
      const response = await answer(request);
      response.headers.set('x-request-id', generateId('req'));
      return response;
    },
  };
}

/** Created at its first use: generating the RSA key takes longer than everything else here together. */
export function createSigner(): JWTManager {
  let made: JWTManager | undefined;
  const manager = () => {
    made ??= new JWTManager(baseUrl);
    return made;
  };
  const jwt: Pick<JWTManager, 'sign' | 'verify' | 'getJWKS'> = {
    sign: (payload, options) => manager().sign(payload, options),
    verify: (token) => manager().verify(token),
    getJWKS: () => manager().getJWKS(),
  };
  // The emulator's routes call no other method, and a class with private members cannot be substituted without `as`.
  return jwt as JWTManager;
}

/** The emulator's collections whose IDs have another prefix than WorkOS's. They exist before the emulator asks for them. */
function nameCollections(store: Store): void {
  store.collection<WorkOSEvent>('workos.events', 'event', ['event']);
  store.collection<WorkOSInvitation>('workos.invitations', 'invitation', ['email', 'token', 'organization_id']);
  store.collection<WorkOSDirectoryGroup>('workos.directory_groups', 'directory_group', [
    'directory_id',
    'organization_id',
  ]);
}

const compose = (layers: readonly Gap[], last: Next, world: World): Next =>
  layers.reduceRight<Next>((next, layer) => async (call) => layer.fill(call, next, world), last);

/** The values of the route's placeholders, or undefined when the request is for another route. */
function idsIn(route: string, method: string, path: string): readonly string[] | undefined {
  if (!route.startsWith(`${method} `)) return undefined;
  const wanted = route.slice(method.length + 1).split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const isPlaceholder = (part: string) => part.startsWith('{');
  if (!wanted.every((part, index) => part === given[index] || (isPlaceholder(part) && given[index] !== '')))
    return undefined;
  return given.filter((_, index) => isPlaceholder(wanted[index] ?? '')).map(decodeURIComponent);
}

/** The request as the layers see it, or undefined when its body cannot be parsed: the emulator reports that itself. */
async function toCall(request: Request, [layer]: readonly Gap[]): Promise<GapRequest | undefined> {
  const { pathname: path, searchParams: query } = new URL(request.url);
  const ids =
    layer?.routes.map((route) => idsIn(route, request.method, path)).find((found) => found !== undefined) ?? [];
  const body = toBody(await request.text(), request.headers.get('content-type') ?? '');
  return body && { method: request.method, path, id: ids[0] ?? '', ids, query, headers: request.headers, body };
}

function toBody(text: string, type: string): JsonObject | undefined {
  if (text === '') return {};
  // The official SDK sends /sso/token as a form, which the emulator cannot read.
  if (type.startsWith('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(text));
  try {
    return toFields(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const pick = (headers: Headers, ...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (headers.has(name) ? [[name, headers.get(name) ?? '']] : [])));

const toResponse = ({ status, body }: GapReply): Response =>
  body === undefined ? new Response(null, { status }) : Response.json(body, { status });
