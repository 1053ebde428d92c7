import type { Catalog } from '../catalog/catalog.ts';
import { StartError } from '../errors.ts';
import type { Config } from '../settings/config.ts';
import type { Loaded } from './host.ts';
import { type Labels, validate } from './http-settings.ts';

export type Reload = {
  /** What holds after the reload: all of it, and nothing else. */
  readonly loaded: Loaded;
  /** The names of the settings that differ in the new configuration and keep their values until a restart. */
  readonly afterRestart: readonly string[];
};

/** Combines the running configuration with what a reload can change of it. */
export function toReload(running: Loaded, next: Loaded): Reload {
  const { grants, confirm, dryRun, agent, statusTool, expect, apiKey, apiKeyFile, clientId, baseUrl } = next.config;
  const reloaded = { grants, confirm, dryRun, agent, statusTool, expect, apiKey, apiKeyFile, clientId, baseUrl };
  const config = { ...running.config, ...reloaded };
  const values = valuesOf(config);
  const changed = Object.entries(valuesOf(next.config)).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(values[name]),
  );
  return { loaded: { config, agents: next.agents }, afterRestart: changed.map(([name]) => toOptionName(name)).sort() };
}

const valuesOf = ({ http, ...others }: Config): Readonly<Record<string, unknown>> => ({ ...others, ...http });

/** The name of a setting in the file and, behind two dashes, on the command line. */
export const toOptionName = (member: string): string =>
  member === 'limits' ? 'limit' : member.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/**
 * Checks a new configuration as a start would, and again with the settings that hold until a restart: production writes
 * need the record that is open, not the one that the file now names.
 * @throws StartError if it cannot take effect
 */
export function validateReload(next: Loaded, { loaded, afterRestart }: Reload, labels: Labels, catalog: Catalog): void {
  validate(next, labels, catalog);
  try {
    validate(loaded, labels, catalog);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const kept = afterRestart.join(', ');
    throw new StartError(`${error.message} A reload does not change ${kept}: restart the server.`);
  }
}
