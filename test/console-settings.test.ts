import { describe, expect, it } from 'vitest';
import { toConfig } from '../src/settings/config.ts';
import { readSources } from '../src/settings/sources.ts';
import { judgeConsole, readClientSecret, toConsoleUrl } from '../src/start/console-settings.ts';

const configOf = (flags: string) => toConfig(readSources(['http', ...flags.split(' ')], {}));

const PORT = '--console-port 8090';
const KEY = '--deployment-key-env KEY';
const TLS = '--tls-cert c.pem --tls-key k.pem';

describe('the console is opened at', () => {
  it.each([
    [`${PORT} ${KEY}`, 'http://127.0.0.1:8090'],
    [`${PORT} ${KEY} --console-host localhost`, 'http://localhost:8090'],
    [`${PORT} ${KEY} --console-host ::1`, 'http://[::1]:8090'],
    [`${PORT} ${KEY} ${TLS}`, 'https://127.0.0.1:8090'],
    [`--console-port 443 ${KEY} ${TLS}`, 'https://127.0.0.1'],
    [`${PORT} ${KEY} --console-url http://localhost:9000`, 'http://localhost:9000'],
    [`${PORT} ${KEY} --console-url https://Console.example.com:443/`, 'https://console.example.com'],
    [`${PORT} ${KEY} --console-host 0.0.0.0 --console-url https://console.example.com`, 'https://console.example.com'],
    [`${PORT} ${KEY} ${TLS} --console-host 10.0.0.5 --console-url https://10.0.0.5:8090`, 'https://10.0.0.5:8090'],
    [`${PORT} ${KEY} --port 8080 --metrics-port 9090`, 'http://127.0.0.1:8090'],
    [`${PORT} ${KEY} --host 127.0.0.2 --port 8090`, 'http://127.0.0.1:8090'],
  ])('%s: %s', (flags, url) => {
    const config = configOf(flags);
    judgeConsole(config);
    expect(toConsoleUrl(config)).toBe(url);
  });
});

describe('a start is refused with', () => {
  it.each<[flags: string, message: RegExp]>([
    ['--console-url https://console.example.com', /^--console-url has no effect without --console-port\.$/],
    ['--console-host 0.0.0.0 --console-url https://a.example', /^--console-host and --console-url has no effect/],
    [`${PORT} ${KEY} --anonymous`, /^--console-port and --anonymous exclude each other/],
    [PORT, /^--console-port needs a deployment key, .* openssl rand -base64 32/],
    [`${PORT} ${KEY} --port 8090`, /^--console-port and --port are both 8090: the console needs a port of its own\.$/],
    [`${PORT} ${KEY} --host 0.0.0.0 --port 8090`, /^--console-port and --port are both 8090/],
    [`${PORT} ${KEY} --metrics-port 8090`, /^--console-port and --metrics-port are both 8090/],
    [
      `${PORT} ${KEY} --console-host 0.0.0.0`,
      /^--console-host 0\.0\.0\.0 is not on loopback: set --console-url to the address under which people open the console\.$/,
    ],
    [`${PORT} ${KEY} ${TLS} --console-host ::`, /^--console-host :: is not on loopback/],
    [
      `${PORT} ${KEY} --console-host 0.0.0.0 --console-url http://localhost:8090`,
      /^--console-host 0\.0\.0\.0 can be reached from other machines, so the console needs https/,
    ],
    [
      `${PORT} ${KEY} ${TLS} --console-url http://localhost:8090`,
      /^--console-url begins with http, but with --tls-cert/,
    ],
    ...[
      'http://console.example.com',
      'https://console.example.com/console',
      'https://console.example.com/?a=1',
      'https://console.example.com/#a',
      'console.example.com',
      'ftp://localhost',
    ].map((url): [string, RegExp] => [
      `${PORT} ${KEY} --console-url ${url}`,
      /^--console-url is ".+": use an https origin/,
    ]),
  ])('%s', (flags, message) => {
    expect(() => judgeConsole(configOf(flags))).toThrow(
      expect.objectContaining({ name: 'StartError', message: expect.stringMatching(message) }),
    );
  });
});

describe('the client secret', () => {
  const issuer = (source: { clientSecretEnv?: string; clientSecretFile?: string }) => ({
    name: 'authkit',
    signIn: { clientId: 'client_1', clientSecretEnv: undefined, clientSecretFile: undefined, ...source },
  });
  const host = {
    variable: (name: string) => ({ SECRET: ' s3cret\n', BLANK: ' ' })[name],
    readFile: (path: string) => (path === 'blank' ? ' \n' : 's3cret\r\n'),
  };

  it.each([
    ['of a public client is none', {}, undefined],
    ['is read from its variable', { clientSecretEnv: 'SECRET' }, 's3cret'],
    ['is read from its file', { clientSecretFile: 'secret' }, 's3cret'],
  ])('%s', (_, source, secret) => {
    expect(readClientSecret(issuer(source), host)).toBe(secret);
  });

  it.each([
    [{ clientSecretEnv: 'UNSET' }, /^issuers\.authkit\.sign-in: the variable UNSET, .* is not set\.$/],
    [{ clientSecretEnv: 'BLANK' }, /^issuers\.authkit\.sign-in: the variable BLANK, .* is not set\.$/],
    [{ clientSecretFile: 'blank' }, /^issuers\.authkit\.sign-in: blank is blank: it has to hold the client secret\.$/],
  ])('stops the start where it is missing: %j', (source, message) => {
    expect(() => readClientSecret(issuer(source), host)).toThrow(message);
  });
});
