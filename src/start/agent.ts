import { toConfirm } from '../access/confirmation.ts';
import type { Agent } from '../access/overview.ts';
import { StartError } from '../errors.ts';
import type { Config } from '../settings/config.ts';
import { environmentOf, toGrants } from '../settings/environment.ts';

/** The agent of the flat settings, as far as its environment is known. */
export function toAgent(config: Config, environment = environmentOf(config)): Agent {
  return {
    name: config.agent,
    environment,
    grants: toGrants(config, environment),
    confirm: environment === undefined ? config.confirm : toConfirm(config.confirm, environment),
    dryRun: config.dryRun,
    list: config.list,
    record: config.auditLog ?? 'stderr',
  };
}

/** @throws StartError for a confirmation mode that a server over stdio does not have */
export function requireOwnConfirm({ confirm }: Pick<Config, 'confirm'>): void {
  if (confirm !== 'person') return;
  throw new StartError(
    '--confirm person works over HTTP alone (workos-mcp http), where approvers answer in a console. Use --confirm strict: a person answers in the client then, or the call is refused.',
  );
}
