import type { Catalog } from '../../catalog/catalog.ts';
import { systemClock } from '../../clock.ts';
import { parseJson } from '../../json.ts';
import type { Env } from '../../settings/sources.ts';
import type { Connection } from '../../start/connection.ts';
import { authorize } from '../../workos/authorize.ts';
import type { Reply } from '../../workos/layer.ts';
import { toRequest } from '../../workos/request.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Milliseconds that the read may take. */
const READ = 10_000;

/** Milliseconds that the clocks may differ: tokens and one-time codes hold for minutes at least. */
const SKEW = 60_000;

const KEYS = 'https://dashboard.workos.com/api-keys';

export type ReadDeps = {
  readonly catalog: Catalog;
  readonly version: string;
  readonly env: Env;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** One harmless read, the way that calls go, once; and how far the clocks are apart. */
export async function checkRead(
  name: string | undefined,
  { environment, transport }: Connection,
  { catalog, version, env, now }: ReadDeps,
): Promise<readonly Finding[]> {
  const check = name === undefined ? 'read' : `read in ${name}`;
  const tool = catalog.tools.find((candidate) => candidate.name === catalog.probe.tool);
  if (tool === undefined) throw new Error('there is nothing to read with');
  const send = authorize(environment.apiKey, `workos-mcp/${version}`)(transport.send);
  let reply: Reply;
  try {
    reply = await send(toRequest(tool, catalog.probe.args, environment), {
      signal: new AbortController().signal,
      deadline: systemClock.now() + READ,
      agent: 'doctor',
      repeat: 'never',
      slots: [],
    });
  } catch (error) {
    if (!(error instanceof Error && error.name === 'TransportError')) throw error;
    const { host, hostname } = new URL(environment.baseUrl);
    return [fail(check, `${host}: ${error.message}.`, toNetworkFix(error.message, hostname, env))];
  } finally {
    await transport.close();
  }
  const findings = [toFinding(check, reply, `${tool.name} answered`)];
  if (name === undefined && environment.label !== 'sandbox') findings.push(checkClock(reply.headers.date, now()));
  return findings;
}

const PROXIES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];

const ONLINE = 'Check that this computer is online, and WORKOS_BASE_URL if it is set.';
const CA =
  'Whoever opens TLS on the way (a proxy of your company?) has a CA of its own: set NODE_EXTRA_CA_CERTS to it.';

/** What to do, by how the transport says what went wrong. */
const NETWORK: readonly (readonly [said: RegExp, fix: (host: string) => string])[] = [
  [/could not be looked up/, () => 'No DNS server answers: check that this computer is online.'],
  [/host name/, (host) => `No DNS server knows ${host}: check WORKOS_BASE_URL, and that this computer is online.`],
  [/refused/, (host) => `Nothing listens there: check WORKOS_BASE_URL, or start what should listen on ${host}.`],
  [/\(CERT_(HAS_EXPIRED|NOT_YET_VALID)\)/, () => "Check this computer's clock first, then the certificate."],
  [/ALTNAME/, (host) => `What answers there is not ${host}: check WORKOS_BASE_URL, and for a proxy in between.`],
  [/TLS/, () => CA],
  [/in time|within/, (host) => `Something swallows it, a firewall most often: let this computer reach ${host}.`],
  [/unreachable|no connection/, () => ONLINE],
  [
    /reset|dropped|truncated/,
    (host) => `Try again; if it stays so, look for a firewall or proxy between here and ${host}.`,
  ],
];

function toNetworkFix(said: string, host: string, env: Env): string {
  const fix = NETWORK.find(([pattern]) => pattern.test(said))?.[1](host) ?? ONLINE;
  const proxy = PROXIES.find((name) => (env[name] ?? '') !== '');
  const isLocal = /^(localhost|127\.|\[::1\])/.test(host);
  if (proxy === undefined || isLocal) return fix;
  return `${fix} ${proxy} is set, but requests to WorkOS do not go through proxies: open a direct way to ${host}.`;
}

function toFinding(check: string, { status, body }: Reply, told: string): Finding {
  if (status === 200) {
    const parsed = parseJson(body);
    if (Array.isArray(Object(Object(parsed).value).data)) return ok(check, told);
    return fail(
      check,
      'What answers there is not WorkOS.',
      'Check WORKOS_BASE_URL, and for a login page of the network.',
    );
  }
  const said = `WorkOS answered ${status}`;
  if (status === 401) {
    return fail(check, `${said}: it does not know the key.`, `It was revoked or is cut short: copy one from ${KEYS}.`);
  }
  if (status === 403) {
    const fix = `Give it more under ${KEYS}, if tools that are on need that; else nothing is wrong.`;
    return warn(check, `${said}: the key may not list organizations.`, fix);
  }
  if (status === 429) {
    return warn(check, `${said}: too many requests.`, 'Try again in a minute; something else uses the key a lot.');
  }
  if (status >= 500) {
    return fail(check, `${said}: the trouble is there.`, 'Try again in a minute, and see https://status.workos.com.');
  }
  const where = status >= 300 && status < 400 ? ', which leads elsewhere and is not followed' : '';
  return fail(
    check,
    `${said}${where}.`,
    'Check WORKOS_BASE_URL: it is https://api.workos.com, unless you know better.',
  );
}

function checkClock(date: string | undefined, now: number): Finding {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return ok('clock', 'not compared: the answer had no date');
  const skew = now - theirs;
  const seconds = Math.round(Math.abs(skew) / 1_000);
  if (Math.abs(skew) <= SKEW) return ok('clock', `within ${Math.max(1, seconds)} s of WorkOS's`);
  return warn(
    'clock',
    `${seconds} s ${skew < 0 ? 'behind' : 'ahead of'} WorkOS's.`,
    'Let this computer set its clock by the network (NTP): tokens and one-time codes go wrong.',
  );
}
