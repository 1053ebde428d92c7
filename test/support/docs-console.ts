import { openTestConsole, toApprover, toConsoleConfig } from './console.ts';
import type { Answer, Sent } from './console-client.ts';
import { openProvider, type ProviderState } from './openid-provider.ts';

type ConsoleRow = readonly [when: string, status: string, message: string];

/** A request that the console refuses. */
type RefusedByConsole = readonly [when: string, ask: () => Promise<Answer>];

const HTTPS = 'https://console.acme.example';

/** What the page of a refusal says below its heading. */
const textOf = ({ body }: Answer): string =>
  (/<\/h1>(.*)<\/main>/s.exec(body)?.[1] ?? '')
    .replace(/<[^>]+>/g, '')
    .replace(/\s+/g, ' ')
    .replaceAll('&#39;', "'")
    .trim();

/** The refusals of the console, by a console in this process and a real issuer. */
export async function runConsoleRefusals(): Promise<readonly ConsoleRow[]> {
  const provider = await openProvider();
  let secret: () => string = () => provider.secret;
  let canRecord = true;
  const console = await openTestConsole({
    url: HTTPS,
    clientSecretOf: () => secret(),
    record: {
      append: async () => {
        if (!canRecord) throw new Error('the disk is full');
        return 1;
      },
      head: () => ({ run: '', seq: 0, hash: '' }),
    },
  });
  const issuer = {
    name: 'staff',
    issuer: provider.url,
    jwksUrl: `${provider.url}/jwks`,
    algorithms: ['RS256'] as const,
    m2mAudience: undefined as string | undefined,
    environment: undefined,
    signIn: { clientId: provider.clientId, clientSecretEnv: undefined, clientSecretFile: undefined },
  };
  const approvers = [toApprover('ada'), { ...toApprover('grace'), person: { issuer: 'staff', sub: 'user_ada' } }];
  const reset = () => {
    console.state.config = toConsoleConfig({ issuers: [issuer], approvers });
    console.state.now = Date.now();
    secret = () => provider.secret;
    canRecord = true;
    provider.reset();
  };
  reset();
  const ada = await console.signIn('ada');
  const get = (headers: Sent['headers'], path = '/waiting') =>
    console.send(path, { headers: { ...ada.session, ...headers } });
  const post = (sent: Sent) =>
    console.send('/sign-out', { form: { token: ada.token }, ...sent, headers: { ...ada.session, ...sent.headers } });
  const signIn = async (state: Partial<ProviderState> = {}, meanwhile = () => {}, path = '/signed-in/staff') => {
    Object.assign(provider.state, state);
    const begun = await console.send('/sign-in', { form: { issuer: 'staff' } });
    const address = /data-goes href="([^"]+)"/.exec(begun.body)?.[1];
    if (address === undefined) return begun;
    const { searchParams } = await provider.visit(address.replaceAll('&amp;', '&'));
    meanwhile();
    const headers = console.carry(console.tokenIn(begun, 'attempt') ?? '', 'attempt');
    return console.send(path, { headers, form: Object.fromEntries(searchParams) });
  };
  const withClaims = (changed: object) => signIn({ claims: (claims) => ({ ...claims, ...changed }) });

  const refused: readonly RefusedByConsole[] = [
    ['Another `Host` than that of `--console-url`', () => get({ host: 'evil.example' })],
    ["An agent's token", () => get({ authorization: 'Bearer wmcp_x' })],
    ['A session in a header, where people open the console over https', () => get({ 'x-console-session': 'x' })],
    ['More than 200 headers', () => get(Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`x-${n}`, ''])))],
    ['Another path', () => get({}, '/mcp')],
    ['Another method', () => post({ method: 'PUT' })],
    [
      'A page of another origin loads one of the console as a frame, a script or by `fetch`',
      () => get({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }),
    ],
    ['A form of another origin, or of another port', () => post({ headers: { origin: 'https://evil.example' } })],
    ['A form without `Sec-Fetch-Site`', () => post({ headers: { 'sec-fetch-site': undefined } })],
    ['A form of another type', () => post({ headers: { 'content-type': 'text/plain' } })],
    ['A form over 16 KiB', () => post({ form: { token: 'x'.repeat(17_000) } })],
    ['A form of an earlier sign-in', () => post({ form: { token: 'x' } })],
    ['A link that is used, too old or of another server', () => console.send('/link', { form: { link: 'x' } })],
    [
      'The record cannot be written',
      () => {
        canRecord = false;
        return console.send('/link', { form: { link: console.toLink('ada') } });
      },
    ],
    ['A sign-in by an issuer that is not in the file', () => console.send('/sign-in', { form: { issuer: 'x' } })],
    [
      'A sign-in by an issuer without `sign-in`',
      () => {
        console.state.config = toConsoleConfig({ issuers: [{ ...issuer, signIn: undefined }], approvers });
        return signIn();
      },
    ],
    [
      'The client secret is gone',
      () => {
        secret = () => {
          throw new Error('it is gone');
        };
        return signIn();
      },
    ],
    [
      'The issuer is not there',
      () => {
        const away = { ...issuer, issuer: 'http://127.0.0.1:9' };
        console.state.config = toConsoleConfig({ issuers: [away], approvers });
        return signIn();
      },
    ],
    [
      'The addresses that the issuer names are plain http',
      () => {
        console.state.config = toConsoleConfig({ issuers: [{ ...issuer, m2mAudience: 'x' }], approvers });
        return signIn({ metadata: { token_endpoint: 'http://sso.acme.example/token' } });
      },
    ],
    [
      'The issuer leads back to another window, or after ten minutes',
      () =>
        signIn({}, () => {
          console.state.now += 600_000;
        }),
    ],
    ['The issuer leads back to the address of another one', () => signIn({}, () => {}, '/signed-in/other')],
    [
      'A reload has removed the issuer meanwhile',
      () =>
        signIn({}, () => {
          console.state.config = toConsoleConfig({ approvers });
        }),
    ],
    [
      'The person refuses at the issuer',
      () =>
        signIn({
          back: (address) => {
            address.searchParams.delete('code');
            address.searchParams.set('error', 'access_denied');
            return address;
          },
        }),
    ],
    ['An ID token for another application', () => withClaims({ aud: 'client_other' })],
    ['An ID token that was issued in the future', () => withClaims({ iat: Math.floor(Date.now() / 1_000) + 120 })],
    ['An ID token of an impersonation', () => withClaims({ act: { sub: 'user_admin' } })],
    ['An ID token with another azp', () => withClaims({ azp: 'client_other' })],
    ['An ID token with a sub over 255 characters', () => withClaims({ sub: 'x'.repeat(256) })],
    ['A person who is not an approver', () => withClaims({ sub: 'user_eve' })],
  ];
  try {
    const rows: ConsoleRow[] = [];
    for (const [when, ask] of refused) {
      reset();
      const answer = await ask();
      if (answer.status < 400) throw new Error(`${when}: it is served`);
      rows.push([when, `${answer.status}`, textOf(answer)]);
    }
    return rows;
  } finally {
    await Promise.all([console.close(), provider.close()]);
  }
}
