import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { exportJWK, type JWTPayload, SignJWT } from 'jose';
import { type KeyPair, newKey } from './issuer.ts';

export type ProviderState = {
  /** Who is signed in at the provider, and what is in their ID tokens beside what a provider puts in. */
  user: JWTPayload & { sub: string };
  /** Changes the claims of an ID token before it is signed; `undefined` leaves a claim out. */
  claims: (claims: JWTPayload) => JWTPayload;
  /** Signs in the place of its own key. */
  key: KeyPair | undefined;
  /** Keys that it publishes beside its own. */
  published: readonly KeyPair[];
  /** Whether it takes a code a second time, which it must not. */
  forgets: boolean;
  /** Members of what it says of itself. */
  metadata: Readonly<Record<string, unknown>>;
  /** Changes the address that it sends the browser back to. */
  back: (address: URL) => URL;
  /** The secret of the client; `undefined` for a public one. */
  secret: string | undefined;
  /** Answers the token request in the place of the provider. */
  token: ((response: ServerResponse) => void) | undefined;
};

type Code = {
  readonly clientId: string;
  readonly redirect: string;
  readonly challenge: string;
  readonly nonce: string;
};

const decodeForm = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));

/** A real OpenID provider on loopback, which a test can make answer wrongly. */
export async function openProvider({ clientId = 'client_console', secret = 'a secret of the provider' } = {}) {
  const own = await newKey('provider-1');
  const fresh = (): ProviderState => ({
    user: { sub: 'user_ada' },
    claims: (claims) => claims,
    key: undefined,
    published: [],
    forgets: false,
    metadata: {},
    back: (address) => address,
    secret,
    token: undefined,
  });
  const state = fresh();
  const codes = new Map<string, Code>();
  const asked: string[] = [];

  const json = (response: ServerResponse, status: number, value: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

  const authorize = ({ searchParams }: URL, response: ServerResponse) => {
    const part = (name: string) => searchParams.get(name) ?? '';
    const isFit =
      part('client_id') === clientId &&
      part('response_type') === 'code' &&
      part('scope').split(' ').includes('openid') &&
      part('code_challenge_method') === 'S256';
    if (!isFit) return response.writeHead(400).end('this request is not valid');
    const code = randomBytes(16).toString('base64url');
    const [redirect, challenge, nonce] = [part('redirect_uri'), part('code_challenge'), part('nonce')];
    codes.set(code, { clientId, redirect, challenge, nonce });
    const back = new URL(redirect);
    back.search = String(new URLSearchParams({ code, state: part('state'), iss: url }));
    return response.writeHead(302, { location: state.back(back).href }).end();
  };

  /** Whether the client says who it is by a method that the metadata have. Basic is meant where they have none. */
  const isClient = ({ headers }: IncomingMessage, form: URLSearchParams): boolean => {
    const methods = [state.metadata.token_endpoint_auth_methods_supported ?? 'client_secret_basic'].flat();
    const [, basic] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? [];
    if (basic !== undefined) {
      const given = Buffer.from(basic, 'base64').toString().split(':').map(decodeForm);
      return methods.includes('client_secret_basic') && given[0] === clientId && given[1] === state.secret;
    }
    if (form.get('client_id') !== clientId) return false;
    const given = form.get('client_secret');
    return given === null ? methods.includes('none') : methods.includes('client_secret_post') && given === state.secret;
  };

  const token = async (request: IncomingMessage, response: ServerResponse) => {
    const form = new URLSearchParams(await text(request));
    if (state.token !== undefined) return state.token(response);
    if (!isClient(request, form)) return json(response, 401, { error: 'invalid_client' });
    const given = form.get('code') ?? '';
    const code = codes.get(given);
    if (!state.forgets) codes.delete(given);
    const verifier = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (code === undefined || code.redirect !== form.get('redirect_uri') || code.challenge !== verifier)
      return json(response, 400, { error: 'invalid_grant' });
    const now = Math.floor(Date.now() / 1_000);
    const usual = { iss: url, aud: clientId, iat: now, exp: now + 300, nonce: code.nonce, ...state.user };
    const { kid, alg, privateKey } = state.key ?? own;
    const idToken = await new SignJWT(JSON.parse(JSON.stringify(state.claims(usual))))
      .setProtectedHeader({ alg, kid })
      .sign(privateKey);
    return json(response, 200, { access_token: 'at', token_type: 'Bearer', expires_in: 300, id_token: idToken });
  };

  const server = createServer(async (request, response) => {
    const address = new URL(request.url ?? '/', url);
    asked.push(`${request.method} ${address.pathname}`);
    if (address.pathname === '/.well-known/openid-configuration') {
      return json(response, 200, {
        issuer: url,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        jwks_uri: `${url}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256', 'RS384', 'ES256'],
        authorization_response_iss_parameter_supported: true,
        ...state.metadata,
      });
    }
    if (address.pathname === '/jwks') {
      const keys = [own, ...state.published].map(async ({ publicKey, kid }) => ({
        ...(await exportJWK(publicKey)),
        kid,
        use: 'sig',
      }));
      return json(response, 200, { keys: await Promise.all(keys) });
    }
    if (address.pathname === '/authorize') return authorize(address, response);
    if (address.pathname === '/token') return token(request, response);
    return response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${Object(server.address()).port}`;

  return {
    url,
    clientId,
    secret,
    state,
    /** `METHOD path` of each request, the oldest first. */
    asked,
    key: own,
    reset: () => void Object.assign(state, fresh()),
    /** What a browser does that is signed in there: where it is sent back to. */
    visit: async (address: string): Promise<URL> => {
      const response = await fetch(address, { redirect: 'manual' });
      const location = response.headers.get('location');
      if (location === null) throw new Error(`the provider answered ${response.status}: ${await response.text()}`);
      return new URL(location);
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export type Provider = Awaited<ReturnType<typeof openProvider>>;
