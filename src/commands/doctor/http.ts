import { systemClock } from '../../clock.ts';
import { createLog } from '../../log.ts';
import type { AgentsConfig } from '../../settings/agents-config.ts';
import { certificateWarning, readCertificate } from '../../start/certificate.ts';
import { toConsoleUrl } from '../../start/console-settings.ts';
import type { Host, Loaded } from '../../start/host.ts';
import { connectAll, refuseFlat } from '../../start/http-settings.ts';
import { openIssuerKeys } from '../../start/issuer-keys.ts';
import { HTTP_SETTINGS } from '../../start/judge-http.ts';
import { readTracing } from '../../start/open-tracing.ts';
import { type Finding, fail, ok, toFailure, warn } from './finding.ts';

const FIX = 'Set it right; workos-mcp --help lists every flag and variable.';

/** The settings of a server over HTTP, each as its start judges it. */
export function checkHttp(loaded: Loaded, host: Pick<Host, 'readFile' | 'variable'>, now: number): readonly Finding[] {
  const judges: typeof HTTP_SETTINGS = { ...HTTP_SETTINGS, environments: refuseFlat };
  const failures = Object.entries(judges).flatMap(([name, judge]) => {
    try {
      judge(loaded, host);
      return [];
    } catch (error) {
      return [toFailure(name, error, FIX)];
    }
  });
  if (failures.length > 0) return failures;
  const { config } = loaded;
  return [
    ok('HTTP', 'public URL, TLS, hosts and Redis URL fit together'),
    ...(config.http.consolePort === undefined ? [] : [ok('console', `people open it at ${toConsoleUrl(config)}`)]),
    ...checkCertificate(loaded, host, now),
  ];
}

function checkCertificate({ config }: Loaded, host: Pick<Host, 'readFile'>, now: number): readonly Finding[] {
  const certificate = readCertificate(config, host);
  if (certificate === undefined) return [];
  const [date] = new Date(certificate.expires).toISOString().split('T');
  const warning = certificateWarning(certificate, now);
  if (warning === undefined) return [ok('certificate', `expires on ${date}`)];
  const hasExpired = certificate.expires <= now;
  const fix = 'Renew the files of --tls-cert and --tls-key, then send the server SIGHUP.';
  return [
    hasExpired ? fail('certificate', `expired on ${date}.`, fix) : warn('certificate', `expires on ${date}.`, fix),
  ];
}

/** Whether the keys of each issuer can be fetched from here. */
export async function checkIssuers(
  { issuers }: AgentsConfig,
  { variable }: Pick<Host, 'variable'>,
): Promise<readonly Finding[]> {
  const keys = openIssuerKeys({ variable, log: createLog('silent', { offer: () => {} }), now: systemClock.now });
  const findings = await Promise.all(
    issuers.map(async (issuer): Promise<Finding> => {
      const check = `issuer ${issuer.name}`;
      try {
        await keys.reach(issuer);
        return ok(check, 'its keys were fetched');
      } catch (error) {
        // By name: what is bundled apart has a class of its own.
        if (!(error instanceof Error && error.name === 'KeysUnavailable')) throw error;
        const found = `${new URL(issuer.jwksUrl).host}: the keys cannot be fetched: ${error.message}.`;
        return fail(
          check,
          found,
          'Set jwks-url right, or allow HTTPS to it: until then the users of the issuer are refused.',
        );
      }
    }),
  );
  await keys.close();
  return findings;
}

/** What is wrong with the environments only side by side, and with the proxies to the issuers. */
export async function checkTogether(
  loaded: Loaded,
  host: Pick<Host, 'answers' | 'connect' | 'variable' | 'readFile'>,
): Promise<readonly Finding[]> {
  try {
    await connectAll(loaded, host);
    return [];
  } catch (error) {
    return [toFailure('environments', error, FIX)];
  }
}

/** The settings of traces, which a server over stdio has as well. */
export function checkTraces({ variable }: Pick<Host, 'variable'>): readonly Finding[] {
  try {
    readTracing(variable);
    return [];
  } catch (error) {
    return [toFailure('traces', error, FIX)];
  }
}
