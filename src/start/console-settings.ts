import type { Config } from '../settings/config.ts';

/** Under which people open the console: its address, unless the settings say otherwise. */
export function toConsoleUrl({ http }: Config): string {
  const { consoleUrl, consoleHost, consolePort, tlsCert } = http;
  const host = consoleHost.includes(':') && !consoleHost.startsWith('[') ? `[${consoleHost}]` : consoleHost;
  return consoleUrl ?? `${tlsCert === undefined ? 'http' : 'https'}://${host}:${consolePort}`;
}
