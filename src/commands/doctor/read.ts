import type { Catalog } from '../../catalog/catalog.ts';
import { systemClock } from '../../clock.ts';
import { parseJson } from '../../json.ts';
import type { Env } from '../../settings/sources.ts';
import type { EnvironmentConnection } from '../../start/connection.ts';
import { authorize } from '../../workos/authorize.ts';
import { TransportError } from '../../workos/errors.ts';
import type { Reply } from '../../workos/layer.ts';
import { toRequest } from '../../workos/request.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Milliseconds that the read may take. */
const READ_TIMEOUT_MS = 10_000;

/** Milliseconds that the clocks may differ: tokens and one-time codes hold for minutes at least. */
const MAX_CLOCK_SKEW_MS = 60_000;

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
  { environment, transport }: EnvironmentConnection,
  { catalog, version, env, now }: ReadDeps,
): Promise<readonly Finding[]> {
  const check = name === undefined ? 'read' : `read in ${name}`;
  const tool = catalog.tools.find((candidate) => candidate.name === catalog.probe.tool);
  if (tool === undefined) throw new Error('there is nothing to read with');
  const way = transport.proxy === undefined ? '' : ` through the proxy ${transport.proxy}`;
  const send = authorize(environment.apiKey, `workos-mcp/${version}`)(transport.send);
  let reply: Reply;
  try {
    reply = await send(toRequest(tool, catalog.probe.args, environment), {
      signal: new AbortController().signal,
      deadline: systemClock.now() + READ_TIMEOUT_MS,
      agent: 'doctor',
      repeat: 'never',
      slots: [],
    });
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    const url = new URL(environment.baseUrl);
    return [fail(check, `${url.host}${way}: ${error.message}.`, toNetworkFix(error, url, transport.proxy, env))];
  } finally {
    await transport.close();
  }
  const findings = [toFinding(check, reply, `${tool.name} answered${way}`)];
  if (name === undefined && environment.label !== 'sandbox') findings.push(checkClock(reply.headers.date, now()));
  return findings;
}

const ONLINE = 'Check that this computer is online, and WORKOS_BASE_URL if it is set.';

/** What to do, by how the transport says what went wrong, if the error has no remedy of its own. */
const NETWORK: readonly (readonly [said: RegExp, fix: (host: string) => string])[] = [
  [/refused/, (host) => `Nothing listens there: check WORKOS_BASE_URL, or start what should listen on ${host}.`],
  [
    /in time|within/,
    (host) => `Most likely a firewall drops the request: let this computer reach ${host}, or set HTTPS_PROXY.`,
  ],
  [/unreachable|no connection/, () => ONLINE],
  [
    /reset|dropped|truncated/,
    (host) => `Try again; if it stays so, look for a firewall or proxy between here and ${host}.`,
  ],
];

function toNetworkFix(
  { message, remedy }: TransportError,
  { hostname, protocol }: URL,
  proxy: string | undefined,
  env: Env,
) {
  const fix = remedy
    ? `${remedy.charAt(0).toUpperCase()}${remedy.slice(1)}.`
    : (NETWORK.find(([pattern]) => pattern.test(message))?.[1](hostname) ?? ONLINE);
  if (proxy !== undefined || protocol !== 'https:') return fix;
  const isSet = (name: string) => [name, name.toLowerCase()].some((either) => (env[either] ?? '') !== '');
  if (isSet('HTTPS_PROXY'))
    return `${fix} HTTPS_PROXY is set, but not used for ${hostname}, which is on loopback or in NO_PROXY.`;
  const other = ['HTTP_PROXY', 'ALL_PROXY'].find(isSet);
  return other === undefined ? fix : `${fix} ${other} is set, but only HTTPS_PROXY is for https addresses.`;
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
  if (Math.abs(skew) <= MAX_CLOCK_SKEW_MS) return ok('clock', `within ${Math.max(1, seconds)} s of WorkOS's`);
  return warn(
    'clock',
    `${seconds} s ${skew < 0 ? 'behind' : 'ahead of'} WorkOS's.`,
    'Let this computer set its clock by the network (NTP): tokens and one-time codes go wrong.',
  );
}
