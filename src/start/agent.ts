import { toConfirm } from '../access/confirmation.ts';
import type { Agent } from '../access/overview.ts';
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
